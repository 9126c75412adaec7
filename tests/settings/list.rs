//! The type of settings: its text, its documents, and reports that obey it.

use std::time::Duration;

use health_runtime::{Check, Group, Level, Outcome, Overrides, Selection, Status, StatusCodes};
use health_tests::{builder, get, serve};
use proptest::{
    collection::btree_map,
    prelude::{Just, Strategy, any, prop_oneof, proptest},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

fn read(document: Value) -> Result<Overrides, String> {
    serde_json::from_value(document).map_err(|error| error.to_string())
}

#[test]
fn list_and_document_say_the_same() {
    let list = " billing.interval=1m , a.b.enabled = false,, tag:external.timeout=1m 30s, level:3.max_age=0s, \
                deadlines.groups=2s, status_codes.warn=429, deadlines.timeout=3s";
    let document = json!({
        "checks": { "billing": { "interval": "60s" }, "a.b": { "enabled": false }, "deadlines": { "timeout": "3s" } },
        "tags": { "external": { "timeout": "90s" } },
        "levels": { "3": { "max_age": "0s" } },
        "deadlines": { "groups": "2s" },
        "status_codes": { "warn": 429 },
    });
    assert_eq!(list.parse::<Overrides>().expect("a list"), read(document).expect("a document"));
    assert_eq!("".parse::<Overrides>().expect("a list"), Overrides::default());
    assert_eq!(read(json!({ "checks": null, "tags": { "a": null } })), read(json!({ "tags": { "a": {} } })));
}

#[test]
fn faulty_list_names_every_fault() {
    let error = "a.timeout=1, a, b.timeout=1s, b.timeout=2s, =, .=, a.=1".parse::<Overrides>().expect_err("faults");
    assert_eq!(
        error.to_string(),
        "`a` is not a setting; write for example `billing.interval=1m`; \
         `=` is not a setting; write for example `billing.interval=1m`; \
         `a.timeout` is `1`, which is not a valid duration; write for example `500ms`, `2s` or `1m 30s`; \
         `a.` is not a setting; write one of `enabled`, `timeout`, `interval`, `retry_interval`, `stale_after`, `max_age`, \
         `failure_threshold`, `success_threshold`, `hold`, `degraded_after`, `critical`; \
         `b` has `timeout` twice; keep one of them; \
         `.` is not a setting; write one of `enabled`, `timeout`, `interval`, `retry_interval`, `stale_after`, `max_age`, \
         `failure_threshold`, `success_threshold`, `hold`, `degraded_after`, `critical`"
    );
    let twice = r#"{ "checks": { "db": { "timeout": "1s" }, "db": {} } }"#;
    let error = serde_json::from_str::<Overrides>(twice).expect_err("a fault").to_string();
    assert!(error.contains("`checks` has `db` twice"), "{error}");
    let long = format!("{{ \"checks\": {{ \"db\": {{ \"timeout\": \"{}\" }} }} }}", "é".repeat(5_000));
    let error = serde_json::from_str::<Overrides>(&long).expect_err("a fault").to_string();
    assert!(error.len() < 400, "{error}");
    for document in [json!([]), json!("a"), json!({ "checks": [] }), json!({ "checks": { "db": true } })] {
        let error = read(document.clone()).expect_err("a fault");
        assert!(error.contains("is not a map of names"), "{document} {error}");
    }
    let error = read(json!({ "deadlines": { "levels": "0s", "group": "1s" }, "status_codes": { "warn": 999 } }))
        .expect_err("faults");
    assert_eq!(
        error,
        "`deadlines.group` is not a setting; did you mean `groups`?; \
         `deadlines.levels` is zero, so that no check could answer; use a longer one; \
         `status_codes.warn` is `999`, which is not a valid status code for a report; use one from 200 to 599"
    );
}

fn values() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        any::<bool>().prop_map(|flag| ("enabled", json!(flag))),
        any::<u32>().prop_map(|count| ("failure_threshold", json!(count))),
        any::<u32>().prop_map(|millis| ("timeout", json!(format!("{millis}ms")))),
        any::<u32>().prop_map(|days| ("interval", json!(format!("{days}d")))),
        Just(("critical", json!("false"))),
    ];
    btree_map(0..4_u8, value, 0..4)
        .prop_map(|all| all.into_values().map(|(key, value)| (key.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn serialized_settings_are_read_as_the_same(
        checks in btree_map(".{0,8}", values(), 0..3),
        levels in btree_map("[1-5]", values(), 0..3),
        code in 200..204_u16,
    ) {
        let document = json!({ "checks": checks, "levels": levels, "status_codes": { "pass": code } });
        let settings = read(document).expect("settings");
        let again = read(serde_json::to_value(&settings).expect("a document")).expect("settings");
        assert_eq!(settings, again);
    }

    #[test]
    fn no_list_panics(list in ".{0,60}", entries in proptest::collection::vec("[a-z:.=, 0-9]{0,12}", 0..6)) {
        let _ = list.parse::<Overrides>();
        let _ = entries.join(",").parse::<Overrides>();
    }
}

/// A deadline may be shorter and longer than the default.
#[tokio::test(start_paused = true)]
async fn deadlines_of_reports_are_settings() {
    let never = || {
        Check::new("never", Level::L1, || sleep(Duration::from_hours(1))).timeout(Duration::from_mins(5)).readiness()
    };
    for (list, seconds) in [("", [10.0, 0.9]), ("deadlines.levels=20s, deadlines.groups=100ms", [20.0, 0.1])] {
        let endpoint = builder([never()]).overrides(list.parse().expect("settings")).build().expect("good");
        let monitor = endpoint.monitor();
        for (selection, expected) in
            [Selection::everything(), Selection::group(Group::Readiness)].into_iter().zip(seconds)
        {
            let start = Instant::now();
            monitor.report(&selection).await;
            assert!((start.elapsed().as_secs_f64() - expected).abs() < 0.01, "{list} {:?}", start.elapsed());
            let start = Instant::now();
            monitor.report(&selection.with_deadline(Duration::from_millis(50))).await;
            assert!(start.elapsed() < Duration::from_millis(60), "{list} {:?}", start.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deadline_beyond_every_clock_is_a_long_one() {
    let list = format!("deadlines.levels={0}s, deadlines.groups={0}s", u64::MAX);
    let slow = Check::new("slow", Level::L1, || sleep(Duration::from_mins(1))).timeout(Duration::from_mins(5));
    let endpoint = builder([slow.readiness()]).overrides(list.parse().expect("settings")).build().expect("good");
    for selection in [Selection::everything(), Selection::group(Group::Readiness)] {
        assert_eq!(endpoint.monitor().report(&selection).await.status(), Status::Pass);
    }
}

#[tokio::test]
async fn status_codes_of_reports_are_settings() {
    let warns = Check::new("warns", Level::L1, || async { Outcome::warn("it is slow") }).readiness();
    let builder = builder([warns]).status_codes(StatusCodes::new().warn(299));
    let endpoint = builder
        .overrides("status_codes.warn=429, status_codes.fail=500".parse().expect("settings"))
        .build()
        .expect("good");
    let address = serve(endpoint.router()).await;
    assert_eq!(get(address, "/health").await.status, 429);
    let own = endpoint.status_codes(StatusCodes::new().warn(298)).expect("good").router();
    let own = serve(own).await;
    assert_eq!(get(own, "/health").await.status, 298, "an address keeps its own codes");
    endpoint.monitor().drain();
    assert_eq!(get(address, "/readyz").await.status, 500, "a drain has the code of a failure");
}
