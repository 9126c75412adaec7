//! The latest changes of each check: in bounded memory, and for each caller as far as it may see them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{sync::Arc, time::Duration};

use health_runtime::{Check, Level, Monitor, Outcome, ShowDetails, Status, StatusChange};
use health_tests::{
    builder, endpoint,
    flapping::{ask, flapping},
    get, monitor, serve,
};
use serde_json::{Value, json};

fn history(monitor: &Monitor, check: &str) -> Vec<Arc<StatusChange>> {
    monitor.history(check).expect("such a check")
}

fn ids(history: &[Arc<StatusChange>]) -> Vec<u64> {
    history.iter().map(|change| change.id()).collect()
}

#[tokio::test]
async fn history_begins_with_the_first_result_and_holds_only_changes() {
    let monitor = monitor([flapping("flaps"), Check::new("steady", Level::L5, || async {}).max_age(Duration::ZERO)]);
    assert_eq!(history(&monitor, "steady"), []);
    ask(&monitor, 3).await;

    let steady = history(&monitor, "steady");
    assert_eq!(
        steady.iter().map(|change| (change.previous(), change.current())).collect::<Vec<_>>(),
        [(None, Status::Pass)]
    );
    let flaps = history(&monitor, "flaps");
    let turns: Vec<_> = flaps.iter().map(|change| (change.previous(), change.current(), change.message())).collect();
    assert_eq!(
        turns,
        [
            (None, Status::Fail, Some("run 0")),
            (Some(Status::Fail), Status::Pass, None),
            (Some(Status::Pass), Status::Fail, Some("run 2")),
        ]
    );
    assert_eq!(flaps[1].previous_since(), Some(flaps[0].at()));

    let unknown = monitor.history("flap").expect_err("no such check");
    assert_eq!((unknown.name.as_str(), unknown.suggestion.as_deref()), ("flap", Some("flaps")));
}

#[tokio::test]
async fn history_keeps_64_changes_and_their_numbers() {
    let monitor = monitor([flapping("a"), flapping("b")]);
    let mut changes = monitor.subscribe();
    ask(&monitor, 20).await;
    let mut published = Vec::new();
    for _ in 0..40 {
        published.push(changes.next().await.expect("the monitor is there").expect("none is missed").id());
    }
    assert_eq!(published, (1..=40).collect::<Vec<_>>(), "consecutive across checks");

    ask(&monitor, 80).await;
    for check in ["a", "b"] {
        let history = history(&monitor, check);
        assert_eq!(history.len(), 64, "{check}");
        assert!(history.is_sorted_by_key(|change| change.id()));
        assert!(history.iter().all(|change| change.check() == check));
    }
    let mut kept = [ids(&history(&monitor, "a")), ids(&history(&monitor, "b"))].concat();
    kept.sort_unstable();
    assert_eq!(kept, (73..=200).collect::<Vec<_>>(), "the latest ones of both");
}

#[tokio::test]
async fn long_message_is_published_in_full_and_kept_in_part() {
    // Three bytes each, so that the limit lies inside one of them.
    let long = "€".repeat(100_000);
    let message = long.clone();
    let monitor = monitor([Check::new("long", Level::L5, move || {
        let long = long.clone();
        async move { Outcome::fail(long) }
    })]);
    let mut changes = monitor.subscribe();
    ask(&monitor, 1).await;
    let change = changes.next().await.expect("the monitor is there").expect("none is missed");
    assert_eq!(change.message(), Some(message.as_str()));
    let kept = history(&monitor, "long");
    assert_eq!(kept[0].message(), Some(format!("{}…", "€".repeat(341)).as_str()));
    assert_eq!((kept[0].id(), kept[0].at()), (change.id(), change.at()));
}

#[tokio::test]
async fn history_shows_details_only_to_callers_that_may_see_them() {
    let checks = || {
        let blocked = Check::new("blocked", Level::L2, || async {}).depends_on(["flaps"]).max_age(Duration::ZERO);
        [flapping("flaps"), blocked]
    };
    let hidden = serve(endpoint(checks()).router()).await;
    let shown = builder(checks()).details(ShowDetails::Always).build().expect("a good endpoint");
    let shown = serve(shown.router()).await;

    let outline = |entry: &Value| {
        let mut entry = entry.clone();
        let entry = entry.as_object_mut().expect("an object");
        assert!(entry.remove("at").is_some_and(|at| at.as_str().is_some_and(|at| at.ends_with('Z'))));
        Value::Object(entry.clone())
    };
    for (address, is_shown) in [(hidden, false), (shown, true)] {
        for _ in 0..3 {
            get(address, "/health/checks/flaps").await;
        }
        let body = get(address, "/health/checks/flaps").await.json();
        let history = body["history"].as_array().expect("a history");
        let mut expected = json!([
            {"id": 1, "to": "fail", "message": "run 0"},
            {"id": 2, "from": "fail", "to": "pass"},
            {"id": 3, "from": "pass", "to": "fail", "message": "run 2"},
            {"id": 4, "from": "fail", "to": "pass"},
        ]);
        if !is_shown {
            for entry in expected.as_array_mut().expect("an array") {
                entry.as_object_mut().expect("an object").remove("message");
            }
        }
        assert_eq!(Value::from(history.iter().map(outline).collect::<Vec<_>>()), expected);

        let body = get(address, "/health/checks/blocked").await.json();
        let last = body["history"].as_array().and_then(|history| history.last()).map(outline).expect("a change");
        let expected = if is_shown {
            json!({"id": 6, "to": "fail", "cause": "blocked", "blocked_by": ["flaps"],
                   "message": "not run, because of flaps"})
        } else {
            json!({"id": 6, "to": "fail", "cause": "blocked"})
        };
        assert_eq!(last, expected);
    }
    // Reports on many checks have no history.
    assert_eq!(get(shown, "/health/levels").await.json()["level_3"]["checks"]["flaps"].get("history"), None);
}

#[tokio::test]
async fn history_marks_changes_of_muted_checks() {
    let endpoint = endpoint([flapping("flaps")]);
    let address = serve(endpoint.router()).await;
    get(address, "/health/checks/flaps").await;
    endpoint.monitor().mute("flaps", Duration::from_mins(1), "a test").expect("such a check");
    let body = get(address, "/health/checks/flaps").await.json();
    assert_eq!((body["history"][0].get("muted"), &body["history"][1]["muted"]), (None, &json!(true)));
}
