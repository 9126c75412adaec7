//! Access by client certificate.

use health_runtime::{
    Check, Level, Levels, Tls,
    access::{Access, AnyPolicy, CertificateMatcher, User, any_of, basic, client_certificate, public},
    serve_tls,
};
use health_tests::builder;

use super::{
    authority::{Authority, Folder, Issued},
    client::{self, TLS_VERSIONS},
};

/// Returns the fingerprint of a certificate, as a policy takes it.
fn fingerprint(issued: &Issued) -> String {
    use sha2::{Digest, Sha256};
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
    let der = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).expect("a certificate");
    Sha256::digest(&der).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[tokio::test]
async fn certificate_names_grant_access() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let tls = Tls::new(certificate, key).with_optional_clients(folder.file("clients.pem", authority.pem()));
    let (prober, other) = (authority.client("Prober", 7), authority.client("Other", 8));
    for clients in [
        vec![CertificateMatcher::dns("PROBER.internal")],
        vec![CertificateMatcher::dns("nobody.internal"), CertificateMatcher::uri("spiffe://example/Prober")],
        vec![CertificateMatcher::common_name("Prober")],
        vec![CertificateMatcher::sha256(fingerprint(&prober))],
    ] {
        let context = format!("{clients:?}");
        let access = Access::new()
            .levels(Level::L4..=Level::L5, public())
            .levels(Level::L1..=Level::L3, client_certificate(clients));
        let health = builder([Check::new("deep", Level::L1, || async { true })]).access(access).build();
        let server =
            serve_tls("127.0.0.1:0", tls.clone(), health.expect("a good endpoint").router()).expect("a server");
        let address = server.local_addrs()[0];
        for (own, status) in [(Some(&prober), 200), (Some(&other), 403), (None, 403)] {
            let client = client::Client::new(&authority, own, TLS_VERSIONS);
            assert_eq!(client.get(address, "/health/checks/deep").await.status, status, "{context}");
            assert_eq!(client.get(address, "/health/levels/5").await.status, 200, "{context}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn certificate_or_password_grants_access() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let tls = Tls::new(certificate, key).with_optional_clients(folder.file("clients.pem", authority.pem()));
    let either: AnyPolicy = any_of([
        client_certificate([CertificateMatcher::common_name("Prober")]).only_levels(Level::L3..=Level::L5),
        basic("health", [User::new("ada", "correct horse")]),
    ]);
    let checks = [Check::new("deep", Level::L1, || async { true }), Check::new("middle", Level::L3, || async { true })];
    let health = builder(checks).access(Access::new().levels(Levels::ALL, either)).build().expect("a good endpoint");
    // The address serves fewer levels than the policy grants: both limits apply.
    let server = serve_tls("127.0.0.1:0", tls, health.levels(Level::L1..=Level::L3).router()).expect("a server");
    let address = server.local_addrs()[0];
    let prober = client::Client::new(&authority, Some(&authority.client("Prober", 7)), TLS_VERSIONS);
    let levels = prober.get(address, "/health/levels").await.json();
    assert_eq!(levels.as_object().expect("an object").keys().collect::<Vec<_>>(), ["level_3", "status"]);
    assert_eq!(prober.get(address, "/health/levels/5").await.status, 404, "it is not there");
    assert_eq!(prober.get(address, "/health/levels/1").await.status, 403, "it is there, for others");
    let nobody = client::Client::trusting(&authority);
    assert_eq!(nobody.get(address, "/health/levels/3").await.status, 401);
    server.stop().await;
}

#[test]
fn impossible_matchers_are_start_up_errors() {
    for (clients, said) in [
        (vec![], "lists no client"),
        (vec![CertificateMatcher::dns("")], "a name that is not empty"),
        (vec![CertificateMatcher::sha256("12:34")], "needs 64 hexadecimal digits"),
    ] {
        let access = Access::new().levels(Levels::ALL, client_certificate(clients));
        let error = builder([]).access(access).build().expect_err("it lets nobody in");
        assert!(error.to_string().contains(said), "{error}");
    }
}
