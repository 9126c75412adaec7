//! Settings of checks on probes.

use std::time::Duration;

use health_runtime::{Check, Endpoint, Group, Level, checks, probes};
use health_tests::{ask, builder};

#[test]
fn probe_takes_the_settings_of_a_check() {
    let second = Duration::from_secs(1);
    let probe = probes::logging()
        .critical(false)
        .liveness()
        .readiness()
        .startup()
        .depends_on(["db"])
        .max_age(second)
        .interval(second * 2)
        .retry_interval(second * 3)
        .stale_after(second * 4)
        .failure_threshold(5)
        .success_threshold(6)
        .hold(second * 7)
        .degraded_after(second * 8)
        .flatten(true)
        .tags(["a", "b"])
        .description("Does it log?")
        .display("Log")
        .owner("platform")
        .runbook("https://wiki.example.com/log")
        // The probe's own settings may stand anywhere among them.
        .min_level(tracing::Level::INFO);
    let check = Check::from(probe);
    let spec = check.spec();
    assert!(!spec.is_critical() && spec.is_flattened());
    assert_eq!(Group::ALL.map(|group| spec.is_in(group)), [true; 3]);
    assert_eq!(spec.dependencies(), ["db"]);
    assert_eq!(spec.max_age(), second);
    assert_eq!((spec.interval(), spec.retry_interval()), (Some(second * 2), Some(second * 3)));
    assert_eq!(spec.stale_after(), Some(second * 4));
    assert_eq!((spec.failure_threshold(), spec.success_threshold()), (5, 6));
    assert_eq!((spec.hold(), spec.degraded_after()), (Some(second * 7), Some(second * 8)));
    assert_eq!(spec.tags(), ["a", "b"]);
    assert_eq!(spec.description(), Some("Does it log?"));
    assert_eq!((spec.display(), spec.owner()), (Some("Log"), Some("platform")));
    assert_eq!(spec.runbook(), Some("https://wiki.example.com/log"));
    assert!(spec.location().to_string().starts_with("tests/probes/settings.rs:"), "{}", spec.location());
    assert_eq!(spec.timeout(), Level::L1.default_timeout());
}

#[test]
fn settings_replace_defaults_of_the_probe() {
    let spec = |probe| Check::from(probe).spec().clone();
    assert!(spec(probes::memory()).is_flattened());
    assert!(!spec(probes::memory().flatten(false)).is_flattened());
    let deep = spec(probes::memory().level(Level::L1));
    assert_eq!(deep.timeout(), Level::L1.default_timeout());
    let quick = spec(probes::memory().timeout(Duration::from_millis(5)).level(Level::L1));
    assert_eq!(quick.timeout(), Duration::from_millis(5));
}

#[tokio::test]
async fn checks_macro_lists_different_probes() {
    let mut list =
        checks![probes::memory().readiness(), probes::runtime_lag(), Check::new("own", Level::L3, || async {})];
    list.extend(checks![probes::disk("/").name("root")]);
    let endpoint = builder(list).check(probes::logging()).build().expect("a good endpoint");
    let names: Vec<_> = endpoint.monitor().checks().map(|check| check.name().to_owned()).collect();
    assert_eq!(names, ["is_logging_enabled", "root", "memory", "own", "runtime_lag"]);
    assert_eq!(ask(endpoint.router(), "/health/checks/own", &[]).await.status, 200);
    assert!(Endpoint::builder().without_declared_checks().checks(checks![]).build().is_ok());
}
