//! Updates of the checks, and drills, against reports and runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use shuttle::{
    future::{block_on, spawn, yield_now},
    rand::{Rng, thread_rng},
};

use super::{
    super::{
        engine::Engine,
        monitor::Monitor,
        report::{Selection, gather},
        update::CheckUpdate,
    },
    MAX_AGE, all_at_once, in_many_interleavings, number, wait_until_alone,
};
use crate::model::{Check, Forced, Level, Outcome};

/// Two checks, of which the second depends on the first. The first one's data is the number, and it passes if that is
/// even.
fn pair(number: usize) -> [Check; 2] {
    let db = Check::new("db", Level::L1, move || async move {
        yield_now().await;
        let outcome = if number.is_multiple_of(2) { Outcome::pass() } else { Outcome::fail("odd") };
        outcome.with_data(number.into())
    });
    let api = Check::new("api", Level::L1, || async { yield_now().await }).depends_on(["db"]);
    [db, api].map(|check| check.max_age(MAX_AGE))
}

/// The clock stands still, so that every result stays young.
#[test]
fn reports_see_updates_whole_and_no_result_from_before() {
    in_many_interleavings(|_| {
        let engine = Engine::for_checks(pair(0));
        let applied = Arc::new(AtomicUsize::new(0));
        let mut events = engine.changes.subscribe();
        let updater = {
            let (monitor, applied) = (Monitor { engine: Arc::clone(&engine) }, Arc::clone(&applied));
            spawn(async move {
                let mut is_there = true;
                for number in 1..=3 {
                    let ([db, api], update) = (pair(number), CheckUpdate::new());
                    let update = match thread_rng().gen_range(0..4) {
                        _ if !is_there => update.add(db).add(api),
                        0 => update.replace(db),
                        1 => update.replace(api).replace(db),
                        2 => update.remove("db").remove("api").add(api).add(db),
                        _ => update.remove("api").remove("db"),
                    };
                    monitor.update(update).expect("a good update");
                    is_there = monitor.spec("db").is_some();
                    applied.store(number, Ordering::SeqCst);
                    yield_now().await;
                }
            })
        };
        all_at_once(2, || {
            let (engine, applied) = (Arc::clone(&engine), Arc::clone(&applied));
            async move {
                for _ in 0..2 {
                    let before = applied.load(Ordering::SeqCst);
                    let gathered = gather(&engine, &Selection::everything()).await;
                    let after = applied.load(Ordering::SeqCst);
                    let is_valid = gathered.is_valid(&engine);
                    let [db, api] = ["db", "api"].map(|name| gathered.report.result(name));
                    let (Some(db), Some(api)) = (db, api) else {
                        assert!(db.is_none() && api.is_none(), "half an update: {:?}", gathered.report);
                        continue;
                    };
                    assert_eq!(api.blocked_by().is_empty(), !db.is_failing, "{:?}", gathered.report);
                    let number = number(db).expect("it has answered");
                    assert!(number >= before, "a result of {number} after update {before}");
                    assert!(!is_valid || number >= after, "a stored answer of {number} after update {after}");
                }
            }
        });
        block_on(updater).expect("it is not cancelled");
        wait_until_alone(&engine);
        let mut before = None;
        while let Ok(change) = events.try_recv() {
            if change.check() == "db" {
                assert!(change.previous().is_none() || change.previous() == before, "{change:?} after {before:?}");
                before = Some(change.current());
            }
        }
    });
}

/// The functions pass, so every failure is forced. The clock stands still, so that a stored result stays young.
#[test]
fn forced_results_are_shown_with_their_drill_and_none_outlives_it() {
    in_many_interleavings(|_| {
        let engine = Engine::for_checks(pair(0));
        let mut events = engine.changes.subscribe();
        let operator = {
            let monitor = Monitor { engine: Arc::clone(&engine) };
            spawn(async move {
                for _ in 0..2 {
                    let forced = if thread_rng().r#gen() { Forced::fail("drill") } else { Forced::panic("drill") };
                    monitor.drill("db", forced, Duration::from_secs(60)).expect("a drill");
                    yield_now().await;
                    match thread_rng().gen_range(0..3) {
                        0 => monitor.undrill("db").expect("a check"),
                        1 => monitor.replace(pair(0)[0].clone()).expect("a good check"),
                        _ => {}
                    }
                    yield_now().await;
                }
                monitor.undrill("db").expect("a check");
            })
        };
        all_at_once(2, || {
            let engine = Arc::clone(&engine);
            async move {
                for _ in 0..2 {
                    let gathered = gather(&engine, &Selection::everything()).await;
                    for entry in gathered.report.entries() {
                        assert!(!entry.result.is_failing || entry.drill.is_some(), "{:?}", gathered.report);
                    }
                }
            }
        });
        block_on(operator).expect("it is not cancelled");
        let last = block_on(gather(&engine, &Selection::everything()));
        assert!(last.report.entries().iter().all(|entry| !entry.result.is_failing), "{:?}", last.report);
        wait_until_alone(&engine);
        for check in engine.checks().iter() {
            let latest = check.latest().expect("a result");
            assert!(latest.drill.is_none() && !latest.is_failing, "{latest:?}");
        }
        while let Ok(change) = events.try_recv() {
            assert!(change.is_drill() || change.previous().is_none(), "{change:?}");
        }
    });
}

/// A drill that begins beside a drain is refused, or ended by it.
#[test]
fn no_drill_survives_a_drain() {
    in_many_interleavings(|_| {
        let engine = Engine::for_checks(pair(0));
        let operator = {
            let monitor = Monitor { engine: Arc::clone(&engine) };
            spawn(async move { drop(monitor.drill("db", Forced::fail("drill"), Duration::from_secs(60))) })
        };
        let drain = {
            let monitor = Monitor { engine: Arc::clone(&engine) };
            spawn(async move { monitor.drain() })
        };
        block_on(operator).expect("it is not cancelled");
        block_on(drain).expect("it is not cancelled");
        assert!(engine.is_draining() && !engine.checks().has_drills());
        wait_until_alone(&engine);
    });
}
