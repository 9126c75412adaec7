//! Every route, with every policy that asks for credentials, with every kind of them.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use health_runtime::{
    Group, Level, Levels, Selection,
    access::{Access, AccessKey, AnyPolicy, Jwt, JwtAlgorithm, JwtKeys, User, access_key, basic, jwt, public, signed},
};
use health_tests::{Answer, get_until, get_with, request, send};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::{
    credentials::{self, Headers, PASSWORD, SECRET, borrowed, key, nonce, now, signature},
    service::{Runs, start},
};

/// The worth of the credentials in a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Worth {
    /// Everything.
    All,
    /// Level 4, and details.
    Level4,
    /// They are not there.
    Missing,
    /// They are wrong, in any way.
    Wrong,
}

/// The expected challenge in `WWW-Authenticate`.
struct Challenges {
    missing: &'static str,
    wrong: &'static str,
    forbidden: &'static str,
}

impl Challenges {
    const fn always(challenge: &'static str) -> Self {
        Self { missing: challenge, wrong: challenge, forbidden: "" }
    }
}

type Brought = Box<dyn Fn(&str) -> Headers>;

struct Case {
    name: &'static str,
    policy: AnyPolicy,
    challenges: Challenges,
    credentials: Vec<(&'static str, Worth, Brought)>,
}

impl Case {
    /// Status and challenge of a refusal.
    fn refusal(&self, worth: Worth) -> (u16, &'static str) {
        match worth {
            Worth::Missing => (401, self.challenges.missing),
            Worth::Wrong => (401, self.challenges.wrong),
            Worth::Level4 => (403, self.challenges.forbidden),
            Worth::All => (404, ""),
        }
    }
}

fn always(headers: Headers) -> Brought {
    Box::new(move |_| headers.clone())
}

fn header(name: &'static str, value: &str) -> Brought {
    always(vec![(name, value.to_owned())])
}

fn of_passwords(name: &'static str, users: Vec<User>) -> Case {
    Case {
        name,
        policy: basic("the ship", users),
        challenges: Challenges::always(r#"Basic realm="the ship", charset="UTF-8""#),
        credentials: vec![
            ("right", Worth::All, always(credentials::basic("ädä", PASSWORD))),
            ("right once more", Worth::All, always(credentials::basic("ädä", PASSWORD))),
            ("other level", Worth::Level4, always(credentials::basic("guest", "guest"))),
            ("missing", Worth::Missing, always(vec![])),
            ("another scheme", Worth::Missing, header("Authorization", "Bearer abc")),
            ("wrong password", Worth::Wrong, always(credentials::basic("ädä", "guest"))),
            ("no password", Worth::Wrong, always(credentials::basic("ädä", ""))),
            ("part of it", Worth::Wrong, always(credentials::basic("ädä", &PASSWORD[..5]))),
            ("no such user", Worth::Wrong, always(credentials::basic("eve", PASSWORD))),
            ("no base64", Worth::Wrong, header("Authorization", "Basic !!!")),
            ("no colon", Worth::Wrong, header("Authorization", "Basic YWRh")),
            ("no UTF-8", Worth::Wrong, header("Authorization", "Basic //86Ly8=")),
            ("nothing", Worth::Wrong, header("Authorization", "Basic")),
            (
                "twice",
                Worth::Wrong,
                always([credentials::basic("ädä", PASSWORD), credentials::basic("ädä", PASSWORD)].concat()),
            ),
        ],
    }
}

fn of_keys() -> Case {
    let keys = [
        AccessKey::new("old", SECRET),
        AccessKey::new("new", "another secret, of 2026"),
        AccessKey::new("four", "secret for level four").levels(Level::L4),
    ];
    Case {
        name: "access_key",
        policy: access_key(keys),
        challenges: Challenges::always(r#"AccessKey realm="health""#),
        credentials: vec![
            ("right", Worth::All, always(key("old", SECRET))),
            ("the other one", Worth::All, always(key("new", "another secret, of 2026"))),
            ("other level", Worth::Level4, always(key("four", "secret for level four"))),
            ("missing", Worth::Missing, always(vec![])),
            ("wrong secret", Worth::Wrong, always(key("old", "another secret, of 2026"))),
            ("no such key", Worth::Wrong, always(key("none", SECRET))),
            ("an id alone", Worth::Wrong, header("X-Access-Key", "old")),
            ("a secret alone", Worth::Wrong, header("X-Secret-Key", SECRET)),
            ("empty", Worth::Wrong, always(key("", ""))),
            ("twice", Worth::Wrong, always([key("old", SECRET), key("old", SECRET)].concat())),
        ],
    }
}

fn of_signatures() -> Case {
    let keys = [AccessKey::new("all", SECRET), AccessKey::new("four", "secret for level four").levels(Level::L4)];
    let signs = |id: &'static str, secret: &'static str, seconds: i64| -> Brought {
        Box::new(move |path| signature(id, secret, path, now().saturating_add_signed(seconds), &nonce()))
    };
    let changed = |change: fn(&mut Headers)| -> Brought {
        Box::new(move |path| {
            let mut headers = signature("all", SECRET, path, now(), &nonce());
            change(&mut headers);
            headers
        })
    };
    Case {
        name: "signed",
        policy: signed(keys),
        challenges: Challenges::always(r#"HMAC-SHA256 realm="health""#),
        credentials: vec![
            ("right", Worth::All, signs("all", SECRET, 0)),
            ("a little late", Worth::All, signs("all", SECRET, -280)),
            ("capital digits", Worth::All, changed(|headers| headers[3].1.make_ascii_uppercase())),
            ("other level", Worth::Level4, signs("four", "secret for level four", 0)),
            ("missing", Worth::Missing, always(vec![])),
            ("wrong secret", Worth::Wrong, signs("all", "secret for level four", 0)),
            ("no such key", Worth::Wrong, signs("none", SECRET, 0)),
            ("expired", Worth::Wrong, signs("all", SECRET, -310)),
            ("from the future", Worth::Wrong, signs("all", SECRET, 310)),
            ("another path", Worth::Wrong, Box::new(|_| signature("all", SECRET, "/else", now(), &nonce()))),
            (
                "another query",
                Worth::Wrong,
                Box::new(|path| signature("all", SECRET, &format!("{path}&x"), now(), &nonce())),
            ),
            ("another nonce", Worth::Wrong, changed(|headers| headers[2].1 = nonce())),
            ("another time", Worth::Wrong, changed(|headers| headers[1].1 = (now() - 100).to_string())),
            ("no nonce", Worth::Wrong, changed(|headers| drop(headers.remove(2)))),
            ("a short nonce", Worth::Wrong, Box::new(|path| signature("all", SECRET, path, now(), "short"))),
            ("no time", Worth::Wrong, changed(|headers| drop(headers.remove(1)))),
            ("no number", Worth::Wrong, changed(|headers| headers[1].1.insert(0, '+'))),
            ("no digits", Worth::Wrong, changed(|headers| "signature".clone_into(&mut headers[3].1))),
            ("the secret itself", Worth::Missing, Box::new(|_| vec![("X-Access-Key", "all".to_owned())])),
        ],
    }
}

fn of_tokens() -> Case {
    const PUBLIC_KEY: &str = include_str!("../jwt/keys/rsa.pub.pem");
    let (rsa, other) = (include_str!("../jwt/keys/rsa.pem"), include_str!("../jwt/keys/ec.pem"));
    let rsa = || EncodingKey::from_rsa_pem(rsa.as_bytes()).expect("a key");
    let confused = || EncodingKey::from_secret(PUBLIC_KEY.as_bytes());
    let claims = |changes: Value| {
        let mut claims = json!({ "aud": "the ship", "exp": now() + 60, "health_levels": [1, 2, 3, 4, 5] });
        let (Value::Object(claims), Value::Object(changes)) = (&mut claims, changes) else { panic!("objects") };
        claims.extend(changes);
        json!(claims)
    };
    let brought = |algorithm, key: &EncodingKey, changes: Value| {
        let token = encode(&Header::new(algorithm), &claims(changes), key).expect("a token");
        header("Authorization", &format!("Bearer {token}"))
    };
    let good = || brought(Algorithm::RS256, &rsa(), json!({}));
    let unsigned = {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("Bearer {}.{}.", part(json!({ "alg": "none" })), part(claims(json!({}))))
    };
    let tokens = Jwt::new(JwtAlgorithm::Rs256, JwtKeys::pem(PUBLIC_KEY)).audience("the ship");
    Case {
        name: "jwt",
        policy: jwt(tokens),
        challenges: Challenges {
            missing: r#"Bearer realm="health""#,
            wrong: r#"Bearer realm="health", error="invalid_token""#,
            forbidden: r#"Bearer realm="health", error="insufficient_scope""#,
        },
        credentials: vec![
            ("right", Worth::All, good()),
            ("right once more", Worth::All, good()),
            ("other level", Worth::Level4, brought(Algorithm::RS256, &rsa(), json!({ "health_levels": [4] }))),
            ("missing", Worth::Missing, always(vec![])),
            ("another scheme", Worth::Missing, header("Authorization", "Basic YTpi")),
            ("malformed", Worth::Wrong, header("Authorization", "Bearer a.b.c")),
            ("nothing", Worth::Wrong, header("Authorization", "Bearer")),
            ("expired", Worth::Wrong, brought(Algorithm::RS256, &rsa(), json!({ "exp": now() - 60 }))),
            ("not valid yet", Worth::Wrong, brought(Algorithm::RS256, &rsa(), json!({ "nbf": now() + 60 }))),
            ("another audience", Worth::Wrong, brought(Algorithm::RS256, &rsa(), json!({ "aud": "another" }))),
            ("another hash", Worth::Wrong, brought(Algorithm::RS512, &rsa(), json!({}))),
            (
                "another algorithm",
                Worth::Wrong,
                brought(Algorithm::ES256, &EncodingKey::from_ec_pem(other.as_bytes()).expect("a key"), json!({})),
            ),
            ("the public key as a secret", Worth::Wrong, brought(Algorithm::HS256, &confused(), json!({}))),
            ("not signed", Worth::Wrong, header("Authorization", &unsigned)),
            ("twice", Worth::Wrong, always([good()("/"), good()("/")].concat())),
        ],
    }
}

/// The routes, with the levels that each shows.
const LISTS: [&str; 2] = ["/health", "/health/levels"];
const PUBLIC: [&str; 12] = [
    "/health/levels/5",
    "/health/levels/5?format=html",
    "/health/levels/5?format=html&fragment",
    "/health/checks/l5",
    "/health/checks/l5?format=html",
    "/livez",
    "/readyz?verbose",
    "/readyz?format=html",
    "/health/live",
    "/health/live?format=health%2Bjson",
    "/health/agent",
    "/health/info",
];
const LEVELS: [(&str, u8); 15] = [
    ("/health/levels/1", 1),
    ("/health/levels/1?view=values", 1),
    ("/health/levels/2", 2),
    ("/health/levels/3?cumulative", 3),
    ("/health/levels/4", 4),
    ("/health/checks/l1", 1),
    ("/health/checks/l4", 4),
    ("/health/levels/1?format=html", 1),
    ("/health/levels/4?format=html&fragment", 4),
    ("/health/checks/l1?format=html", 1),
    ("/health/checks/l4?format=html&fragment", 4),
    ("/health/levels/2?format=xml", 2),
    ("/health/levels/4?format=health%2Bjson", 4),
    ("/health/checks/l3?format=actuator", 3),
    ("/health/checks/l4?format=microprofile", 4),
];
/// Routes that show the names of the checks that the caller may have run.
const NAMES: [&str; 8] = [
    "/health?format=html",
    "/health?format=html&fragment",
    "/health/levels?format=html",
    "/health/levels?format=text&verbose",
    "/health/levels?format=health%2Bjson",
    "/health/levels?format=xml",
    "/health/levels?format=actuator",
    "/health/levels?format=microprofile",
];
/// The same of what is known, for which nothing is run.
const KNOWN: [&str; 6] = [
    "/health/levels?view=availability",
    "/health/metrics",
    "/health/metrics?format=openmetrics",
    "/health?format=prometheus",
    "/health?format=openmetrics&view=native",
    EVENTS,
];
const EVENTS: &str = "/health/events";
const DOCUMENT: &str = "/health/openapi.json";
const GROUPS: [&str; 4] =
    ["/health/startup?verbose", "/startupz?verbose", "/startupz?format=html", "/health/startup?format=xml"];
const UNKNOWN: &str = "/health/checks/none";
/// Operations, with the level of their check.
const OPERATIONS: [(&str, u8); 6] = [
    ("/health/checks/l1/run", 1),
    ("/health/checks/l4/run", 4),
    ("/health/checks/l3/mute", 3),
    ("/health/checks/l4/mute", 4),
    ("/health/checks/l1/unmute", 1),
    ("/health/checks/l4/undrill", 4),
];

fn assert_refused(answer: &Answer, (status, challenge): (u16, &str), context: &str) {
    assert_eq!(answer.status, status, "{context}: {answer:?}");
    assert_eq!(answer.header("www-authenticate"), challenge, "{context}");
    if context.contains("format=html") {
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{context}");
        assert!(answer.body.contains(&format!("<h1>{status} ")), "{context}: {answer:?}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{context}");
    } else {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{context}");
        assert_eq!(answer.json()["status"], status, "{context}");
    }
    assert!(!answer.body.contains("detail-") && !answer.body.contains("l1"), "{context}: {answer:?}");
}

fn assert_common_headers(answer: &Answer, context: &str) {
    let caching = if context == DOCUMENT && answer.status == 200 { "private, no-cache" } else { "no-store" };
    assert_eq!(answer.header("cache-control"), caching, "{context}");
    assert!(answer.header("vary").starts_with("accept, authorization, sec-fetch-mode"), "{context}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{context}");
}

fn levels_of(body: &Value) -> Vec<u8> {
    let body = body.get("levels").unwrap_or(body);
    let keys = body.as_object().expect("an object").keys();
    keys.filter_map(|key| key.strip_prefix("level_")?.parse().ok()).collect()
}

/// The levels whose check is named.
fn named(answer: &Answer) -> Vec<u8> {
    // A page has such letters in its pictures, too.
    let begin = if answer.header("content-type").starts_with("text/html") { "data-check=\"" } else { "" };
    (1..=5).filter(|level| answer.body.contains(&format!("{begin}l{level}"))).collect()
}

fn ran(runs: &Runs) -> Vec<usize> {
    (1..).zip(runs.take()).filter(|(_, count)| *count > 0).map(|(level, _)| level).collect()
}

async fn operate(address: SocketAddr, path: &str, headers: &Headers) -> Answer {
    let body = if path.ends_with("/mute") { r#"{"for":"1h","reason":"a test"}"# } else { "" };
    let headers = headers.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n");
    send(address, &format!("{head}Content-Length: {length}\r\n{headers}\r\n{body}")).await
}

async fn try_operations(
    case: &Case,
    (kind, worth, brought): (&str, Worth, &Brought),
    address: SocketAddr,
    runs: &Runs,
) {
    for (path, level) in OPERATIONS {
        let answer = operate(address, path, &brought(&format!("POST {path}"))).await;
        let (ran, context) = (ran(runs), format!("{} {kind} {path}", case.name));
        assert_common_headers(&answer, &context);
        if worth == Worth::All || (worth == Worth::Level4 && level == 4) {
            assert_eq!(answer.status, 200, "{context}: {answer:?}");
            let is_run = path.ends_with("/run");
            assert_eq!(ran, if is_run { vec![usize::from(level)] } else { vec![] }, "{context}");
        } else {
            assert_refused(&answer, case.refusal(worth), &context);
            assert!(ran.is_empty(), "{context}: {ran:?} ran");
        }
    }
    // Its rule grants the right to nobody.
    let public = operate(address, "/health/checks/l5/run", &brought("POST /health/checks/l5/run")).await;
    assert_eq!((public.status, ran(runs)), (403, vec![]), "{} {kind}: {public:?}", case.name);
}

async fn try_all(case: Case) {
    let policy = case.policy.clone().may_operate();
    let access = Access::new().levels(Level::L1..=Level::L4, policy).levels(Level::L5, public());
    let (address, runs, endpoint) = start(access.group(Group::Startup, case.policy.clone())).await;
    // So that there is something to be known.
    endpoint.monitor().report(&Selection::everything()).await;
    runs.take();
    for (kind, worth, brought) in &case.credentials {
        let refusal = case.refusal(*worth);
        let ask = async |path: &str| {
            let headers = brought(path);
            let answer = match path {
                EVENTS => get_until(address, path, &borrowed(&headers), "state").await,
                _ => get_with(address, path, &borrowed(&headers)).await,
            };
            assert_common_headers(&answer, path);
            (answer, ran(&runs), format!("{} {kind} {path}", case.name))
        };
        for path in PUBLIC {
            let (answer, _, context) = ask(path).await;
            assert_eq!(answer.status, 200, "{context}: {answer:?}");
            assert!(!answer.body.contains("detail-"), "{context}: {answer:?}");
        }
        for (path, level) in LEVELS {
            let (answer, ran, context) = ask(path).await;
            match worth {
                Worth::Missing | Worth::Wrong => assert_refused(&answer, refusal, &context),
                Worth::Level4 if level != 4 => assert_refused(&answer, refusal, &context),
                Worth::All | Worth::Level4 => {
                    assert_eq!(answer.status, 200, "{context}: {answer:?}");
                    let is_without = ["values", "actuator", "microprofile"].iter().any(|shape| path.contains(shape));
                    assert!(is_without || answer.body.contains(&format!("detail-{level}")), "{context}: {answer:?}");
                    assert!(ran.contains(&usize::from(level)), "{context}: {ran:?}");
                    continue;
                }
            }
            assert!(ran.is_empty(), "{context}: {ran:?} ran");
        }
        let shown: &[u8] = match worth {
            Worth::All => &[1, 2, 3, 4, 5],
            Worth::Level4 => &[4, 5],
            Worth::Missing => &[5],
            Worth::Wrong => &[],
        };
        for path in NAMES.into_iter().chain(KNOWN) {
            let (answer, ran, context) = ask(path).await;
            if shown.is_empty() {
                assert_refused(&answer, refusal, &context);
            } else {
                assert_eq!((answer.status, named(&answer)), (200, shown.to_vec()), "{context}: {answer:?}");
                assert!(!answer.body.contains("detail-5"), "{context}: {answer:?}");
            }
            let run = if KNOWN.contains(&path) { &[] } else { shown };
            assert_eq!(ran, run.iter().map(|level| usize::from(*level)).collect::<Vec<_>>(), "{context}");
        }
        // It names every check.
        let (answer, ran, context) = ask(DOCUMENT).await;
        match worth {
            Worth::All => assert!(answer.status == 200 && answer.body.contains("l1"), "{context}: {answer:?}"),
            _ => assert_refused(&answer, refusal, &context),
        }
        assert!(ran.is_empty(), "{context}: {ran:?} ran");
        for path in LISTS {
            let (answer, ran, context) = ask(path).await;
            if shown.is_empty() {
                assert_refused(&answer, refusal, &context);
            } else {
                assert_eq!((answer.status, levels_of(&answer.json())), (200, shown.to_vec()), "{context}");
                assert!(!answer.body.contains("detail-5"), "{context}: {answer:?}");
            }
            assert_eq!(ran, shown.iter().map(|level| usize::from(*level)).collect::<Vec<_>>(), "{context}");
        }
        for path in GROUPS {
            let (answer, ran, context) = ask(path).await;
            if matches!(worth, Worth::All | Worth::Level4) {
                assert_eq!((answer.status, ran.len()), (200, 5), "{context}: {answer:?}");
            } else {
                assert_refused(&answer, refusal, &context);
                assert!(ran.is_empty(), "{context}: {ran:?} ran");
            }
        }
        try_operations(&case, (kind, *worth, brought), address, &runs).await;
        for check in ["l3", "l4"] {
            endpoint.monitor().unmute(check).expect("a check");
        }
        let (answer, ran, context) = ask(UNKNOWN).await;
        assert!(ran.is_empty(), "{context}: {ran:?} ran");
        // Level 5 is public: to whom the rest is granted, nothing is hidden.
        assert_refused(&answer, refusal, &context);
        // The name of a check that the caller may not see is treated like an unknown name.
        if *worth != Worth::All {
            let (forbidden, ..) = ask("/health/checks/l1").await;
            assert_eq!((forbidden.status, forbidden.body), (answer.status, answer.body), "{context}");
        }
    }
}

#[tokio::test]
async fn passwords() {
    let users = vec![User::new("ädä", PASSWORD), User::new("guest", "guest").levels(Level::L4)];
    try_all(of_passwords("basic", users)).await;
}

#[tokio::test]
async fn hashed_passwords() {
    let users = vec![
        User::hashed("ädä", credentials::hash(PASSWORD)),
        User::hashed("guest", credentials::hash("guest")).levels(Level::L4),
    ];
    try_all(of_passwords("hashed", users)).await;
}

#[tokio::test]
async fn access_keys() {
    try_all(of_keys()).await;
}

#[tokio::test]
async fn tokens() {
    try_all(of_tokens()).await;
}

#[tokio::test]
async fn signatures() {
    try_all(of_signatures()).await;
}

#[tokio::test]
async fn a_signature_counts_once() {
    let policy = signed([AccessKey::new("all", SECRET)]);
    // The same keys are asked about by two policies of one request.
    let access = Access::new()
        .levels(Level::L1..=Level::L2, policy.clone())
        .levels(Level::L3..=Level::L5, policy.clone().without_details());
    let (address, runs, endpoint) = start(access).await;
    let headers = signature("all", SECRET, "/health/levels/1", now(), "used-once");
    let ask = async |path| get_with(address, path, &borrowed(&headers)).await;
    let answer = ask("/health/levels/1").await;
    assert_eq!((answer.status, levels_of(&answer.json())), (200, vec![1, 2, 3, 4, 5]), "{answer:?}");
    assert!(answer.body.contains("detail-2") && !answer.body.contains("detail-3"));
    runs.take();
    assert_refused(&ask("/health/levels/1").await, (401, r#"HMAC-SHA256 realm="health""#), "replayed");
    assert_eq!(ask("/health/levels/1?").await.status, 401);
    assert_eq!(runs.take(), [0; 5]);
    assert_eq!(endpoint.refusals().rejected, 2);
    // Another method is another request.
    let line = "HEAD /health/levels/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let fresh = signature("all", SECRET, "/health/levels/1", now(), "for-a-get");
    let fresh = fresh.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
    assert_eq!(health_tests::send(address, &format!("{line}{fresh}\r\n")).await.status, 401);
}

/// A request that was overheard on its way to one endpoint of the process is of no use at the other.
#[tokio::test]
async fn signature_counts_once_for_all_endpoints_of_a_process() {
    let access = |secret| Access::new().levels(Levels::ALL, signed([AccessKey::new("shared", secret)]));
    let (first, ..) = start(access(SECRET)).await;
    let (second, ..) = start(access(SECRET)).await;
    let (other, ..) = start(access("another secret, of 2026")).await;
    let headers = signature("shared", SECRET, "/health/levels/5", now(), "used-once-in-a-process");
    for (address, status) in [(first, 200), (second, 401), (other, 401), (first, 401)] {
        assert_eq!(get_with(address, "/health/levels/5", &borrowed(&headers)).await.status, status);
    }
}

#[tokio::test]
async fn busy_key_does_not_make_others_be_refused() {
    use tower::ServiceExt as _;
    let keys = [AccessKey::new("busy", SECRET).levels(Level::L5), AccessKey::new("quiet", "another secret, of 2026")];
    let (address, _, endpoint) = start(Access::new().levels(Levels::ALL, signed(keys))).await;
    let router = endpoint.router();
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..10_001 {
        let headers = signature("busy", SECRET, "/health/levels/5", now(), &nonce());
        let request = axum::http::Request::get("/health/levels/5");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let status = router.clone().oneshot(request).await.expect("an answer").status().as_u16();
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [(200, 10_000), (503, 1)]);
    let quiet = signature("quiet", "another secret, of 2026", "/health/levels/1", now(), &nonce());
    assert_eq!(get_with(address, "/health/levels/1", &borrowed(&quiet)).await.status, 200);
}

#[tokio::test]
async fn methods_other_than_reading_are_refused_before_anybody_is_asked() {
    let (address, runs, _) =
        start(Access::new().levels(Levels::ALL, access_key([AccessKey::new("all", SECRET)]))).await;
    for (method, status) in [("POST", 405), ("DELETE", 405), ("HEAD", 401), ("OPTIONS", 401)] {
        assert_eq!(request(address, method, "/health/levels/1").await.status, status, "{method}");
    }
    assert_eq!(runs.take(), [0; 5]);
}
