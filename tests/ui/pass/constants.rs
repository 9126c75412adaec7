//! Levels and durations that are paths of constants.
#![deny(warnings)]

use std::time::Duration;

use health_runtime::{Level, health_check};

mod levels {
    pub(crate) const DEEP: health_runtime::Level = health_runtime::Level::L3;
}

mod timeouts {
    use std::time::Duration;

    pub(crate) const DB: Duration = Duration::from_secs(2);
    pub(crate) const ZERO: Duration = Duration::ZERO;
}

struct Limits;

impl Limits {
    const QUICK: Duration = Duration::from_millis(300);
}

#[health_check(level = levels::DEEP, timeout = timeouts::DB, degraded_after = Limits::QUICK, max_age = crate::timeouts::ZERO)]
async fn on_demand() {}

mod inner {
    use health_runtime::health_check;

    #[health_check(level = super::Level::L5, liveness, interval = super::timeouts::DB, stale_after = "1m")]
    fn in_the_background() {}
}

fn main() -> Result<(), health_runtime::Error> {
    let registry = health_runtime::Registry::builder().declared().build()?;
    let checks: Vec<_> = registry.checks().map(|check| (check.name(), check.level(), check.timeout())).collect();
    assert_eq!(
        checks,
        [
            ("on_demand", Level::L3, Duration::from_secs(2)),
            ("in_the_background", Level::L5, Level::L5.default_timeout()),
        ]
    );
    Ok(())
}
