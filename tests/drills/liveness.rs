//! Liveness needs a second word, because an orchestrator restarts the service.

use health_runtime::{Check, CheckName, DrillError, Forced, Group, Level, Monitor, Selection, Status};
use health_tests::{Log, monitor};

use crate::{MINUTE, is_drilled, status};

fn cheap(name: &str) -> Check {
    Check::new(name, Level::L5, || async {})
}

#[tokio::test(start_paused = true)]
async fn liveness_and_the_checks_behind_it_need_a_second_word() {
    let monitor = monitor([
        cheap("loop"),
        cheap("pool").depends_on(["loop"]),
        cheap("alive").liveness().depends_on(["pool"]),
        cheap("ready").readiness().depends_on(["loop"]),
    ]);
    for name in ["alive", "pool", "loop"] {
        let refused = monitor.drill(name, Forced::hang(), MINUTE).expect_err("it restarts the service");
        assert_eq!(refused, DrillError::Liveness(name.to_owned()));
        assert_eq!(
            refused.to_string(),
            format!(
                "a drill of `{name}` fails liveness, so that an orchestrator restarts the service; if you want that, write \
                 `drill_liveness` in code, `\"liveness\": true` over HTTP, and `--liveness` for healthctl"
            )
        );
        assert_eq!(status(&monitor, "alive").await, Status::Pass);
    }
    monitor.drill("ready", Forced::fail("drill"), MINUTE).expect("it concerns readiness alone");
    monitor.drill_liveness("loop", Forced::fail("drill"), MINUTE).expect("the second word");
    let report = monitor.report(&Selection::group(Group::Liveness)).await;
    assert_eq!(report.status(), Status::Fail);
    assert!(report.entries().iter().all(|entry| entry.drill.is_some()), "{report:?}");
}

/// An update is not the second word.
#[tokio::test(start_paused = true)]
async fn update_that_brings_a_drill_into_liveness_ends_it() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).without_time().finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for has_second_word in [false, true] {
        let monitor = monitor([cheap("loop"), cheap("pool").depends_on(["loop"]), cheap("other")]);
        let drill = if has_second_word { Monitor::drill_liveness } else { Monitor::drill };
        drill(&monitor, CheckName::from("loop"), Forced::fail("drill"), MINUTE)
            .expect("it does not concern liveness yet");
        drill(&monitor, CheckName::from("other"), Forced::fail("drill"), MINUTE).expect("it never does");
        assert_eq!(status(&monitor, "pool").await, Status::Fail);
        monitor.add(cheap("alive").liveness().depends_on(["pool"])).expect("a good check");
        let report = monitor.report(&Selection::group(Group::Liveness)).await;
        assert_eq!(report.status() == Status::Fail, has_second_word, "{report:?}");
        assert_eq!(is_drilled(&monitor, "loop").await, has_second_word);
        assert!(is_drilled(&monitor, "other").await);
    }
    let text = log.text();
    let ended: Vec<_> = text.lines().filter(|line| line.contains("health check drill ended")).collect();
    let [ended] = ended.as_slice() else { panic!("{ended:?}") };
    assert!(ended.contains("check=\"loop\"") && ended.ends_with("cause=\"liveness\""), "{ended}");
}

#[tokio::test(start_paused = true)]
async fn replacement_that_joins_liveness_ends_the_drill_below_it() {
    let monitor = monitor([cheap("loop"), cheap("pool")]);
    monitor.drill("loop", Forced::fail("drill"), MINUTE).expect("it does not concern liveness");
    monitor.replace(cheap("pool").liveness().depends_on(["loop"])).expect("a good check");
    let report = monitor.report(&Selection::group(Group::Liveness)).await;
    assert_eq!(report.status(), Status::Pass, "{report:?}");
}
