//! Client certificates.

use std::time::{Duration, SystemTime};

use health_runtime::Tls;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::{
    authority::{Authority, Folder, Issued},
    client::{Client, TLS_VERSIONS},
    serve,
};

/// The files of a server with client certificates.
struct Setting {
    authority: Authority,
    folder: Folder,
    tls: Tls,
}

impl Setting {
    fn new() -> Self {
        let (authority, folder) = (Authority::new(), Folder::new());
        let (certificate, key) = folder.issued(&authority.server());
        let tls = Tls::new(certificate, key).with_reload_interval(Duration::from_millis(10));
        folder.file("clients.pem", authority.pem());
        Self { authority, folder, tls }
    }

    fn roots(&self) -> std::path::PathBuf {
        self.folder.path().join("clients.pem")
    }

    fn client(&self, own: &Issued) -> Client {
        Client::new(&self.authority, Some(own), TLS_VERSIONS)
    }

    fn anonymous(&self) -> Client {
        Client::trusting(&self.authority)
    }
}

#[tokio::test]
async fn optional_certificate_identifies_the_client() {
    let setting = Setting::new();
    let server = serve(setting.tls.clone().with_optional_clients(setting.roots()));
    let address = server.local_addrs()[0];
    assert_eq!(setting.anonymous().get(address, "/whoami").await.body, "nobody");

    let prober = setting.authority.client("Prober", 7);
    for version in [&TLS12, &TLS13] {
        let client = Client::new(&setting.authority, Some(&prober), &[version]);
        let who = client.get(address, "/whoami").await.body;
        for fact in [
            r#"subject: "CN=Prober, O=Example""#,
            r#"common_name: Some("Prober")"#,
            r#"dns_names: ["prober.internal"]"#,
            r#"uris: ["spiffe://example/Prober"]"#,
            r#"email_addresses: ["Prober@example.org"]"#,
        ] {
            assert!(who.contains(fact), "{fact}: {who}");
        }
        let fingerprint =
            who.split("sha256: \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a fingerprint");
        assert!(fingerprint.len() == 64 && fingerprint.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }
    server.stop().await;
}

#[tokio::test]
async fn client_without_valid_certificate_is_refused() {
    let setting = Setting::new();
    let authority = &setting.authority;
    let revoked = setting.folder.file("revoked.pem", authority.revoking(&[66]));
    let required = setting.tls.clone().with_required_clients(setting.roots()).with_revoked_clients(revoked);
    let required = serve(required);
    let optional = serve(setting.tls.clone().with_optional_clients(setting.roots()));
    let (strict, lenient) = (required.local_addrs()[0], optional.local_addrs()[0]);
    let stranger = Authority::new().client("Prober", 7);
    // A server's certificate is not valid for a client.
    let misused = authority.server();
    for (what, own, at_strict, at_lenient) in [
        ("a good one", Some(authority.client("Prober", 7)), true, true),
        ("none", None, false, true),
        ("an expired one", Some(authority.expired_client()), false, false),
        ("one of another authority", Some(stranger), false, false),
        ("one for servers", Some(misused), false, false),
        ("a revoked one", Some(authority.client("gone", 66)), false, true),
    ] {
        for version in [&TLS12, &TLS13] {
            let client = Client::new(authority, own.as_ref(), &[version]);
            assert_eq!(client.is_let_in(strict).await, at_strict, "{what}, required, {version:?}");
            assert_eq!(client.is_let_in(lenient).await, at_lenient, "{what}, optional, {version:?}");
        }
    }
    required.stop().await;
    optional.stop().await;
}

/// A revocation closes existing connections as well.
#[tokio::test]
async fn revocation_closes_open_connection() {
    let setting = Setting::new();
    let list = setting.folder.file("revoked.pem", setting.authority.revoking(&[]));
    let server = serve(setting.tls.clone().with_required_clients(setting.roots()).with_revoked_clients(list));
    let address = server.local_addrs()[0];
    let client = setting.client(&setting.authority.client("Prober", 7));
    let mut open = client.connect(address).await.expect("a connection");
    open.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is open");
    assert!(open.read(&mut [0; 4096]).await.expect("an answer") > 0);

    setting.folder.file("revoked.pem", setting.authority.revoking(&[7]));
    let mut rest = Vec::new();
    let closed = timeout(Duration::from_secs(10), open.read_to_end(&mut rest)).await.expect("it was closed");
    assert!(closed.is_err() || rest.is_empty());
    assert!(!client.is_let_in(address).await);
    server.stop().await;
}

/// A connection does not outlive its client's certificate.
#[tokio::test]
async fn expired_certificate_closes_open_connection() {
    let setting = Setting::new();
    let server = serve(setting.tls.clone().with_required_clients(setting.roots()));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let address = server.local_addrs()[0];
    let connect = async |until| {
        let client = setting.client(&setting.authority.client_until(until));
        let mut open = client.connect(address).await.expect("a connection");
        open.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is open");
        assert!(open.read(&mut [0; 4096]).await.expect("an answer") > 0);
        open
    };
    let (mut brief, mut long) = (connect(now + 3).await, connect(now + 1_000).await);
    let mut rest = Vec::new();
    let closed = timeout(Duration::from_secs(20), brief.read_to_end(&mut rest)).await.expect("it was closed");
    assert!(closed.is_err() || rest.is_empty());
    assert!(SystemTime::now() > SystemTime::UNIX_EPOCH + Duration::from_secs(now + 3), "not before it expired");
    long.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is open");
    assert!(long.read(&mut [0; 4096]).await.expect("an answer") > 0);
    server.stop().await;
}

#[tokio::test]
async fn new_roots_replace_the_old_ones() {
    let setting = Setting::new();
    let server = serve(setting.tls.clone().with_required_clients(setting.roots()));
    let address = server.local_addrs()[0];
    let other = Authority::new();
    let (before, after) =
        (setting.client(&setting.authority.client("before", 1)), setting.client(&other.client("after", 2)));
    assert!(before.is_let_in(address).await && !after.is_let_in(address).await);
    setting.folder.file("clients.pem", other.pem());
    let swapped = async {
        while !after.is_let_in(address).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), swapped).await.expect("it was read again");
    assert!(!before.is_let_in(address).await);
    server.stop().await;
}
