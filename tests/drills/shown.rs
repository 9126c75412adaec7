//! Every format says that it is a drill. Its reason and who began it are details.

use health_runtime::{BuildMetadata, Endpoint, Forced, Outcome, ShowDetails};
use health_tests::{Log, ask, builder};
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

use crate::{INTERVAL, MINUTE, background, lazy, settle};

/// Formats of a whole report, each with a path that gets it.
const PATHS: [(&str, &str); 10] = [
    ("json", "/health/levels"),
    ("json", "/health/levels/3"),
    ("json", "/health/ready?format=json"),
    ("json", "/health/checks/db"),
    ("health+json", "/health/levels?format=health%2Bjson"),
    ("actuator", "/health/levels?format=actuator"),
    ("microprofile", "/health/levels?format=microprofile"),
    ("text", "/readyz?verbose"),
    ("xml", "/health/levels?format=xml"),
    ("page", "/health?format=html"),
];

fn endpoint(details: ShowDetails) -> Endpoint {
    let checks = [lazy("db").readiness(), lazy("orders").readiness().depends_on(["db"])];
    let info = BuildMetadata::new("shop", "1.0.0");
    builder(checks).build_info(info).details(details).build().expect("a good endpoint")
}

async fn json(endpoint: &Endpoint, path: &str) -> Value {
    ask(endpoint.router(), path, &[]).await.json()
}

#[tokio::test(start_paused = true)]
async fn every_format_shows_the_drill_and_its_end() {
    for (format, path) in PATHS {
        let endpoint = endpoint(ShowDetails::Always);
        let monitor = endpoint.monitor();
        let before = ask(endpoint.router(), path, &[]).await;
        // The style of the page has the word, too.
        let sign = if format == "page" { ">drill<" } else { "drill" };
        assert!(before.status == 200 && !before.body.contains(sign), "{format} {path}: {}", before.body);
        monitor.drill("db", Forced::fail("why <1>"), MINUTE).expect("a drill");
        let during = ask(endpoint.router(), path, &[]).await;
        let body = &during.body;
        assert!(matches!(during.status, 200 | 503) && body.contains(sign), "{format} {path}: {body}");
        if !matches!(format, "text" | "page") {
            assert!(body.contains("tests/drills/shown.rs:"), "{format} {path}: {body}");
        }
        assert!(body.contains("why"), "{format} {path}: {body}");
        advance(MINUTE).await;
        settle().await;
        let after = ask(endpoint.router(), path, &[]).await;
        // The single check lists changes.
        let is_history = path.contains("checks/db");
        assert!(after.status == 200 && (is_history || !after.body.contains(sign)), "{format} {path}: {}", after.body);
    }
}

#[tokio::test(start_paused = true)]
async fn reason_and_caller_of_a_drill_are_details() {
    let endpoint = endpoint(ShowDetails::Never);
    endpoint.monitor().drill("db", Forced::fail("secret reason"), MINUTE).expect("a drill");
    for (format, path) in PATHS {
        for path in [path, &path.replace("checks/db", "checks/orders")] {
            let body = ask(endpoint.router(), path, &[]).await.body;
            assert!(body.contains(if format == "page" { ">drill<" } else { "drill" }), "{format} {path}: {body}");
            assert!(!body.contains("secret") && !body.contains("shown.rs"), "{format} {path}: {body}");
        }
    }
    let db = json(&endpoint, "/health/checks/db").await;
    let keys: Vec<_> = db["drill"].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["behavior", "until"]);
}

