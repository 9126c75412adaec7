//! Details, which no route may show to a caller without them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_runtime::{Check, Details, EndpointBuilder, Level, Outcome, Public, Secret, ShowDetails};
use health_tests::{Answer, builder, get, request, serve};
use serde::Serialize;
use serde_json::{Value, json};

const PASSWORD: &str = "canary-7f3a";
const DATABASE_URL: &str = "postgres://user:canary-7f3a@db.internal:5432/orders";

const ROUTES: [&str; 37] = [
    "/health",
    "/health/levels",
    "/health/levels/1",
    "/health/levels/1?view=values",
    "/health/levels/2",
    "/health/levels/3?cumulative",
    "/health/levels/4",
    "/health/levels/5",
    "/health/levels/5?view=values",
    "/health/checks/db",
    "/health/checks/panics",
    "/health/checks/facts",
    "/health/checks/blocked",
    "/health/checks/plain",
    "/health/live",
    "/health/ready",
    "/health/ready?verbose",
    "/health/ready?format=json",
    "/health/startup?verbose",
    "/livez?verbose",
    "/readyz",
    "/readyz?verbose&exclude=db",
    "/startupz",
    "/health/info",
    "/health/levels/1?tag=all&exclude=db&timeout=1s",
    "/health?format=text",
    "/health/levels?format=text&verbose",
    "/health/levels?format=health+json",
    "/health/levels?format=xml",
    "/health/levels?format=actuator",
    "/health/levels?format=microprofile",
    "/health/checks/db?format=actuator",
    "/readyz?format=health+json",
    "/readyz?format=xml",
    "/readyz?format=microprofile",
    "/health/metrics",
    "/health/metrics?format=openmetrics",
];

fn leaky() -> EndpointBuilder {
    let check = |check: Check| check.tags(["all"]).readiness().startup().max_age(Duration::ZERO);
    builder([
        check(Check::new("db", Level::L1, || async {
            Err::<(), _>(format!("cannot connect to {DATABASE_URL}: refused-text"))
        })),
        check(Check::new("panics", Level::L2, || async { panic!("payload-text {DATABASE_URL}") as () })),
        check(Check::new("facts", Level::L3, || async {
            Details::warn(json!({ "data-key": [DATABASE_URL], "other": "data-text" }), "warn-text")
        })),
        check(Check::new("blocked", Level::L4, || async {}).depends_on(["panics"])),
        check(Check::new("plain", Level::L5, || async { Outcome::fail("plain-text") }).description("description-text"))
            .liveness(),
    ])
}

const DETAILS: [&str; 8] = [
    "refused-text",
    "payload-text",
    "data-key",
    "data-text",
    "warn-text",
    "plain-text",
    "description-text",
    "db.internal",
];

fn all_of(answer: &Answer) -> String {
    format!("{:?} {}", answer.headers, answer.body).replace("text/plain", "")
}

#[tokio::test]
async fn an_anonymous_caller_sees_no_details_in_any_route() {
    let address = serve(leaky().build().expect("good").router()).await;
    for route in ROUTES {
        for method in ["GET", "OPTIONS", "HEAD", "POST"] {
            let seen = all_of(&request(address, method, route).await);
            for secret in DETAILS.into_iter().chain([PASSWORD, "user:"]) {
                assert!(!seen.contains(secret), "{method} {route} shows {secret}: {seen}");
            }
        }
    }
    // The response has names, statuses and causes, but not the names of blocking checks.
    let body = get(address, "/health/levels/1").await.json();
    assert_eq!(body["level_2"]["checks"]["panics"]["cause"], "panicked");
    assert_eq!(body["level_4"]["checks"]["blocked"]["cause"], "blocked");
    assert_eq!(body["level_4"]["checks"]["blocked"].get("blocked_by"), None);
    assert_eq!(get(address, "/health/levels/3?view=values").await.json(), json!({ "facts": true }));
}

#[tokio::test]
async fn callers_with_details_see_everything_but_credentials() {
    let address = serve(leaky().details(ShowDetails::Always).build().expect("good").router()).await;
    let mut all = String::new();
    for route in ROUTES {
        all += &all_of(&get(address, route).await);
    }
    for detail in DETAILS {
        assert!(all.contains(detail), "{detail} is not shown anywhere");
    }
    assert!(!all.contains(PASSWORD));
    assert!(all.contains("postgres://***@db.internal:5432/orders"));
    let body = get(address, "/health/levels/1").await.json();
    assert_eq!(body["level_4"]["checks"]["blocked"]["blocked_by"], json!(["panics"]));
}

#[derive(Serialize)]
struct Pool {
    waiting: Public<u32>,
    replica: Public<String>,
    host: &'static str,
    password: Secret<&'static str>,
}

