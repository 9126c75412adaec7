//! `probes::http` through a proxy.

use std::process::Command;

use health_runtime::{Outcome, Status, probes};
use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    sync::mpsc,
};

use super::{
    fault,
    server::{Server, answer, head, header},
    tls::secure,
};

const CANARY: &str = "canary-Zx81-secret";

/// Starts a proxy that opens tunnels.
async fn tunnels() -> (Server, mpsc::UnboundedReceiver<String>) {
    let (sent, requests) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let sent = sent.clone();
        async move {
            let request = head(&mut stream).await;
            let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let _ = sent.send(request);
            let mut target = TcpStream::connect(target).await.expect("the target");
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
            let _ = copy_bidirectional(&mut stream, &mut target).await;
        }
    })
    .await;
    (server, requests)
}

fn assert_is(outcome: &Outcome, status: Status, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), status, "{message}");
    assert!(message.contains(part) && !message.contains(CANARY), "{message}");
}

/// Returns the URL of a proxy with credentials. The encoding of these is in [`BASIC`].
fn with_credentials(proxy: &Server) -> String {
    format!("http://ada:canary%2DZx81-secret@{}", proxy.address)
}

const BASIC: &str = "Basic YWRhOmNhbmFyeS1aeDgxLXNlY3JldA==";

