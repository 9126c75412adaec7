//! `https://` with certificates in files, which are read again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use health_runtime::{Outcome, Status, probes};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::io::AsyncWriteExt;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

use super::{
    fault, faults,
    server::{Server, answer, head},
    tls::secure,
};

/// An authority, which issues certificates of servers and clients.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).expect("good parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// Writes a client's certificate and its key.
    fn write_client(&self, folder: &Path) -> [PathBuf; 2] {
        let mut params = CertificateParams::new(vec!["a client".to_owned()]).expect("good parameters");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let files = ["client.pem", "client.key"].map(|name| folder.join(name));
        fs::write(&files[0], certificate.pem()).expect("a file");
        fs::write(&files[1], key.serialize_pem()).expect("a file");
        files
    }

    /// Starts a server on `127.0.0.1` that requires a certificate from this authority, and answers with this response.
    async fn serve(&self, response: String) -> Server {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("good parameters");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
        let mut roots = RootCertStore::empty();
        roots.add(self.0.as_ref().der().clone()).expect("a root");
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a good configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Server::start(move |stream| {
            let (acceptor, response) = (acceptor.clone(), response.clone());
            async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    head(&mut stream).await;
                    let _ = stream.write_all(response.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        })
        .await
    }
}

fn url(server: &Server) -> String {
    format!("https://127.0.0.1:{}/", server.address.port())
}

fn assert_is(outcome: &Outcome, status: Status, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), status, "{message}");
    assert!(message.contains(part), "{message}");
}

#[tokio::test]
async fn file_of_roots_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("ca.pem");
    let (server, authority) = secure("127.0.0.1", "").await;
    let (_, stranger) = secure("127.0.0.1", "").await;
    fs::write(&roots, &stranger).expect("a file");
    let probe = probes::http(url(&server)).root_certificates_file(&roots);
    assert_is(&probe.observe().await, Status::Fail, "from an authority that is not trusted");
    fs::write(&roots, stranger + &authority).expect("a file");
    assert_is(&probe.observe().await, Status::Pass, "answered 200 OK");
    fs::write(&roots, "half-written").expect("a file");
    let text = "ca.pem` is not usable: it contains no certificate in PEM, so the previous content is in use";
    assert_is(&probe.observe().await, Status::Pass, text);
}

#[tokio::test]
async fn client_certificate_is_presented_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let server = authority.serve(answer("200 OK", "")).await;
    let without = probes::http(url(&server)).root_certificates(authority.pem());
    let text = "it requires a client certificate; send one by `client_certificate`";
    assert_is(&without.observe().await, Status::Fail, text);

    let [certificate, key] = authority.write_client(folder.path());
    let probe = without.client_certificate(&certificate, &key);
    assert_is(&probe.observe().await, Status::Pass, "answered 200 OK");
    // A writer is between the two files.
    let old_key = fs::read(&key).expect("the key");
    authority.write_client(folder.path());
    let new_key = fs::read(&key).expect("the key");
    fs::write(&key, old_key).expect("a file");
    assert_is(&probe.observe().await, Status::Pass, "does not belong to the certificate in `");
    fs::write(&key, new_key).expect("a file");
    let outcome = probe.observe().await;
    assert!(outcome.message().is_some_and(|text| text.ends_with("answered 200 OK")), "{outcome:?}");
    assert!(!format!("{probe:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn client_certificate_is_for_the_users_host_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let elsewhere = authority.serve(answer("200 OK", "")).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", url(&elsewhere));
    let server = authority.serve(redirect).await;
    let [certificate, key] = authority.write_client(folder.path());
    let probe = probes::http(url(&server)).root_certificates(authority.pem()).client_certificate(certificate, key);
    assert_is(&probe.observe().await, Status::Fail, "answered 302 Found");
    let text =
        format!("{} led to {}, which does not answer: it requires a client certificate", url(&server), url(&elsewhere));
    assert_is(&probe.follow_redirects(1).observe().await, Status::Fail, &text);
}

#[tokio::test]
async fn redirect_never_leaves_tls() {
    let (plain, _) = Server::recording(answer("200 OK", "")).await;
    let authority = Authority::new();
    let folder = tempfile::tempdir().expect("a folder");
    let [certificate, key] = authority.write_client(folder.path());
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", plain.url("/"));
    let server = authority.serve(redirect).await;
    let probe = probes::http(url(&server)).root_certificates(authority.pem()).client_certificate(certificate, key);
    assert_is(&probe.follow_redirects(1).observe().await, Status::Fail, "not followed, because it is not encrypted");
    assert_eq!(plain.connections(), 0);
}

#[test]
fn unusable_files_are_start_up_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let [certificate, key] = authority.write_client(folder.path());
    let other = tempfile::tempdir().expect("a folder");
    let [_, strange_key] = authority.write_client(other.path());
    let encrypted = folder.path().join("encrypted.key");
    fs::write(&encrypted, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        .expect("a file");
    let broken = folder.path().join("broken.key");
    fs::write(&broken, "-----BEGIN PRIVATE KEY----- canary\n-----END PRIVATE KEY-----\n").expect("a file");
    for (certificate, key, part) in [
        (&certificate, &strange_key, "does not belong to the certificate in"),
        (&certificate, &encrypted, "its key is encrypted"),
        (&certificate, &broken, "broken.key` is not usable: "),
        (&key, &key, "contains no certificate in PEM"),
        (&certificate, &certificate, "contains no private key in PEM"),
    ] {
        let faults =
            faults(probes::http("https://a/").root_certificates(authority.pem()).client_certificate(certificate, key));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].1.contains(part) && !faults[0].1.contains("canary"), "{faults:?}");
    }
    let probe =
        probes::bandwidth("https://a/", 1).root_certificates_file("/nowhere").client_certificate("/no", "/none");
    let faults = faults(probe);
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults.iter().all(|(_, fault)| fault.contains("is not usable: No such file")), "{faults:?}");
    // Redirects and proxies may need them.
    assert!(fault(probes::http("http://a/").root_certificates_file("/nowhere")).contains("`/nowhere` is not usable"));
    let text = fault(probes::http("http://a/").root_certificates(authority.pem()).client_certificate(certificate, key));
    assert!(text.contains("its client certificate is never sent"), "{text}");
}
