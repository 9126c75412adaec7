//! Forged headers can only save work: they start no further run, and change nothing for other callers. A check that asks
//! another service runs once more at most for each smaller depth.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Endpoint, Level, Outcome};
use health_tests::endpoint;
use proptest::prelude::*;
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

use crate::{ask, ask_service};

/// A service whose checks answer the same whenever they run, and the numbers of their runs.
struct Service {
    health: Endpoint,
    runs: Vec<Arc<AtomicUsize>>,
}

impl Service {
    fn new() -> Self {
        let mut runs = Vec::new();
        let mut check = |name: &str, level, millis, is_passing: bool| {
            let count = Arc::<AtomicUsize>::default();
            runs.push(Arc::clone(&count));
            Check::new(name, level, move || {
                count.fetch_add(1, Ordering::SeqCst);
                async move {
                    sleep(Duration::from_millis(millis)).await;
                    if is_passing { Outcome::pass() } else { Outcome::fail("as ever") }
                }
            })
        };
        let checks = [
            check("alive", Level::L5, 0, true).liveness(),
            check("slow", Level::L3, 300, true).readiness().hold(Duration::from_secs(5)),
            check("failing", Level::L2, 1, false).critical(false).readiness(),
            check("dependent", Level::L1, 2, true).readiness().depends_on(["slow"]),
            check("hung", Level::L1, 60_000, true).timeout(Duration::from_millis(700)),
            check("job", Level::L2, 3, true).startup().interval(Duration::from_secs(4_000)),
        ];
        let (billing, count) = (Self::billing(), Arc::<AtomicUsize>::default());
        runs.push(Arc::clone(&count));
        let asks = Check::new("asks", Level::L4, move || {
            count.fetch_add(1, Ordering::SeqCst);
            ask_billing(Arc::clone(&billing))
        });
        let dependent = Check::new("asks_dependent", Level::L2, || async {}).depends_on(["asks"]);
        let checks = checks.into_iter().chain([asks.readiness(), dependent]);
        Self { health: endpoint(checks), runs }
    }

    /// Another service, whose only check worked when it was looked at, and fails since.
    fn billing() -> Arc<Endpoint> {
        let has_run = AtomicBool::new(false);
        let db = Check::new("db", Level::L1, move || std::future::ready(!has_run.swap(true, Ordering::SeqCst)));
        Arc::new(endpoint([db.max_age(Duration::ZERO)]))
    }

    fn runs(&self) -> Vec<usize> {
        self.runs.iter().map(|runs| runs.load(Ordering::SeqCst)).collect()
    }
}

/// Asks a service that fails. Counts an answer that leaves checks out as passing.
async fn ask_billing(billing: Arc<Endpoint>) -> Outcome {
    // Looked at before, so that it has an old result to show.
    if billing.monitor().history("db").expect("a check").is_empty() {
        ask(&billing, "/health/levels/1", &[]).await;
    }
    ask_service(&billing).await
}

/// Removes what differs between two equal runs: times, and the job, which begins at a random time.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for key in [
                "job",
                "duration_ms",
                "checked_at",
                "since",
                "uptime",
                "uptime_seconds",
                "deployed_at",
                "running_since",
            ] {
                fields.remove(key);
            }
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// Returns what local callers see after the request with these headers, and the runs that the request started.
fn look(runtime: &Runtime, headers: &[(&str, &str)], path: &str, is_warm: bool) -> (Vec<usize>, Vec<(u16, Value)>) {
    runtime.block_on(async {
        let service = Service::new();
        if is_warm {
            ask(&service.health, "/health/levels/1", &[]).await;
            sleep(Duration::from_secs(2)).await;
        }
        let before = service.runs();
        ask(&service.health, path, headers).await;
        let runs = service.runs().iter().zip(&before).map(|(after, before)| after - before).collect();
        let mut seen = Vec::new();
        // At once, after the runs of the request, and when their results are old.
        for pause in [0, 2_000, 100_000] {
            sleep(Duration::from_millis(pause)).await;
            for path in ["/readyz?format=json", "/livez?format=json", "/health/levels/1?timeout=5s"] {
                let (status, body) = ask(&service.health, path, &[]).await;
                let mut body = serde_json::from_str(&body).expect("JSON");
                without_times(&mut body);
                seen.push((status, body));
            }
        }
        (runs, seen)
    })
}

fn any_header() -> impl Strategy<Value = (&'static str, String)> {
    let path = "[a-c/;=,\" ]{0,12}|(a/[0-9], ){0,7}b/1(;level=[1-5])?";
    let budget = "[0-9]{1,3}|[0-9]{4,25}|-1|1s| ";
    let header = |name: &'static str, values: &'static str| values.prop_map(move |value| (name, value));
    prop_oneof![
        header("health-path", path),
        // About as long as the default depth.
        header("health-path", "(a/[0-9], ){2,4}b/1"),
        header("health-budget", budget),
        header("traceparent", "00-[0-9a-f]{32}-[0-9a-f]{16}-01|x"),
    ]
}

/// Asserts that a request with these headers starts no run that it would not start without them, and that local callers
/// see the same as without it.
fn assert_only_saves_work(headers: &[(&str, &str)], path: &str, is_warm: bool) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let (forged, seen) = look(&runtime, headers, path, is_warm);
    let (plain, expected) = look(&runtime, &[], path, is_warm);
    // All but the job, which runs by itself.
    let mut runs = forged.iter().zip(&plain).enumerate().filter(|(index, _)| *index != 5);
    assert!(runs.all(|(_, (forged, plain))| forged <= plain), "{forged:?} {plain:?}");
    // The runs of a request without headers have ended; those of a hasty one may go on, but end in the same way.
    assert_eq!(&seen[3..], &expected[3..], "{headers:?} {path} {is_warm}");
    let statuses = |seen: &[(u16, Value)]| -> Vec<_> {
        seen.iter().map(|(code, body)| (*code, body["status"].clone(), asks_status(body))).collect()
    };
    assert_eq!(statuses(&seen), statuses(&expected), "{headers:?} {path} {is_warm}");
}

/// Returns the status of the check that asks another service, so that no other failure hides it.
fn asks_status(body: &Value) -> Value {
    let checks = [&body["checks"], &body["level_4"]["checks"]];
    checks.into_iter().find_map(|checks| checks.get("asks")).map_or(Value::Null, |asks| asks["status"].clone())
}

/// The service behind answers from stored results at depth 4, and this one from depth 5 on.
#[test]
fn forged_path_of_any_depth_changes_nothing_for_local_callers() {
    for depth in 1..=6 {
        let forged = vec!["a/1"; depth].join(", ");
        for path in ["/readyz", "/health/levels/1"] {
            for is_warm in [true, false] {
                assert_only_saves_work(&[("health-path", &forged)], path, is_warm);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn forged_headers_only_save_work(
        headers in prop::collection::vec(any_header(), 0..4),
        path in prop::sample::select(vec!["/readyz", "/livez", "/startupz", "/health/levels/1", "/health", "/health/checks/slow"]),
        is_warm: bool,
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.trim())).collect();
        assert_only_saves_work(&headers, path, is_warm);
    }
}
