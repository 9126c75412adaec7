//! One slot per check: its latest result, and the one run that may be alive.
//!
//! Nothing here awaits, logs or calls a user's code, so the lock is held for moments only.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    changes::Outbox,
    threshold::{Count, Streak},
};
use crate::{
    model::{Cause, CheckResult, CheckSpec},
    run_result::RunResult,
    sync::{Mutex, lock, watch},
    time::after,
};

/// Time after a check's timeout in which a run can report it, before its observers give it up as one that blocks its
/// thread.
pub(super) const GIVE_UP_GRACE: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Slot {
    /// Queues changes of the status under the lock; they are published after its release.
    outbox: Outbox,
    state: Mutex<SlotState>,
}

#[derive(Debug, Default)]
struct SlotState {
    latest: Option<Latest>,
    streak: Streak,
    run: Option<Run>,
    runs_so_far: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Latest {
    pub(super) result: Arc<CheckResult>,
    at: Instant,
    /// Time at which the check stopped passing; `None` while it does not fail, and if it never passed. While it passes:
    /// the time since which readiness reports have known of a failure that is not recorded.
    failing_since: Option<Instant>,
}

impl Latest {
    /// Returns the time until which the result is valid. A background check's result is valid until it is stale; a
    /// stale result has no end.
    pub(super) fn valid_until(&self, spec: &CheckSpec) -> Option<Instant> {
        match (spec.stale_after(), &self.result.cause) {
            (Some(_), Some(Cause::Stale)) => None,
            (Some(stale_after), _) => Some(after(self.at, stale_after)),
            (None, _) => Some(after(self.at, spec.max_age())),
        }
    }

    /// Returns the time until which readiness holds on to the last pass.
    fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        Some(after(self.failing_since?, spec.hold()?))
    }
}

/// The one run that may be alive.
#[derive(Debug)]
struct Run {
    id: RunId,
    progress: watch::Sender<Progress>,
    /// Time of the latest observer's request. The result must not be too old for that observer.
    asked_at: Instant,
    /// Time at which the function was called, also on the wall clock.
    began: Option<(Instant, SystemTime)>,
    /// Whether its observers gave it up. Its result is then discarded.
    given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunId(u64);

/// The progress of a run, as its observers see it.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    /// It waits for the checks that it depends on.
    Waiting,
    /// The function runs, up to this time.
    Running { deadline: Instant },
    /// It is over, or given up.
    Completed(Arc<CheckResult>),
}

/// An observer's handle of a run.
#[derive(Clone, Debug)]
pub(super) struct RunHandle {
    pub(super) id: RunId,
    pub(super) progress: watch::Receiver<Progress>,
    /// Whether the run was made for this observer, who has to start it.
    pub(super) is_new: bool,
}

/// The state in which an observer finds a check.
#[derive(Clone, Debug)]
pub(super) enum Lookup {
    /// A result that is young enough.
    Done(Arc<CheckResult>),
    /// A run to wait for.
    Running(RunHandle),
    /// Neither a result nor a run: the check runs in the background and has no result yet.
    Missing,
}

