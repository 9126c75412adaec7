//! Requests with forged paths, and local callers at the same time.

use http::{HeaderMap, HeaderValue};

use super::*;
use crate::{
    health_path::{LIMITED_HEADER, LoopGuard, RequestOrigin, RunContext},
    model::Status,
    registry::Registry,
};

/// A check that asks a service, which counts what that one leaves out as passing.
fn asking(billing: &Arc<Engine>, runs: &Arc<AtomicUsize>) -> [Check; 2] {
    // Weak, so that the test sees when no run is left there.
    let (billing, runs) = (Arc::downgrade(billing), Arc::clone(runs));
    let asks = Check::new("asks", Level::L3, move || {
        runs.fetch_add(1, Ordering::SeqCst);
        let billing = billing.upgrade().expect("an engine");
        // At once: all tasks of the model checker share a thread, which knows only the run that was polled last.
        let run = RunContext::current().expect("a run");
        async move {
            let headers = run.headers(run.end.expect("it has begun"));
            yield_now().await;
            let origin = RequestOrigin::from_headers(&headers).expect("good headers");
            let answer = gather(&billing, &Selection::everything().asked_from(origin)).await;
            if answer.is_limited {
                let limited = HeaderMap::from_iter([(LIMITED_HEADER, HeaderValue::from_static("?1"))]);
                run.note_response(&limited);
                return Outcome::pass();
            }
            Outcome::new(answer.report.status())
        }
    });
    let dependent = Check::new("dependent", Level::L2, || async { yield_now().await }).depends_on(["asks"]);
    [asks, dependent].map(|check| check.max_age(Duration::from_secs(3_600)))
}

/// The clock stands still, so that a report that looked again for ever would not end.
#[test]
fn forged_paths_hide_no_failure_from_shallower_requests() {
    in_many_interleavings(|_| {
        let db = Check::new("db", Level::L1, || async { false }).max_age(Duration::ZERO);
        let registry = Registry::builder().check(db).build().expect("a good check");
        let billing = Arc::new(Engine::new(registry, LoopGuard::new(None).with_max_depth(Some(2))));
        let runs = Arc::new(AtomicUsize::new(0));
        let orders = Engine::for_checks(asking(&billing, &runs));
        let callers: Vec<_> = (0..thread_rng().gen_range(2..5)).map(|_| thread_rng().gen_range(0..5)).collect();
        let callers = callers.into_iter().chain([0]).map(|depth: usize| {
            let path = HeaderValue::try_from("a/1,".repeat(depth)).expect("a path");
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static("health-path"), path)]);
            let origin = RequestOrigin::from_headers(&headers).expect("good headers");
            let orders = Arc::clone(&orders);
            let report = async move { gather(&orders, &Selection::everything().asked_from(origin)).await };
            (depth, spawn(report))
        });
        for (depth, caller) in callers.collect::<Vec<_>>() {
            let gathered = block_on(caller).expect("it is not cancelled");
            let is_failing = gathered.report.entries().iter().all(|entry| entry.result.status() == Status::Fail);
            assert!(is_failing || gathered.is_limited && depth > 0, "{depth}: {:?}", gathered.report);
        }
        wait_until_alone(&orders);
        wait_until_alone(&billing);
        let recorded: Vec<_> =
            orders.checks().iter().map(|check| check.latest().map(|latest| latest.is_failing)).collect();
        // The dependent is known to be blocked before a run of its own records it.
        assert!(matches!(recorded[..], [None | Some(true), Some(true)]), "{recorded:?}");
        // Each depth once at most.
        assert!(runs.load(Ordering::SeqCst) <= 5, "{runs:?}");
    });
}
