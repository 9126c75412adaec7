//! Third-party clients: `OpenSSL`, curl, and Python's requests.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use health_runtime::{
    Levels, Server, ServerHandle, Tls,
    access::{Access, User, basic},
};
use health_tests::builder;
use tokio::task::spawn_blocking;

use super::{
    authority::{Authority, Folder},
    routes,
};

/// A server with optional client certificates, and the files of a client.
struct Setting {
    folder: Folder,
    server: ServerHandle,
    address: SocketAddr,
}

impl Setting {
    fn new() -> Self {
        let (authority, folder) = (Authority::new(), Folder::new());
        let (certificate, key) = folder.issued(&authority.server());
        let roots = folder.file("ca.pem", authority.pem());
        for (name, issued) in
            [("client", authority.client("Prober", 7)), ("stranger", Authority::new().client("Prober", 7))]
        {
            folder.file(&format!("{name}.crt"), &issued.certificate);
            folder.file(&format!("{name}.key"), &issued.key);
        }
        let tls = Tls::new(certificate, key).with_optional_clients(roots);
        let access = Access::new().levels(Levels::ALL, basic("health", [User::new("ada", "correct horse")]));
        let secured = builder([]).access(access).build().expect("a good endpoint");
        let routes = || routes().nest("/secured", secured.router());
        let server = Server::new()
            .listen_tls("127.0.0.1:0", tls, routes())
            .listen_unix(folder.path().join("health.sock"), routes())
            .start()
            .expect("a server");
        let address = server.local_addrs()[0];
        Self { folder, server, address }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }
}

/// Runs a command to its end, with this input.
async fn run(mut command: Command, input: &'static str) -> Output {
    let run = move || {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}; scripts/peers installs it"));
        // A refused client may not read it.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    };
    spawn_blocking(run).await.expect("no panic")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn openssl_connects_with_tls_1_2_and_1_3_only() {
    let setting = Setting::new();
    for (version, is_spoken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-quiet", "-verify_return_error", version]);
        // As lenient as possible, so that the server refuses.
        openssl.args(["-cipher", "ALL:@SECLEVEL=0", "-connect", &setting.address.to_string()]);
        openssl.arg("-CAfile").arg(setting.file("ca.pem"));
        openssl.arg("-cert").arg(setting.file("client.crt")).arg("-key").arg(setting.file("client.key"));
        let output = run(openssl, "GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        let (answer, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(answer.starts_with("HTTP/1.1 200 OK\r\n"), is_spoken, "{version}: {answer}{said}");
        assert_eq!(answer.contains(r#"common_name: Some("Prober")"#), is_spoken, "{version}: {answer}");
        // Without the extensions of 1.2, rustls fails before it compares versions.
        assert_eq!(said.contains("alert handshake failure"), !is_spoken, "{version}: {said}");
    }
    setting.server.stop().await;
}

/// Fingerprints match those that people copy from `OpenSSL`.
#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn openssl_has_the_same_fingerprint() {
    let setting = Setting::new();
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(setting.file("client.crt"));
    let said = text(&run(openssl, "").await.stdout);
    let fingerprint = said.trim().split('=').nth(1).expect("a fingerprint").replace(':', "").to_lowercase();
    let who = curl(&setting, &["--cert", "client.crt", "--key", "client.key"], "/whoami").await;
    assert!(who.1.contains(&format!("sha256: \"{fingerprint}\"")), "{fingerprint}: {}", who.1);
    setting.server.stop().await;
}

/// Returns curl's exit status and output. Arguments name files of the folder.
async fn curl(setting: &Setting, arguments: &[&str], path: &str) -> (Option<i32>, String) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "10", "--noproxy", "*", "--cacert", "ca.pem"]);
    curl.args(arguments).arg(setting.url(path)).current_dir(setting.folder.path());
    let output = run(curl, "").await;
    (output.status.code(), text(&output.stdout))
}

#[tokio::test]
#[ignore = "needs curl: scripts/peers"]
async fn curl_connects_with_and_without_certificate() {
    let setting = Setting::new();
    let own = ["--cert", "client.crt", "--key", "client.key"];
    assert_eq!(curl(&setting, &[], "/whoami").await, (Some(0), "nobody".to_owned()));
    assert!(curl(&setting, &own, "/whoami").await.1.contains(r#"common_name: Some("Prober")"#));
    for version in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3", "--tls-max", "1.3"]] {
        assert_eq!(curl(&setting, &[&own[..], &version].concat(), "/livez").await, (Some(0), "ok".to_owned()));
    }
    // It also offers HTTP/2, and accepts HTTP/1.1.
    assert_eq!(curl(&setting, &["--http2"], "/livez").await, (Some(0), "ok".to_owned()));
    let (status, said) = curl(&setting, &["--cert", "stranger.crt", "--key", "stranger.key"], "/livez").await;
    assert!(status != Some(0) && said.is_empty(), "{status:?}: {said}");

    // Passwords work as over any connection.
    assert_eq!(curl(&setting, &["--user", "ada:correct horse"], "/secured/health/levels/5?view=values").await.1, "{}");
    assert!(curl(&setting, &["--user", "ada:wrong"], "/secured/health/levels/5").await.1.contains("\"status\":401"));

    let mut curl = Command::new("curl");
    curl.args(["--silent", "--noproxy", "*", "--unix-socket"])
        .arg(setting.file("health.sock"))
        .arg("http://localhost/livez");
    assert_eq!(text(&run(curl, "").await.stdout), "ok");
    setting.server.stop().await;
}

/// A session keeps its connection between requests, like probers.
#[tokio::test]
#[ignore = "needs requests: scripts/peers"]
async fn requests_connects_with_certificate() {
    let setting = Setting::new();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/venv/bin/python");
    let mut command = Command::new(python);
    let program = "
import sys, time, requests
url = sys.argv[1]
with requests.Session() as session:
    session.verify = 'ca.pem'
    session.cert = ('client.crt', 'client.key')
    for _ in range(3):
        answer = session.get(url + '/whoami', timeout=10)
        answer.raise_for_status()
        assert 'Prober' in answer.text, answer.text
        assert session.get(url + '/health/levels/5', timeout=10).json()['status'] == 'pass'
        time.sleep(0.5)
assert requests.get(url + '/whoami', verify='ca.pem', timeout=10).text == 'nobody'
for wrong in ({'verify': True}, {'verify': 'ca.pem', 'cert': ('stranger.crt', 'stranger.key')}):
    try:
        requests.get(url + '/livez', timeout=10, **wrong)
    except requests.exceptions.ConnectionError:
        continue
    raise SystemExit(f'{wrong} was let in')
print('good')
";
    command.args(["-c", program, &setting.url("")]).current_dir(setting.folder.path());
    // The environment variable outranks the session's setting.
    command.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE").env("no_proxy", "localhost");
    let output = run(command, "").await;
    assert_eq!(text(&output.stdout).trim(), "good", "{}", text(&output.stderr));
    setting.server.stop().await;
}