impl Slot {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { outbox, state: Mutex::default() }
    }

    /// Applies the four rules, in their order: a result young enough, a run to join, a run that is overdue, a new run.
    /// Returns also whether a result was recorded, to be [published](super::engine::Engine::publish).
    ///
    /// `blocked_by` names the failing dependencies of the check, `None` while they are not known yet.
    #[must_use]
    pub(super) fn observe(&self, spec: &CheckSpec, now: Instant, blocked_by: Option<&[&str]>) -> (Lookup, bool) {
        let mut state = lock(&self.state);
        if let Some(result) = blocked_by.and_then(|names| state.young(spec, now, names)) {
            return (Lookup::Done(result), false);
        }
        match &mut state.run {
            Some(run) if !run.is_overdue(spec, now) => {
                run.asked_at = run.asked_at.max(now);
                (Lookup::Running(run.handle(false)), false)
            }
            Some(run) => {
                let since = run.began.map_or_else(SystemTime::now, |(_, since)| since);
                let duration = run.duration(now);
                let result = state.record(&self.outbox, spec, RunResult::StillRunning { since }, now, duration);
                (Lookup::Done(result), true)
            }
            None => (Lookup::Running(state.start(now)), false),
        }
    }

    /// Looks a background check up for a request, which starts nothing: the latest result, which fails once it is too
    /// old. Returns also whether a result was recorded, to be [published](super::engine::Engine::publish).
    #[must_use]
    pub(super) fn read(&self, spec: &CheckSpec, now: Instant) -> (Lookup, bool) {
        let mut state = lock(&self.state);
        let Some(latest) = &state.latest else { return (Lookup::Missing, false) };
        match (spec.stale_after(), latest.valid_until(spec)) {
            (Some(max_age), Some(until)) if until <= now => {
                let duration = latest.result.duration;
                // Timestamped when it became stale, not when it was read, because holds count from that moment.
                let result = state.record(&self.outbox, spec, RunResult::Stale { max_age }, until, duration);
                (Lookup::Done(result), true)
            }
            _ => (Lookup::Done(Arc::clone(&latest.result)), false),
        }
    }

    /// Ends a run with the stored result, once its dependencies are known, if that result is young enough after all.
    pub(super) fn reuse(&self, spec: &CheckSpec, id: RunId, now: Instant, blocked_by: &[&str]) -> bool {
        let mut state = lock(&self.state);
        // Another observer may have joined between the caller's look at the clock and the lock.
        let asked_at = state.run.as_ref().filter(|run| run.id == id).map_or(now, |run| run.asked_at);
        let Some(result) = state.young(spec, now.max(asked_at), blocked_by) else { return false };
        if let Some(run) = state.take(id) {
            run.progress.send_replace(Progress::Completed(result));
        }
        true
    }

    /// Records that the function is called.
    pub(super) fn begin(&self, spec: &CheckSpec, id: RunId, now: Instant) {
        let mut state = lock(&self.state);
        if let Some(run) = state.run.as_mut().filter(|run| run.id == id) {
            run.began = Some((now, SystemTime::now()));
            run.progress.send_replace(Progress::Running { deadline: after(now, spec.timeout()) });
        }
    }

    /// Ends a run. Records its result, unless the observers gave it up before.
    #[must_use]
    pub(super) fn complete(
        &self,
        spec: &CheckSpec,
        id: RunId,
        result: RunResult,
        now: Instant,
    ) -> Option<Arc<CheckResult>> {
        let mut state = lock(&self.state);
        let run = state.take(id)?;
        if run.given_up {
            return None;
        }
        // It blocked its thread past its timeout, and no observer was there to give it up.
        let result = if run.is_overdue(spec, now) { RunResult::TimedOut } else { result };
        let result = state.record(&self.outbox, spec, result, now, run.duration(now));
        run.progress.send_replace(Progress::Completed(Arc::clone(&result)));
        Some(result)
    }

    /// Records that a run is past its timeout and blocks its thread. It stays in the slot, so that no other is started.
    #[must_use]
    pub(super) fn give_up(&self, spec: &CheckSpec, id: RunId, now: Instant) -> Option<Arc<CheckResult>> {
        let mut state = lock(&self.state);
        let run = state.run.as_mut().filter(|run| run.id == id && !run.given_up)?;
        run.given_up = true;
        let duration = run.duration(now);
        let result = state.record(&self.outbox, spec, RunResult::TimedOut, now, duration);
        if let Some(run) = &state.run {
            run.progress.send_replace(Progress::Completed(Arc::clone(&result)));
        }
        Some(result)
    }

    /// Removes a run that was dropped with its runtime. Its observers see that the sender is dropped.
    pub(super) fn abandon(&self, id: RunId) {
        lock(&self.state).take(id);
    }

    /// Returns whether a run of the function is alive, given up or not.
    #[cfg(feature = "metrics")]
    pub(super) fn is_running(&self) -> bool {
        lock(&self.state).run.as_ref().is_some_and(|run| run.began.is_some())
    }

    /// Returns until when readiness holds on to the last pass of a check that fails in a report that was asked for at
    /// this time. The first report on a failure that is not recorded begins the hold.
    pub(super) fn hold(&self, spec: &CheckSpec, asked_at: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        let latest = state.latest.as_mut()?;
        if !latest.result.is_failing {
            latest.failing_since.get_or_insert(asked_at);
        }
        latest.held_until(spec)
    }

    /// Returns until when readiness holds on to the last pass of a failing check. Begins no hold.
    #[cfg(feature = "page")]
    pub(super) fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        lock(&self.state).latest.as_ref()?.held_until(spec)
    }

    /// Ends a hold that began with a failure in a report alone: readiness found the check working.
    pub(super) fn end_hold(&self) {
        if let Some(latest) = lock(&self.state).latest.as_mut().filter(|latest| !latest.result.is_failing) {
            latest.failing_since = None;
        }
    }

    /// Returns the latest result, however old.
    pub(super) fn latest(&self) -> Option<Latest> {
        lock(&self.state).latest.clone()
    }
}

