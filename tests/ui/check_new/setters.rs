//! Arguments of the settings of a check.

use health_runtime::{Check, Level, Monitor, check, health_check, probes};

#[health_check(level = 3)]
async fn db() {}

fn check() -> Check {
    Check::new("db", Level::L3, || async { true })
}

fn mute(monitor: &Monitor) {
    let _ = monitor.mute(db, std::time::Duration::from_secs(60), "maintenance");
}

fn main() {
    let _ = check().timeout("2s");
    let _ = check().depends_on("a");
    let _ = check().tags("a");
    let _ = check().critical();
    let _ = check().readiness(true);
    let _ = check().tags("a", "b");
    let _ = check().timeout(2);
    let _ = check().critical("false");
    let _ = check().level(3);
    let _ = check().off();
    let _ = check().depends_on([check!(db), "queue"]);
    let _ = check().depends_on(["queue", check!(db)]);
    let _ = check().depends_on([db]);
    let _ = check().depends_on(check!(db));
    let _ = check().failure_threshold("3");
    let _ = probes::logging().max_age("2s");
}
