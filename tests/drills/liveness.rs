//! Liveness needs a second word, because an orchestrator restarts the service.

use health_runtime::{Check, DrillError, Forced, Group, Level, Selection, Status};
use health_tests::monitor;

use crate::{MINUTE, status};

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
