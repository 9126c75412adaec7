//! Drills that do not begin, and the texts that say why.

use std::{error::Error, time::Duration};

use health_runtime::{Check, DrillError, Endpoint, Forced, Level, Outcome, Overrides, Status};
use health_tests::monitor;

use crate::{MINUTE, is_drilled, lazy, result, settle, status};

#[tokio::test(start_paused = true)]
async fn drill_that_is_refused_changes_nothing() {
    let monitor = monitor([lazy("db"), lazy("billing")]);
    assert_eq!(status(&monitor, "db").await, Status::Pass);
    let cases: [(_, Forced, _, _); 6] = [
        ("biling", Forced::hang(), MINUTE, "there is no check named `biling`; did you mean `billing`?"),
        (
            "db",
            Forced::pass(),
            MINUTE,
            "a drill that lets `db` pass would hide a failure; write `fail`, `warn`, `slow` or `hang`",
        ),
        (
            "db",
            Outcome::pass().with_message("fine").into(),
            MINUTE,
            "a drill that lets `db` pass would hide a failure; write `fail`, `warn`, `slow` or `hang`",
        ),
        (
            "db",
            Forced::hang(),
            Duration::ZERO,
            "a drill of 0ns is not possible; write a time up to an hour, such as `5m`",
        ),
        (
            "db",
            Forced::hang(),
            Duration::from_secs(3601),
            "a drill of 3601s is not possible; write a time up to an hour, such as `5m`",
        ),
        (
            "db",
            Forced::hang(),
            Duration::MAX,
            "a drill of 18446744073709551615.999999999s is not possible; write a time up to an hour, such as `5m`",
        ),
    ];
    for (name, forced, duration, text) in cases {
        let refused = monitor.drill(name, forced, duration).expect_err("it is refused");
        assert_eq!(refused.to_string(), text);
        assert!(refused.source().is_none());
        assert!(!is_drilled(&monitor, "db").await && status(&monitor, "db").await == Status::Pass);
    }
    let unknown = monitor.undrill("biling").expect_err("no such check");
    assert_eq!(unknown.to_string(), "there is no check named `biling`; did you mean `billing`?");
    monitor.drill("db", Forced::hang(), Duration::from_hours(1)).expect("exactly an hour");

    monitor.drain();
    let refused = monitor.drill("db", Forced::hang(), MINUTE).expect_err("it is shutting down");
    assert_eq!(refused, DrillError::Draining);
    assert_eq!(refused.to_string(), "the service is shutting down, which a drill would disturb; try another one");
}

#[tokio::test(start_paused = true)]
async fn disabled_check_has_no_drill() {
    let overrides: Overrides =
        serde_json::from_str(r#"{ "checks": { "db": { "enabled": false } } }"#).expect("good settings");
    let endpoint = Endpoint::builder().without_declared_checks().muted("").checks([lazy("db")]).overrides(overrides);
    let endpoint = endpoint.build().expect("a good endpoint");
    let refused = endpoint.monitor().drill("db", Forced::fail("drill"), MINUTE).expect_err("it is disabled");
    assert_eq!(refused, DrillError::Disabled("db".to_owned()));
    assert_eq!(
        refused.to_string(),
        "the check `db` is disabled, so it has no status to practise with; choose another check"
    );
}

/// It would end the alert of the failure, and `warn` would send requests to a broken instance.
#[tokio::test(start_paused = true)]
async fn failing_check_has_no_drill() {
    let down = Check::new("db", Level::L3, || async { false }).max_age(MINUTE);
    let monitor = monitor([down, lazy("orders").depends_on(["db"]), lazy("cache"), lazy("shop").depends_on(["cache"])]);
    assert_eq!(status(&monitor, "orders").await, Status::Fail);
    for (name, forced) in [("db", Forced::warn("drill")), ("db", Forced::fail("drill")), ("orders", Forced::hang())] {
        let refused = monitor.drill(name, forced, MINUTE).expect_err("it fails");
        assert_eq!(refused, DrillError::Failing(name.to_owned()));
        assert_eq!(
            refused.to_string(),
            format!(
                "the check `{name}` fails already, which a drill would hide; repair it first, or choose another check"
            )
        );
        let seen = result(&monitor, name).await;
        assert!(seen.status() == Status::Fail && seen.drill().is_none() && !is_drilled(&monitor, name).await);
    }
    // A failure that a drill causes is none to hide.
    monitor.drill("cache", Forced::fail("drill"), MINUTE).expect("it passes");
    assert_eq!(status(&monitor, "shop").await, Status::Fail);
    monitor.drill("cache", Forced::hang(), MINUTE).expect("in place of the first");
    monitor.drill("shop", Forced::hang(), MINUTE).expect("another drill blocks it");
    settle().await;
}