#[tokio::test]
async fn plain_request_has_the_absolute_form() {
    let (proxy, mut requests) = Server::recording(answer("200 OK", r#"{"status":"warn"}"#)).await;
    let probe = probes::http("http://billing.internal:8080/readyz?a=b#c")
        .header("x-token", "for the service")
        .proxy(with_credentials(&proxy));
    let text =
        format!("http://billing.internal:8080/readyz (through the proxy http://{}/) answered 200 OK", proxy.address);
    assert_is(&probe.observe().await, Status::Warn, &text);
    let request = requests.recv().await.expect("a request");
    assert!(request.starts_with("GET http://billing.internal:8080/readyz?a=b HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(&request, "host"), Some("billing.internal:8080"));
    assert_eq!(header(&request, "proxy-authorization"), Some(BASIC));
    assert_eq!(header(&request, "x-token"), Some("for the service"));
    assert!(!format!("{probe:?}").contains("Zx81"), "{probe:?}");
}

#[tokio::test]
async fn encrypted_request_goes_through_a_tunnel() {
    let (server, authority) = secure("localhost", r#"{"status":"warn"}"#).await;
    let (proxy, mut requests) = tunnels().await;
    let port = server.address.port();
    let probe = probes::http(format!("https://localhost:{port}/health?token=secret"))
        .header("x-token", CANARY)
        .root_certificates(authority)
        .proxy(with_credentials(&proxy));
    assert_is(&probe.observe().await, Status::Warn, "(through the proxy http://127.0.0.1:");
    let request = requests.recv().await.expect("a request");
    assert!(request.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{request}");
    assert_eq!(header(&request, "proxy-authorization"), Some(BASIC));
    assert!(!request.contains(CANARY), "{request}");
}

#[tokio::test]
async fn proxy_may_be_encrypted() {
    let (proxy, authority) = secure("127.0.0.1", r#"{"status":"warn"}"#).await;
    let url = format!("https://127.0.0.1:{}", proxy.address.port());
    let probe = probes::http("http://billing.internal/readyz").proxy(url);
    let text = "(through the proxy https://127.0.0.1:";
    assert_is(&probe.clone().root_certificates(authority).observe().await, Status::Warn, text);
    let text =
        "cannot be connected to: the proxy cannot be connected to: its certificate is from an authority that is not";
    assert_is(&probe.root_certificates(root()).observe().await, Status::Fail, text);
}

#[tokio::test]
async fn proxy_that_refuses_is_named() {
    let refusing = Server::answering(answer("407 Proxy Authentication Required", "")).await;
    let broken = Server::answering("SSH-2.0-OpenSSH_9.9\r\n").await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("an address")
    };
    for (proxy, text) in [
        (refusing.url("/"), "cannot be connected to: the proxy answered 407 Proxy Authentication Required"),
        (broken.url("/"), "cannot be connected to: the proxy does not answer in HTTP: "),
        (
            format!("http://{closed}"),
            "cannot be connected to: the proxy cannot be connected to: tcp connect error: Conn",
        ),
    ] {
        let probe = probes::http("https://billing.internal/?token=canary-Zx81-secret").root_certificates(root());
        assert_is(&probe.proxy(proxy).observe().await, Status::Fail, text);
    }
    let outcome = probes::http("http://billing.internal/").proxy(refusing.url("/")).observe().await;
    assert_is(&outcome, Status::Fail, "answered 407 Proxy Authentication Required");
    let silent = Server::stalling("").await.0;
    let probe = probes::http("https://billing.internal/").root_certificates(root()).proxy(silent.url("/"));
    let outcome = probe.connect_timeout(std::time::Duration::from_millis(200)).observe().await;
    assert_is(&outcome, Status::Fail, "could not be connected to within 200ms");
}

/// Returns a certificate, for hosts that trust none.
fn root() -> String {
    let key = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).expect("a certificate");
    key.cert.pem()
}

/// Observes in a process of its own, because an environment is global: see `proxy_from_environment_is_used`.
#[tokio::test]
#[ignore = "needs an environment: proxy_from_environment_is_used sets it"]
async fn observe_with_proxy_of_the_environment() {
    let Ok(urls) = std::env::var("PROBED_URLS") else { return };
    for url in urls.split(' ') {
        let outcome = probes::http(url).proxy_from_environment().observe().await;
        #[allow(clippy::disallowed_macros, reason = "the other process reads it")]
        {
            println!("{url} {}", outcome.message().unwrap_or_default());
        }
    }
}

/// Returns the words of a process with these variables, in an otherwise empty environment.
fn observed_with(variables: &[(&str, &str)], urls: &[&str]) -> String {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "proxies::observe_with_proxy_of_the_environment", "--include-ignored", "--nocapture"])
        .env_clear()
        .envs(variables.iter().copied())
        .env("PROBED_URLS", urls.join(" "))
        .output()
        .expect("a process");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_from_environment_is_used() {
    let proxy = Server::answering(answer("418 I'm a teapot", "")).await;
    let direct = Server::answering(answer("200 OK", "")).await;
    let (url, there) = (with_credentials(&proxy), direct.url("/"));
    let observe = async |variables: Vec<(&'static str, String)>, url: String| {
        let observing = tokio::task::spawn_blocking(move || {
            let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            observed_with(&variables, &[&url])
        });
        observing.await.expect("a process")
    };
    let no_proxy = |hosts: &str| ("NO_PROXY", hosts.to_owned());
    for (variables, through_proxy) in [
        (vec![], false),
        (vec![("HTTP_PROXY", url.clone())], true),
        (vec![("http_proxy", url.clone())], true),
        (vec![("ALL_PROXY", url.clone())], true),
        (vec![("HTTPS_PROXY", url.clone())], false),
        (vec![("HTTP_PROXY", url.clone()), no_proxy("example.com, 127.0.0.0/8")], false),
        (vec![("HTTP_PROXY", url.clone()), ("no_proxy", "*".to_owned())], true),
        (vec![("HTTP_PROXY", url.clone()), no_proxy("127.0.0.1")], false),
        (vec![("HTTP_PROXY", url.clone()), no_proxy("10.0.0.0/8,localhost")], true),
        // A variable that this URL does not go by may be for programs that know more.
        (vec![("HTTPS_PROXY", "socks5://a:1".to_owned())], false),
        (vec![("ALL_PROXY", "socks5://a:1".to_owned()), ("HTTP_PROXY", url.clone())], true),
        (vec![("ALL_PROXY", "socks5://a:1".to_owned()), no_proxy("127.0.0.1")], false),
        // The header `Proxy` of a request to a CGI program sets the variable.
        (vec![("HTTP_PROXY", url.clone()), ("REQUEST_METHOD", "GET".to_owned())], false),
    ] {
        let shown = format!("{variables:?}");
        let text = observe(variables, there.clone()).await;
        assert_eq!(text.contains("(through the proxy"), through_proxy, "{shown}: {text}");
        assert!(text.contains(if through_proxy { "418 I'm a teapot" } else { "200 OK" }), "{shown}: {text}");
        assert!(!text.contains("Zx81"), "{text}");
    }
    let invalid = format!("socks5://ada:{CANARY}@{}", proxy.address);
    let text = observe(vec![("HTTP_PROXY", invalid)], there).await;
    assert!(text.contains("HTTP_PROXY is not a valid address") && !text.contains(CANARY), "{text}");
}

#[test]
fn environment_is_not_read_by_default() {
    let text = fault(probes::http("http://a/").proxy("http://"));
    assert!(text.contains("the proxy is not a valid address; write `http://proxy:3128`"), "{text}");
    assert!(format!("{:?}", probes::http("http://a/")).contains("ProxyChoice { http: None, https: None, .. }"));
}
