//! Helpers of the tests: a server on a free port, and a client that sees every byte.
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "tests fail by panicking")]

pub mod events;
pub mod flapping;
mod log;
mod python;

pub use log::Log;
pub use python::ask_python;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request},
};
use health_runtime::{Check, Endpoint, EndpointBuilder, Monitor, Registry};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Builds a monitor of these checks.
#[must_use]
pub fn monitor(checks: impl IntoIterator<Item = Check>) -> Monitor {
    Monitor::new(
        checks
            .into_iter()
            .fold(Registry::builder(), health_runtime::RegistryBuilder::check)
            .build()
            .expect("good checks"),
    )
}

/// Builds an endpoint of these checks, without declared ones.
#[must_use]
pub fn endpoint(checks: impl IntoIterator<Item = Check>) -> Endpoint {
    builder(checks).build().expect("a good endpoint")
}

/// Returns the builder of such an endpoint, which ignores `HEALTH_MUTE`.
pub fn builder(checks: impl IntoIterator<Item = Check>) -> EndpointBuilder {
    Endpoint::builder().without_declared_checks().checks(checks).muted("")
}

/// Serves a router on a free port of the loopback interface for as long as the runtime lives.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, router).await });
    address
}

/// Serves a router that sees the addresses of its clients.
pub async fn serve_with_addresses(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, service).await });
    address
}

/// A running example, which ends with the test.
#[derive(Debug)]
pub struct Example(pub Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds an example, and returns the command that runs it. `cargo run` would not pass signals on.
#[must_use]
pub fn example(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::current_exe().expect("a path").ancestors().nth(2).expect("the profile's folder").to_owned();
    let profile = target.file_name().and_then(|name| name.to_str()).expect("a name");
    let profile = if profile == "debug" { "dev" } else { profile };
    // With the features of the tests, so that no dependency is built a second time.
    let build = ["build", "--workspace", "--all-features", "--example", name, "--profile", profile];
    let build = Command::new(env!("CARGO")).args(build).current_dir(&root).status();
    assert!(build.expect("cargo runs").success(), "the example {name} does not build");
    let mut command = Command::new(target.join("examples").join(name));
    command.env_remove("APP_ENV").current_dir(&root).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Builds an example and starts it, with a pipe for its standard output.
#[must_use]
pub fn start_example(name: &str, variables: &[(&str, &str)]) -> Example {
    Example(example(name).envs(variables.iter().copied()).spawn().expect("the example starts"))
}

/// Starts an example, and reads its output up to the line that contains `last`.
#[must_use]
pub fn start_and_read(name: &str, variables: &[(&str, &str)], last: &str) -> (Example, String) {
    let mut example = start_example(name, variables);
    let stdout = BufReader::new(example.0.stdout.take().expect("a pipe"));
    let mut printed = String::new();
    for line in stdout.lines() {
        let line = line.expect("text");
        printed += &line;
        printed.push('\n');
        if line.contains(last) {
            return (example, printed);
        }
    }
    panic!("the example {name} ended. It printed: {printed:?}");
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, by lower-case name.
    pub headers: HashMap<String, String>,
    /// Body, byte for byte.
    pub body: String,
}

impl Answer {
    /// Returns the value of a header; empty without it.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Parses the body as JSON.
    ///
    /// # Panics
    /// If the body is not valid JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {:?}", self.body))
    }
}

/// Sends a `GET` over a new connection.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path).await
}

/// Sends a request with any method over a new connection.
pub async fn request(address: SocketAddr, method: &str, path: &str) -> Answer {
    send(address, &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).await
}

/// Sends a `GET` to a router without a socket, which works on a paused clock; each of `accept` is a line of that header.
pub async fn ask(router: Router, path: &str, accept: &[&str]) -> Answer {
    let request = accept.iter().fold(Request::get(path), |request, line| request.header("accept", line.as_bytes()));
    let request = request.body(Body::empty()).expect("a request");
    let response = tower::ServiceExt::oneshot(router, request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: String::from_utf8(body.to_vec()).expect("UTF-8"),
    }
}

/// Sends a `GET` with these headers over a new connection.
pub async fn get_with(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    send(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n")).await
}

/// Sends these bytes and reads until the server closes.
///
/// # Panics
/// If the response is not valid HTTP.
pub async fn send(address: SocketAddr, bytes: &str) -> Answer {
    exchange(TcpStream::connect(address).await.expect("a server"), bytes).await
}

/// Sends these bytes over a connection and reads until the other side closes.
///
/// # Panics
/// If the response is not valid HTTP.
pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &str) -> Answer {
    // A server that refuses may close before it has read everything.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    parse(&answer)
}

/// Requests a stream of events with these headers, and reads until an event of this name, or until the other side closes.
///
/// # Panics
/// If the response is not valid HTTP.
pub async fn get_until(address: SocketAddr, path: &str, headers: &[(&str, &str)], event: &str) -> Answer {
    let headers = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    let mut stream = TcpStream::connect(address).await.expect("a server");
    let _ = stream.write_all(asked.as_bytes()).await;
    let mut answer = Vec::new();
    let begin = format!("event: {event}\n");
    while stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&answer);
        if text.split_once(&begin).is_some_and(|(_, data)| data.contains("\n\n")) {
            break;
        }
    }
    parse(&answer)
}

fn parse(bytes: &[u8]) -> Answer {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(start)) = response.parse(bytes) else {
        panic!("no HTTP answer: {:?}", String::from_utf8_lossy(bytes));
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer {
        status: response.code.expect("a status"),
        headers: response.headers.iter().map(|header| (header.name.to_lowercase(), text(header.value))).collect(),
        body: text(&bytes[start..]),
    }
}
