use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    super::{
        changes::Outbox,
        timelines::{CheckTimeline, Timelines},
    },
    GIVE_UP_GRACE, Lookup, RunId, Slot,
    run::RunHandle,
};
use crate::{
    model::{Cause, Check, CheckSpec, Level, Outcome},
    run_result::{Provenance, RunResult},
};

fn slot() -> Slot {
    let check = Check::new("slot", Level::L1, || async {});
    let timeline = CheckTimeline::new(&Timelines::new(Instant::now()), check.spec());
    Slot::new(Some(Outbox::new(Arc::default(), Arc::default(), Arc::default(), timeline)), None)
}

fn pass() -> RunResult {
    RunResult::Answered(Outcome::pass())
}

fn run(slot: &Slot, spec: &CheckSpec, now: Instant) -> RunId {
    match slot.observe(spec, now, None, 0, |_| true).0 {
        Lookup::Running(run) => run.id,
        other => panic!("{other:?}"),
    }
}

/// The observer that starts a run may look at the clock, be held up, and reuse a result for one that came later.
#[test]
fn result_too_old_for_a_later_observer_is_not_reused() {
    let check = Check::new("db", Level::L1, || async {}).max_age(Duration::from_millis(80));
    let (spec, slot, start) = (check.spec(), slot(), Instant::now());
    let at = |millis| start + Duration::from_millis(millis);
    let run = |now| run(&slot, spec, now);
    let first = run(at(0));
    assert!(slot.complete(spec, first, pass(), Provenance::default(), at(0)).is_some());

    let second = run(at(50));
    assert_eq!(run(at(90)), second);
    assert!(!slot.reuse(spec, second, at(50), &[]), "it is 90 ms old for the observer that joined");
    slot.abandon(second);

    let third = run(at(50));
    assert_eq!(run(at(70)), third);
    assert!(slot.reuse(spec, third, at(60), &[]));
}

/// No observer was there to give it up.
#[test]
fn run_that_ends_after_its_grace_has_timed_out() {
    let check = Check::new("db", Level::L1, || async {});
    let (spec, slot, start) = (check.spec(), slot(), Instant::now());
    let ends_after = |time| {
        let id = run(&slot, spec, start);
        slot.begin(spec, id, start);
        slot.complete(spec, id, pass(), Provenance::default(), start + time)
            .and_then(|end| end.recorded.clone())
            .expect("a result")
            .cause
            .clone()
    };
    let limit = spec.timeout() + GIVE_UP_GRACE;
    assert_eq!(ends_after(limit), Some(Cause::TimedOut));
    assert_eq!(ends_after(limit.saturating_sub(Duration::from_nanos(1))), None);
}

/// A blocked thread is given up at its timeout. Observers within the grace learn that it still runs.
#[test]
fn run_that_was_given_up_is_overdue_at_once() {
    let check = Check::new("db", Level::L1, || async {}).max_age(Duration::ZERO);
    let (spec, slot, start) = (check.spec(), slot(), Instant::now());
    let id = run(&slot, spec, start);
    slot.begin(spec, id, start);
    let timeout = start + spec.timeout();
    assert!(matches!(
        slot.observe(spec, timeout, Some(&[]), 0, |_| true).0,
        Lookup::Running(RunHandle { is_new: false, .. })
    ));
    assert!(slot.give_up(spec, id, timeout).is_some());
    let Lookup::Done(result) = slot.observe(spec, timeout, Some(&[]), 0, |_| true).0 else { panic!("it is overdue") };
    assert!(matches!(result.cause, Some(Cause::StillRunning { .. })), "{result:?}");
}

/// An observer may be held up between its look at the clock and the lock, until another run has begun.
#[test]
fn late_observer_does_not_give_up_a_newer_run() {
    let check = Check::new("db", Level::L1, || async {});
    let (spec, slot, now) = (check.spec(), slot(), Instant::now());
    let older = run(&slot, spec, now);
    slot.abandon(older);
    let newer = run(&slot, spec, now);
    assert!(slot.give_up(spec, older, now).is_none());
    assert!(slot.give_up(spec, newer, now).is_some());
    assert!(slot.give_up(spec, newer, now).is_none(), "it is given up once");
    assert!(slot.complete(spec, newer, pass(), Provenance::default(), now).is_none());
}

/// It counts for requests as deep until it is old, and for no reader at all.
#[test]
fn limited_result_is_kept_and_not_recorded() {
    let check = Check::new("db", Level::L1, || async {}).max_age(Duration::from_millis(80));
    let (spec, slot, start) = (check.spec(), slot(), Instant::now());
    let found = |depth, millis| slot.observe(spec, start + Duration::from_millis(millis), Some(&[]), depth, |_| true).0;
    let Lookup::Running(deep) = found(3, 0) else { panic!("no run") };
    let end = slot
        .complete(spec, deep.id, pass(), Provenance { min_depth: 3, ..Provenance::default() }, start)
        .expect("an end");
    assert!(end.recorded.is_none() && slot.latest().is_none());
    assert!(matches!(found(3, 79), Lookup::Done(_)) && matches!(found(4, 79), Lookup::Done(_)));
    assert!(slot.latest_at(3).is_some() && slot.latest_at(2).is_none());

    let Lookup::Running(local) = found(2, 79) else { panic!("no run") };
    assert!(
        slot.complete(spec, local.id, pass(), Provenance::default(), start).is_some_and(|end| end.recorded.is_some())
    );
    assert!(slot.latest_at(3).is_some_and(|latest| latest.result.min_depth == 0), "a later one replaces it");
}
