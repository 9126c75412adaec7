//! `probes::logging`, alone in its process.

use health_runtime::{Check, Level, Status, probes};
use tracing_subscriber::{filter::LevelFilter, fmt, layer::SubscriberExt, registry};

#[test]
fn logging_passes_once_a_subscriber_accepts_events() {
    let check = Check::from(probes::logging());
    assert_eq!((check.spec().name(), check.spec().level()), ("is_logging_enabled", Level::L1));

    let outcome = probes::logging().observe();
    assert_eq!((outcome.status(), outcome.data()), (Status::Fail, None));
    assert_eq!(outcome.message(), Some("no tracing subscriber is installed"));

    let silent = registry().with(fmt::layer()).with(LevelFilter::OFF);
    tracing::subscriber::with_default(silent, || {
        let outcome = probes::logging().observe();
        assert_eq!(outcome.status(), Status::Fail);
        assert_eq!(outcome.message(), Some("the log is limited to level off, and has to include error"));
    });

    let speaking = registry().with(fmt::layer()).with(LevelFilter::INFO);
    tracing::subscriber::set_global_default(speaking).expect("the first");
    let outcome = probes::logging().observe();
    assert_eq!((outcome.status(), outcome.data()), (Status::Pass, None));
    assert_eq!(outcome.message(), Some("logs up to level info"));
    assert_eq!(probes::logging().min_level(tracing::Level::INFO).observe().status(), Status::Pass);
    assert_eq!(probes::logging().min_level(tracing::Level::DEBUG).observe().status(), Status::Fail);
}