impl SlotState {
    /// Returns the stored result if it is young and names exactly the dependencies that fail now.
    fn young(&self, spec: &CheckSpec, now: Instant, blocked_by: &[&str]) -> Option<Arc<CheckResult>> {
        let latest = self.latest.as_ref()?;
        let is_young = now - latest.at < spec.max_age();
        (is_young && latest.result.blocked_by() == blocked_by).then(|| Arc::clone(&latest.result))
    }

    fn start(&mut self, now: Instant) -> RunHandle {
        self.runs_so_far += 1;
        let (progress, _) = watch::channel(Progress::Waiting);
        let run = Run { id: RunId(self.runs_so_far), progress, asked_at: now, began: None, given_up: false };
        self.run.insert(run).handle(true)
    }

    fn take(&mut self, id: RunId) -> Option<Run> {
        self.run.take_if(|run| run.id == id)
    }

    fn record(
        &mut self,
        outbox: &Outbox,
        spec: &CheckSpec,
        result: RunResult,
        now: Instant,
        duration: Duration,
    ) -> Arc<CheckResult> {
        let before = self.latest.take();
        let was_failing = before.as_ref().is_some_and(|before| before.result.is_failing);
        let Count { is_failing, consecutive } = self.streak.add(&result, spec, was_failing);
        let known = before.as_ref().and_then(|before| before.failing_since);
        let since = if was_failing { known } else { known.or(Some(now)) };
        let failing_since = before.as_ref().filter(|_| is_failing).and(since);
        let before = before.map(|before| before.result);
        let is_excused = result.is_excused();
        let result = Arc::new(result.into_check_result(spec, before.as_deref(), is_failing, consecutive, duration));
        outbox.put(spec, before.as_deref(), &result, is_excused);
        self.latest = Some(Latest { result: Arc::clone(&result), at: now, failing_since });
        result
    }
}

impl Run {
    fn handle(&self, is_new: bool) -> RunHandle {
        RunHandle { id: self.id, progress: self.progress.subscribe(), is_new }
    }

    /// Returns for how long the function has been running.
    fn duration(&self, now: Instant) -> Duration {
        self.began.map_or(Duration::ZERO, |(began, _)| now - began)
    }

    fn is_overdue(&self, spec: &CheckSpec, now: Instant) -> bool {
        self.given_up
            || self.began.is_some_and(|(began, _)| now - began >= spec.timeout().saturating_add(GIVE_UP_GRACE))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{changes::Changes, muting::Muting};
    use super::*;
    use crate::model::{Check, Level, Outcome};

    fn slot() -> Slot {
        Slot::new(Outbox::new(Arc::new(Changes::default()), Arc::new(Muting::default()), Arc::default()))
    }

    fn pass() -> RunResult {
        RunResult::Answered(Outcome::pass())
    }

    fn run(slot: &Slot, spec: &CheckSpec, now: Instant) -> RunId {
        match slot.observe(spec, now, None).0 {
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
        assert!(slot.complete(spec, first, pass(), at(0)).is_some());

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
            slot.complete(spec, id, pass(), start + time).expect("a recorded result").cause.clone()
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
        assert!(matches!(slot.observe(spec, timeout, Some(&[])).0, Lookup::Running(RunHandle { is_new: false, .. })));
        assert!(slot.give_up(spec, id, timeout).is_some());
        let Lookup::Done(result) = slot.observe(spec, timeout, Some(&[])).0 else { panic!("it is overdue") };
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
        assert!(slot.complete(spec, newer, pass(), now).is_none());
    }
}