#[tokio::test(start_paused = true)]
async fn own_shape_has_behavior_end_reason_and_caller() {
    let endpoint = endpoint(ShowDetails::Always);
    endpoint.monitor().drill("db", Forced::slow_by(MINUTE), 5 * MINUTE).expect("a drill");
    let line = line!() - 1;
    let mut db = json(&endpoint, "/health/checks/db").await["drill"].take();
    let until = db.as_object_mut().and_then(|drill| drill.remove("until")).expect("a time");
    assert!(until.as_str().is_some_and(|until| until.starts_with("20") && until.ends_with('Z')), "{until}");
    assert_eq!(db, json!({ "behavior": "slow", "by": format!("tests/drills/shown.rs:{line}") }));
    for (forced, behavior) in [
        (Forced::fail("why"), "fail"),
        (Forced::warn("why"), "warn"),
        (Forced::hang(), "hang"),
        (Forced::panic("why"), "panic"),
        (Outcome::fail("why").into(), "fail"),
    ] {
        endpoint.monitor().drill("db", forced, 5 * MINUTE).expect("a drill");
        let db = &json(&endpoint, "/health/checks/db").await["drill"];
        assert_eq!(db["behavior"], behavior);
        assert_eq!(db["reason"], if behavior == "hang" { json!(null) } else { json!("why") });
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_formats_and_text_show_the_drill() {
    let endpoint = endpoint(ShowDetails::Never);
    endpoint.monitor().drill("db", Forced::fail("secret"), MINUTE).expect("a drill");
    let text = ask(endpoint.router(), "/readyz?verbose", &[]).await.body;
    assert_eq!(text, "[-]db drill: failed\n[-]orders drill: failed (blocked)\nreadyz check failed\n");
    let drill = json(&endpoint, "/health/checks/db").await["drill"].take();
    let readiness = json(&endpoint, "/readyz?format=actuator").await;
    assert_eq!(readiness["components"]["db"], json!({ "status": "DOWN", "details": { "drill": drill } }));
    let readiness = json(&endpoint, "/readyz?format=microprofile").await;
    assert_eq!(readiness["checks"][0]["data"]["drill"], drill.to_string(), "data is flat");
    let readiness = json(&endpoint, "/readyz?format=health%2Bjson").await;
    assert!(readiness["checks"].to_string().contains(&drill.to_string()), "{readiness}");
}

#[tokio::test(start_paused = true)]
async fn changes_and_their_log_lines_are_marked() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let endpoint = endpoint(ShowDetails::Always);
    let history = async || json(&endpoint, "/health/checks/db").await["history"].take();
    history().await;
    endpoint.monitor().drill("db", Forced::fail("why"), MINUTE).expect("a drill");
    history().await;
    advance(MINUTE).await;
    let history = history().await;
    let marks: Vec<_> = (0..3).map(|index| &history[index]["drill"]).collect();
    assert_eq!(marks, [&json!(null), &json!(true), &json!(true)], "{history}");
    let text = log.text();
    let changes: Vec<_> = text.lines().filter(|line| line.contains("changed check=\"db\"")).collect();
    let marks: Vec<_> = changes.iter().map(|line| line.contains("drill=true")).collect();
    // The first result is logged at a lower level.
    assert_eq!(marks, [true, true], "{text}");
}

#[tokio::test(start_paused = true)]
async fn metrics_have_the_drill_while_it_lasts() {
    let checks = [background("db"), lazy("orders").depends_on(["db"]), lazy("cache")];
    let endpoint = builder(checks).build().expect("a good endpoint");
    let scraped = async || ask(endpoint.router(), "/health/metrics", &[]).await.body;
    let sample = |check| format!("health_check_drill{{check=\"{check}\",level=\"3\"}} 1\n");
    sleep(INTERVAL).await;
    assert!(!scraped().await.contains("health_check_drill{"));
    endpoint.monitor().drill("db", Forced::fail("why"), MINUTE).expect("a drill");
    settle().await;
    ask(endpoint.router(), "/health/levels", &[]).await;
    let during = scraped().await;
    assert!(during.contains(&sample("db")) && during.contains(&sample("orders")), "{during}");
    assert!(!during.contains(&sample("cache")), "{during}");
    sleep(MINUTE + INTERVAL).await;
    assert!(!scraped().await.contains("health_check_drill{"));
}

/// A drill says nothing about the check, so its time is unknown, and the level is that of the others.
#[tokio::test(start_paused = true)]
async fn time_of_a_drill_is_neither_up_nor_down() {
    let endpoint = builder([background("db"), background("cache")]).build().expect("a good endpoint");
    sleep(10 * MINUTE).await;
    endpoint.monitor().drill("db", Forced::fail("why"), 20 * MINUTE).expect("a drill");
    sleep(30 * MINUTE).await;
    let times = async |path: &str| {
        let body = json(&endpoint, &format!("{path}?view=availability")).await;
        let level = if path.contains("levels") { &body["level_3"] } else { &body };
        let window = &level["hour"];
        let seconds = |name: &str| window[name].as_f64().unwrap_or_else(|| panic!("{body}"));
        (seconds("pass_s"), seconds("fail_s"))
    };
    let (pass, fail) = times("/health/checks/db").await;
    assert!((1100.0..1205.0).contains(&pass) && fail == 0.0, "{pass} s up, {fail} s down");
    for path in ["/health/checks/cache", "/health/levels/3"] {
        let (pass, fail) = times(path).await;
        assert!((2300.0..2405.0).contains(&pass) && fail == 0.0, "{path}: {pass} s up, {fail} s down");
    }
}
