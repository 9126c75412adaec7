//! Starts of runs: checks that block their starter, panics, and a runtime that shuts down.

use std::{
    future::pending,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use shuttle::{
    future::{block_on, spawn, yield_now},
    rand::{Rng, thread_rng},
};
use tokio::time::Instant;

use super::{
    super::{
        engine::Engine,
        report::{Selection, gather},
        slot::Lookup,
    },
    MAX_AGE, all_at_once, in_many_interleavings, wait_until_alone,
};
use crate::{
    model::{Cause, Check, Level, Status},
    sync,
};

/// Names in the order in which the checks are started.
const BLOCKED: [&str; 2] = ["b", "e"];
const OTHERS: [&str; 5] = ["a", "c", "d", "f", "g"];

/// A check that blocks its thread until a condition holds, at its first poll or at its second one.
fn blocks(name: &str, is_released: impl Fn() -> bool + Send + Sync + 'static) -> Check {
    let is_released = Arc::new(is_released);
    Check::new(name, Level::L1, move || {
        let is_released = Arc::clone(&is_released);
        async move {
            if thread_rng().r#gen() {
                yield_now().await;
            }
            while !is_released() {
                shuttle::thread::yield_now();
            }
        }
    })
}

/// The clock stands still, and the blocked checks wait for the others: if one of these had to wait for them, it would be
/// for ever.
#[test]
fn blocked_checks_delay_no_other() {
    in_many_interleavings(|_| {
        let answered = Arc::new(AtomicUsize::new(0));
        let blocked = BLOCKED.map(|name| {
            let answered = Arc::clone(&answered);
            blocks(name, move || answered.load(Ordering::SeqCst) == OTHERS.len())
        });
        let others = OTHERS.map(|name| {
            let answered = Arc::clone(&answered);
            let check = Check::new(name, Level::L1, move || {
                let answered = Arc::clone(&answered);
                async move {
                    if thread_rng().r#gen() {
                        yield_now().await;
                    }
                    answered.fetch_add(1, Ordering::SeqCst);
                    if name == "c" {
                        // Without the panic hook.
                        resume_unwind(Box::new("on purpose"));
                    }
                }
            });
            if name == "g" { check.depends_on(["a", "f"]) } else { check }
        });
        let engine = Engine::for_checks(blocked.into_iter().chain(others).map(|check| check.max_age(MAX_AGE)));
        all_at_once(2, || {
            let engine = Arc::clone(&engine);
            async move {
                let report = gather(&engine, &Selection::everything()).await.report;
                for entry in report.entries() {
                    let (name, result) = (entry.check.name(), &entry.result);
                    let expected = if name == "c" { Some(Cause::Panicked) } else { None };
                    assert_eq!(result.cause, expected, "{name}: {result:?}");
                }
            }
        });
        wait_until_alone(&engine);
        assert_eq!(answered.load(Ordering::SeqCst), OTHERS.len(), "each check ran once");
    });
}

/// A future that is counted while it lives.
struct LiveFuture(Arc<AtomicUsize>);

impl LiveFuture {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for LiveFuture {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A run that is blocked outlives its runtime until the thread comes back. All others end at once, wherever they are.
#[test]
fn shutdown_cuts_off_every_run_but_the_blocked_ones() {
    in_many_interleavings(|_| {
        sync::start_up();
        let is_released = Arc::new(AtomicBool::new(false));
        let alive = Arc::new(AtomicUsize::new(0));
        let blocked = BLOCKED.map(|name| {
            let is_released = Arc::clone(&is_released);
            blocks(name, move || is_released.load(Ordering::SeqCst))
        });
        let others = OTHERS.map(|name| {
            let alive = Arc::clone(&alive);
            let check = Check::new(name, Level::L1, move || {
                let live = LiveFuture::new(&alive);
                async move {
                    if name != "a" {
                        pending::<()>().await;
                    }
                    drop(live);
                }
            });
            if name == "g" { check.depends_on(["a"]) } else { check }
        });
        let engine = Engine::for_checks(blocked.into_iter().chain(others));
        let ask = |selection: Selection| {
            let engine = Arc::clone(&engine);
            spawn(async move {
                let report = gather(&engine, &selection).await.report;
                for entry in report.entries() {
                    let (name, result) = (entry.check.name(), &entry.result);
                    let is_over = match &result.cause {
                        None => result.status == Status::Pass && ["a", "b", "e"].contains(&name),
                        Some(cause) => *cause == Cause::CutOff,
                    };
                    assert!(is_over, "{name}: {result:?}");
                }
            })
        };
        let whole = ask(Selection::everything());
        let without_blocked = ask(Selection::everything().without_checks(BLOCKED));
        yield_now_sometimes();
        sync::shut_down();
        block_on(without_blocked).expect("it is not cancelled");
        is_released.store(true, Ordering::SeqCst);
        block_on(whole).expect("it is not cancelled");
        wait_until_alone(&engine);
        assert_eq!(alive.load(Ordering::SeqCst), 0, "a future is left");
        for check in engine.checks().iter() {
            let (lookup, _) = check.slot.observe(&check.spec, Instant::now(), None, 0, |_| true);
            assert!(matches!(lookup, Lookup::Running(run) if run.is_new), "a run is left in its slot: {lookup:?}");
        }
    });
}

fn yield_now_sometimes() {
    for _ in 0..thread_rng().gen_range(0..30) {
        shuttle::thread::yield_now();
    }
}
