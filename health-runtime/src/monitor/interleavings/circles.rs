//! Services that ask each other in a circle, and a local caller at each of them at the same time.

use std::sync::{OnceLock, Weak};

use super::*;
use crate::{
    health_path::{RequestOrigin, RunContext},
    model::Status,
};

/// The services by their numbers. Weak, because each check holds them.
type Ring = Arc<Vec<OnceLock<Weak<Engine>>>>;

/// A check that asks a service, at once or later. With a dependency that does.
fn asking(ring: &Ring, next: usize, runs: &Arc<Vec<AtomicUsize>>, is_late: bool) -> [Check; 2] {
    let (ring, runs) = (Arc::clone(ring), Arc::clone(runs));
    let asks = Check::new("asks", Level::L3, move || {
        runs[next].fetch_add(1, Ordering::SeqCst);
        let next = ring[next].get().and_then(Weak::upgrade).expect("an engine");
        // At once: all tasks of the model checker share a thread, which knows only the run that was polled last.
        let run = RunContext::current().expect("a run");
        async move {
            if is_late {
                yield_now().await;
            }
            let headers = run.headers(run.end.expect("it has begun"));
            yield_now().await;
            let origin = RequestOrigin::from_headers(&headers).expect("good headers");
            let report = gather(&next, &Selection::everything().asked_from(origin)).await.report;
            Outcome::new(report.status())
        }
    });
    let dependent = Check::new("dependent", Level::L2, || async { yield_now().await }).depends_on(["asks"]);
    [asks, dependent].map(|check| check.max_age(Duration::from_secs(3_600)))
}

/// The clock stands still, so that a circle of waiting runs is a deadlock.
#[test]
fn services_in_a_circle_do_not_wait_for_each_other() {
    in_many_interleavings(|_| {
        let size = thread_rng().gen_range(1..4);
        let ring: Ring = Arc::new((0..size).map(|_| OnceLock::new()).collect());
        let runs = Arc::new((0..size).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
        let engine = |index: usize| {
            let engine = Engine::for_checks(asking(&ring, (index + 1) % size, &runs, thread_rng().r#gen()));
            ring[index].set(Arc::downgrade(&engine)).expect("once");
            engine
        };
        let engines: Vec<_> = (0..size).map(engine).collect();
        let callers = engines.iter().map(|engine| {
            let engine = Arc::clone(engine);
            spawn(async move { gather(&engine, &Selection::everything()).await.report })
        });
        for caller in callers.collect::<Vec<_>>() {
            let report = block_on(caller).expect("it is not cancelled");
            assert_ne!(report.status(), Status::Fail, "{report:?}");
        }
        engines.iter().for_each(wait_until_alone);
        for runs in &*runs {
            assert_eq!(runs.load(Ordering::SeqCst), 1, "a ring of {size}");
        }
    });
}
