//! Entry points of the fuzz targets: each puts its bytes into a request where a stranger could have put them, and sends it
//! to a router. `tests/fuzz_corpus.rs` does the same with the kept corpus.
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a panic is what is looked for")]

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderName, HeaderValue, Request, Uri, header::AUTHORIZATION},
    response::Response,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use health_runtime::{
    Check, Endpoint, Level, Levels, Outcome,
    access::{
        Access, AccessKey, Jwt, JwtAlgorithm, JwtKeys, Limits, Proxies, Tokens, User, access_key, address, any_of,
        basic, jwt, signed,
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const SECRET: &str = "canary-0123456789abcdef0123456789";
const PATH: &str = "/health/levels/1";

/// Function of one target.
pub type Entry = fn(&[u8]);

/// Every target, by the name of its program and of its corpus.
pub const ENTRIES: [(&str, Entry); 11] = [
    ("accept", accept),
    ("authorization", authorization),
    ("claims", claims),
    ("credentials", credentials),
    ("form", form),
    ("forwarded", forwarded),
    ("health_path", health_path),
    ("mcp", mcp),
    ("path", path),
    ("query", query),
    ("timeout", timeout),
];

struct Service {
    runtime: Runtime,
    /// Router behind every kind of credentials, with tokens.
    guarded: Router,
    /// Router behind the address in `X-Forwarded-For` and in `Forwarded`.
    addressed: [Router; 2],
    open: Router,
}

impl Service {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let entered = runtime.enter();
        let people = basic("health", [User::new("ada", SECRET)]);
        let keys = || [AccessKey::new("k", SECRET), AccessKey::new("l", SECRET).levels(Level::L3..=Level::L5)];
        let issued =
            Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET)).scope("health:deep", Levels::ALL).issuer("a");
        let tokens = Tokens::new(SECRET, people.clone());
        let all = any_of([people, access_key(keys()), signed(keys()), jwt(issued), tokens.policy()]);
        let guarded = router(Access::new().levels(Levels::ALL, all).tokens(tokens));
        let near = || address(["192.0.2.0/24", "2001:db8::/32"]);
        let behind = |proxies| {
            let limits = Limits::new().levels(Level::L1..=Level::L2, 1_000_000, std::time::Duration::from_secs(1));
            router(Access::new().levels(Levels::ALL, near()).behind(proxies).limits(limits))
        };
        let addressed =
            [behind(Proxies::x_forwarded_for(["127.0.0.0/8"])), behind(Proxies::forwarded(["127.0.0.0/8"]))];
        let open = router(Access::new().levels(Levels::ALL, address(["127.0.0.1"])));
        drop(entered);
        Self { runtime, guarded, addressed, open }
    }
}

thread_local! {
    static SERVICE: Service = Service::new();
}

fn router(access: Access) -> Router {
    let checks = Level::ALL.map(|level| {
        let check = Check::new(format!("l{level}"), level, || async { Outcome::warn("a detail") });
        let check = check.tags(["some"]).readiness().startup();
        if level == Level::L5 { check.liveness() } else { check }
    });
    let builder = Endpoint::builder().without_declared_checks().muted("").checks(checks).access(access);
    builder.build().expect("a good endpoint").router()
}

/// Sends the request, checks the invariants of every response, and returns the status.
fn ask(runtime: &Runtime, router: &Router, mut request: Request<Body>) -> u16 {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
    let is_secret = !request.headers().is_empty();
    runtime.block_on(async {
        let response: Response = router.clone().oneshot(request).await.expect("routers answer");
        let status = response.status().as_u16();
        assert!(matches!(status, 200 | 202 | 400 | 401 | 403 | 404 | 405 | 406 | 413 | 414 | 429 | 503), "{status}");
        assert_eq!(response.headers().get("x-content-type-options").map(HeaderValue::as_bytes), Some(&b"nosniff"[..]));
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        // Responses may repeat paths, but nothing from a header. The fuzzer learns the compared bytes.
        let is_shown = body.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!is_shown || !is_secret, "the answer shows a secret");
        status
    })
}

fn get(uri: Uri) -> Request<Body> {
    Request::get(uri).body(Body::empty()).expect("a request")
}

/// Adds this header, if the bytes are a valid value of a header.
fn with_header(name: &'static str, value: &[u8]) -> Option<Request<Body>> {
    let mut request = get(Uri::from_static(PATH));
    request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?);
    Some(request)
}

/// Fuzzes `Accept`.
pub fn accept(bytes: &[u8]) {
    let Some(request) = with_header("accept", bytes) else { return };
    SERVICE.with(|service| ask(&service.runtime, &service.open, request));
}

/// Fuzzes `Authorization` with every scheme; a client without the secret is refused.
pub fn authorization(bytes: &[u8]) {
    let Some(request) = with_header("authorization", bytes) else { return };
    let status = SERVICE.with(|service| ask(&service.runtime, &service.guarded, request));
    assert!(status != 200 || knows_secret(bytes), "let in without the secret");
}

