use std::{fs, path::Path};

use health_runtime::{GrpcHealth, Tls, serve_tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::net::TcpListener;

use crate::{healthctl, services::orders};

/// Writes an authority, and certificates of it for a server and a client.
fn certificates(folder: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    fs::write(folder.join("root.pem"), authority.pem()).expect("a file");
    for (name, purpose) in
        [("server", ExtendedKeyUsagePurpose::ServerAuth), ("client", ExtendedKeyUsagePurpose::ClientAuth)]
    {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).expect("a file");
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).expect("a file");
    }
    authority
}

#[tokio::test]
async fn https_asks_for_trust_and_for_client_certificates() {
    let folder = tempfile::tempdir().expect("a folder");
    let _authority = certificates(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let tls = Tls::new(path("server.pem"), path("server.key"));
    let router = || orders().build().expect("a good endpoint").router();
    let server = serve_tls("127.0.0.1:0", tls, router()).expect("a server");
    let port = server.local_addrs()[0].port();
    let url = format!("https://localhost:{port}");
    let root = path("root.pem");
    let trusted = healthctl(&["check", &url, "--root-file", &root]).await;
    assert_eq!(trusted.code, 0, "{trusted:?}");
    let unknown = healthctl(&["check", &url]).await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(unknown.err.contains("authority") && unknown.err.contains("--root-file"), "{unknown:?}");
    let renamed = healthctl(&["check", &format!("https://127.0.0.1:{port}"), "--root-file", &root]).await;
    assert!(renamed.code == 1 && renamed.err.contains("for another name"), "{renamed:?}");
    let plain = healthctl(&["check", &format!("http://localhost:{port}")]).await;
    assert!(plain.code == 1, "{plain:?}");

    let tls = Tls::new(path("server.pem"), path("server.key")).with_required_clients(path("root.pem"));
    let server = serve_tls("127.0.0.1:0", tls, router()).expect("a server");
    let url = format!("https://localhost:{}", server.local_addrs()[0].port());
    let nobody = healthctl(&["check", &url, "--root-file", &root]).await;
    assert_eq!(nobody.code, 1, "{nobody:?}");
    assert!(nobody.err.contains("--client-certificate"), "{nobody:?}");
    let (certificate, key) = (path("client.pem"), path("client.key"));
    let options = ["--root-file", &root, "--client-certificate", &certificate, "--client-key", &key];
    let known = healthctl(&[&["check", &url], &options[..]].concat()).await;
    assert_eq!(known.code, 0, "{known:?}");
}

#[tokio::test]
async fn grpc_servers_are_asked_for_services() {
    let endpoint = orders().build().expect("a good endpoint");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("grpc://{}", listener.local_addr().expect("an address"));
    let health = GrpcHealth::new(&endpoint);
    tokio::spawn(async move {
        let routes = tonic::service::Routes::new(health).into_axum_router();
        axum::serve(listener, routes).await
    });
    for (arguments, code) in [
        (&["check", &url][..], 0),
        (&["check", &url, "--level", "1"], 0),
        (&["check", &url, "--group", "live"], 0),
        (&["check", &url, "--check", "db"], 0),
        (&["wait", &url], 0),
        (&["levels", &url], 0),
        (&["check", &url, "--nagios"], 0),
        (&["check", &format!("{url}/nothing")], 1),
        (&["check", &url, "--tag", "store"], 64),
    ] {
        let ended = healthctl(arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
    }
    // The list has the checks; groups and levels are sums of them.
    let whole = healthctl(&["check", &url, "--json"]).await.json();
    let names: Vec<_> = whole["checks"].as_array().expect("checks").iter().map(|check| &check["name"]).collect();
    assert_eq!(names, ["alive", "cache", "db", "network"]);
    let unknown = healthctl(&["check", &format!("{url}/nothing")]).await;
    assert!(unknown.err.contains("has no service `nothing`"), "{unknown:?}");
}

#[tokio::test]
async fn grpc_server_without_a_list_is_asked_for_its_verdict() {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    reporter.set_service_status("shop.Orders", tonic_health::ServingStatus::Serving).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("grpc://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let routes = tonic::service::Routes::new(service).into_axum_router();
        axum::serve(listener, routes).await
    });
    let ended = healthctl(&["check", &url, "--json"]).await;
    assert_eq!(
        (ended.code, &ended.json()["status"], &ended.json()["checks"]),
        (1, &"fail".into(), &serde_json::json!([]))
    );
    assert_eq!(healthctl(&["check", &format!("{url}/shop.Orders")]).await.code, 0);
}