fn with_public_data() -> EndpointBuilder {
    builder([Check::new("pool", Level::L5, || async {
        Details::pass(Pool {
            waiting: Public(7),
            replica: Public(DATABASE_URL.to_owned()),
            host: "data-text",
            password: Secret::new("secret-text"),
        })
    })])
}

#[tokio::test]
async fn public_values_are_shown_and_secret_values_are_not() {
    let replica = "postgres://***@db.internal:5432/orders";
    let public = json!({ "waiting": 7, "replica": replica });
    let internal = json!({ "waiting": 7, "replica": replica, "host": "data-text" });
    for (show, expected) in [(ShowDetails::Never, public), (ShowDetails::Always, internal)] {
        let address = serve(with_public_data().details(show).build().expect("good").router()).await;
        assert_eq!(get(address, "/health/checks/pool").await.json()["data"], expected);
        assert_eq!(get(address, "/health/levels/5").await.json()["level_5"]["checks"]["pool"]["data"], expected);
        assert_eq!(get(address, "/health/levels/5?view=values").await.json(), json!({ "pool": expected }));
    }
}

#[derive(Serialize)]
struct Shard {
    waiting: u32,
}

#[derive(Serialize)]
struct Shards {
    #[serde(flatten)]
    first: Public<Option<Shard>>,
    #[serde(flatten)]
    second: Secret<Option<Shard>>,
    region: Public<&'static str>,
    broker: &'static str,
}

/// A missing flattened value leaves nothing behind, and removes nothing else.
#[tokio::test]
async fn flattened_values_may_be_missing() {
    for (first, internal, public) in [
        (None, json!({ "region": "eu", "broker": "b3" }), json!({ "region": "eu" })),
        (Some(4), json!({ "waiting": 4, "region": "eu", "broker": "b3" }), json!({ "waiting": 4, "region": "eu" })),
    ] {
        for (show, expected) in [(ShowDetails::Always, internal), (ShowDetails::Never, public)] {
            let check = Check::new("shards", Level::L3, move || async move {
                let first = Public(first.map(|waiting| Shard { waiting }));
                Details::pass(Shards { first, second: Secret::new(None), region: Public("eu"), broker: "b3" })
            });
            let endpoint = builder([check]).details(show).build().expect("a good endpoint");
            let answer = get(serve(endpoint.router()).await, "/health/checks/shards").await;
            assert_eq!(answer.json()["data"], expected, "{answer:?}");
        }
    }
}

/// Serializes itself as the text of its JSON.
struct AsText(Pool);

impl Serialize for AsText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

#[tokio::test]
async fn json_in_a_text_shows_no_trace_of_the_wrappers() {
    let check = Check::new("pool", Level::L5, || async {
        Details::pass(AsText(Pool {
            waiting: Public(7),
            replica: Public("db-4".to_owned()),
            host: "db-3",
            password: Secret::new("secret-text"),
        }))
    });
    let endpoint = builder([check]).details(ShowDetails::Always).build().expect("a good endpoint");
    let answer = get(serve(endpoint.router()).await, "/health/checks/pool").await;
    let text = r#"{"waiting":7,"replica":"db-4","host":"db-3","password":null}"#;
    assert_eq!(answer.json()["data"], text, "{answer:?}");
}

/// Arrays in arrays, without the limit that parsers have.
struct Nested(usize);

impl Serialize for Nested {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_unit(),
            depth => serializer.collect_seq([Self(depth - 1)]),
        }
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |value, _| Value::Array(vec![value]))
}

#[tokio::test]
async fn deep_data_fails_its_check_and_no_more() {
    let endpoint = builder([
        Check::new("as_deep_as_may_be", Level::L5, || async { Details::pass(Nested(128)) }),
        Check::new("details", Level::L5, || async { Details::pass(Nested(3_000)) }),
        Check::new("value_in_details", Level::L5, || async { Details::pass(nested(3_000)) }),
        Check::new("value", Level::L5, || async { Outcome::pass().with_data(nested(3_000)) }),
        Check::new("public_value", Level::L5, || async { Outcome::pass().with_public_data(nested(100_000)) }),
    ]);
    let endpoint = endpoint.details(ShowDetails::Always).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    assert_eq!(get(address, "/health/checks/as_deep_as_may_be").await.status, 200);
    for name in ["details", "value_in_details", "value", "public_value"] {
        let answer = get(address, &format!("/health/checks/{name}")).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        let body = answer.json();
        let message = body["message"].as_str().expect("a message");
        assert!(message.contains("nested more than 128 levels deep"), "{answer:?}");
    }
}