fn knows_secret(authorization: &[u8]) -> bool {
    let text = String::from_utf8_lossy(authorization);
    let credentials = text.split_whitespace().nth(1).unwrap_or_default();
    let is_basic = STANDARD.decode(credentials).is_ok_and(|text| text.ends_with(SECRET.as_bytes()));
    is_basic || credentials.rsplit_once('.').is_some_and(|(text, signature)| sign(text) == signature)
}

/// Fuzzes signed tokens: the header, a line feed and the claims, from an attacker who has the key.
pub fn claims(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let parts = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()];
    let text = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let token = format!("Bearer {text}.{}", sign(&text));
    let request = with_header("authorization", token.as_bytes()).expect("visible");
    SERVICE.with(|service| ask(&service.runtime, &service.guarded, request));
}

fn sign(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Fuzzes the headers of access keys and signatures, a line each; an empty line leaves the header out.
pub fn credentials(bytes: &[u8]) {
    let names = ["x-access-key", "x-secret-key", "x-timestamp", "x-nonce", "x-signature", "x-access-key"];
    let mut request = get(Uri::from_static("/health/levels/1?view=values"));
    for (name, line) in names.into_iter().zip(bytes.split(|byte| *byte == b'\n')) {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        if !line.is_empty() {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    let status = SERVICE.with(|service| ask(&service.runtime, &service.guarded, request));
    let knows_secret = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    assert!(status != 200 || knows_secret, "let in without the secret");
}

/// Fuzzes the body of a token request, from a client that may have one.
pub fn form(bytes: &[u8]) {
    let credentials = format!("Basic {}", STANDARD.encode(format!("ada:{SECRET}")));
    let request = Request::post("/health/token").header(AUTHORIZATION, credentials);
    let request = request.body(Body::from(bytes.to_vec())).expect("a request");
    let status = SERVICE.with(|service| ask(&service.runtime, &service.guarded, request));
    assert!(matches!(status, 200 | 400), "{status}");
}

/// Fuzzes `X-Forwarded-For` and `Forwarded`, a line for each header.
pub fn forwarded(bytes: &[u8]) {
    for (at, name) in ["x-forwarded-for", "forwarded"].into_iter().enumerate() {
        let mut request = get(Uri::from_static(PATH));
        for line in bytes.split(|byte| *byte == b'\n').take(4) {
            let Ok(value) = HeaderValue::from_bytes(line) else { return };
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        SERVICE.with(|service| ask(&service.runtime, &service.addressed[at], request));
    }
}

/// Fuzzes the headers between services, a line each: `Health-Budget`, `Health-Path` three times, `traceparent` and `tracestate`.
/// An empty line leaves a header out.
pub fn health_path(bytes: &[u8]) {
    for path in [PATH, "/readyz"] {
        let mut request = get(Uri::from_static(path));
        let names = ["health-budget", "health-path", "health-path", "health-path", "traceparent", "tracestate"];
        for (name, line) in names.into_iter().zip(bytes.split(|byte| *byte == b'\n')) {
            let Ok(value) = HeaderValue::from_bytes(line) else { return };
            if !line.is_empty() {
                request.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        SERVICE.with(|service| ask(&service.runtime, &service.open, request));
    }
}

/// Fuzzes a request of the Model Context Protocol: three headers, a line each, and the body. An empty line leaves a header out.
pub fn mcp(bytes: &[u8]) {
    // The answer repeats names out of the body.
    if bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()) {
        return;
    }
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut request = Request::post("/health/mcp").header("content-type", "application/json");
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let Ok(value) = HeaderValue::from_bytes(parts.next().unwrap_or_default()) else { return };
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    let body = parts.next().unwrap_or_default().to_vec();
    let request = request.body(Body::from(body)).expect("a request");
    let status = SERVICE.with(|service| ask(&service.runtime, &service.open, request));
    assert!(matches!(status, 200 | 202 | 400 | 404 | 413 | 429), "{status}");
}

/// Fuzzes the path behind `/health`.
pub fn path(bytes: &[u8]) {
    let Some(uri) = uri("/health", bytes) else { return };
    SERVICE.with(|service| ask(&service.runtime, &service.open, get(uri)));
}

/// Fuzzes the query, for levels and for groups.
pub fn query(bytes: &[u8]) {
    for path in ["/health/levels/1?", "/readyz?", "/health?"] {
        let Some(uri) = uri(path, bytes) else { return };
        SERVICE.with(|service| ask(&service.runtime, &service.open, get(uri)));
    }
}

/// Fuzzes the value of `?timeout=`.
pub fn timeout(bytes: &[u8]) {
    let Some(uri) = uri("/health/levels/1?timeout=", bytes) else { return };
    SERVICE.with(|service| ask(&service.runtime, &service.open, get(uri)));
}

/// Appends the bytes to a path, if they can be part of a request's target.
fn uri(before: &str, bytes: &[u8]) -> Option<Uri> {
    let uri = Uri::try_from([before.as_bytes(), bytes].concat()).ok()?;
    // axum answers paths outside of the endpoint.
    let is_ours = uri.path() == "/readyz" || uri.path() == "/health" || uri.path().starts_with("/health/");
    is_ours.then_some(uri)
}
