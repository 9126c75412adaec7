//! One slot per check: its latest result, and the one run that may be alive.
//!
//! Nothing here awaits, logs or calls a user's code, so the lock is held for moments only.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    super::{changes::Outbox, timelines::CheckTimeline},
    inbox::{Address, Addresses, Progress},
    latest::Latest,
    run::{Run, RunEnd, RunHandle, RunId},
    threshold::{Count, Streak},
};
use crate::{
    model::{CheckResult, CheckSpec, Drill},
    run_result::{Provenance, RunResult},
    sync::{Mutex, lock},
};

#[derive(Debug)]
pub(in crate::monitor) struct Slot {
    state: Mutex<SlotState>,
}

#[derive(Debug)]
struct SlotState {
    /// Queues changes of the status under the lock; they are published after its release. `None` once the slot is
    /// retired: its results are then for the reports alone that still wait for them.
    outbox: Option<Outbox>,
    /// The drill in which the check is from the first result of this slot to the last.
    drill: Option<Arc<Drill>>,
    latest: Option<Latest>,
    /// A result that is not recorded, because it counts for requests alone that have passed as many services as the one
    /// whose run made it. Never older than the latest one. Boxed, because it is rare.
    limited: Option<Box<(RunId, Latest)>>,
    streak: Streak,
    run: Option<Run>,
    /// The newest run.
    newest: RunId,
    /// The newest run that has a result, or that was ended by one.
    answered: RunId,
}

/// The state in which an observer finds a check.
#[derive(Clone, Debug)]
pub(in crate::monitor) enum Lookup {
    /// A result that is young enough.
    Done(Arc<CheckResult>),
    /// A run to wait for.
    Running(RunHandle),
    /// Neither a result nor a run: the check runs in the background and has no result yet.
    Missing,
    /// The latest result, however old, if there is one: the request may neither start nor await a newer one.
    Stored,
}

impl Slot {
    /// Returns a slot with this result, or without one.
    pub(in crate::monitor) fn new(outbox: Option<Outbox>, result: Option<CheckResult>) -> Self {
        let at = Instant::now();
        let latest =
            result.map(|result| Latest { result: Arc::new(result), at, is_inherited: false, failing_since: None });
        Self { state: Mutex::new(SlotState::new(outbox, None, latest, Streak::default())) }
    }

    /// Retires the slot: from now on it publishes no change and counts no run. Its run goes on for its observers.
    pub(in crate::monitor) fn retire(&self) {
        lock(&self.state).outbox = None;
    }

    /// Retires the slot, and returns one that goes on from its results, in a drill or in none. The latest result ages from `now`, because
    /// no other one can have come before. An inherited result ages on, or a check that hangs would never be stale.
    pub(in crate::monitor) fn succeed(&self, now: Instant, drill: Option<Arc<Drill>>) -> Self {
        let mut state = lock(&self.state);
        let latest = state.latest.clone().map(|latest| {
            let at = if latest.is_inherited { latest.at } else { now };
            Latest { at, is_inherited: true, ..latest }
        });
        let outbox = state.outbox.take();
        Self { state: Mutex::new(SlotState::new(outbox, drill, latest, state.streak)) }
    }

    /// Retires the slot, and returns one with this result or without one, which publishes to the same history and another
    /// timeline.
    pub(in crate::monitor) fn restart(&self, result: Option<CheckResult>, timeline: &Arc<CheckTimeline>) -> Self {
        Self::new(lock(&self.state).outbox.take().map(|outbox| outbox.writing_to(timeline)), result)
    }

    /// Applies the four rules, in their order: a result young enough, a run to join, a run that is overdue, a new run.
    /// Returns also whether a result was recorded, to be [published](super::engine::Engine::publish).
    ///
    /// `blocked_by` names the failing dependencies of the check, `None` while they are not known yet. `may_join` returns
    /// whether the observer may wait for a run in progress, and `depth` is the number of services that it has passed.
    #[must_use]
    pub(in crate::monitor) fn observe(
        &self,
        spec: &CheckSpec,
        now: Instant,
        blocked_by: Option<&[&str]>,
        depth: u8,
        may_join: impl FnOnce(RunId) -> bool,
    ) -> (Lookup, bool) {
        let mut state = lock(&self.state);
        if let Some(result) = blocked_by.and_then(|names| state.young(spec, now, names, depth)) {
            return (Lookup::Done(result), false);
        }
        state.join_or_start(spec, now, may_join)
    }

    /// Looks the check up for a caller that demands a run: applies the last three rules, and no young result ends the run.
    #[must_use]
    pub(in crate::monitor) fn observe_anew(&self, spec: &CheckSpec, now: Instant) -> (Lookup, bool) {
        let mut state = lock(&self.state);
        let found = state.join_or_start(spec, now, |_| true);
        state.run.iter_mut().for_each(|run| run.is_demanded = true);
        found
    }

    /// Returns the run that is alive.
    pub(in crate::monitor) fn run_in_progress(&self) -> Option<RunId> {
        lock(&self.state).run.as_ref().map(|run| run.id)
    }

    /// Looks a background check up for a request, which starts nothing: the latest result, which fails once it is too
    /// old. Returns also whether a result was recorded, to be [published](super::engine::Engine::publish).
    #[must_use]
    pub(in crate::monitor) fn read(&self, spec: &CheckSpec, now: Instant) -> (Lookup, bool) {
        let mut state = lock(&self.state);
        let Some(latest) = &state.latest else { return (Lookup::Missing, false) };
        match (spec.stale_after(), latest.valid_until(spec)) {
            (Some(max_age), Some(until)) if until <= now => {
                let duration = latest.result.duration;
                // Timestamped when it became stale, not when it was read, because holds count from that moment.
                let result = state.record(spec, RunResult::Stale { max_age }, Provenance::default(), until, duration);
                (Lookup::Done(result), state.is_published())
            }
            _ => (Lookup::Done(Arc::clone(&latest.result)), false),
        }
    }

    /// Returns the progress of a run, and sends what follows to the address, unless the run is over. A run that ended
    /// with a result has this one or a newer one.
    pub(in crate::monitor) fn follow(
        &self,
        spec: &CheckSpec,
        id: RunId,
        address: impl FnOnce() -> Address,
    ) -> Progress {
        let mut state = lock(&self.state);
        if let Some(run) = state.run.as_mut().filter(|run| run.id == id) {
            if run.given_up.is_none() {
                run.observers.add(address());
            }
            return run.progress(spec);
        }
        match (&state.latest, state.limited.as_deref()) {
            (Some(latest), _) if id <= state.answered => Progress::Completed(Arc::clone(&latest.result)),
            (_, Some((newest, limited))) if id <= *newest => Progress::Completed(Arc::clone(&limited.result)),
            _ => Progress::CutOff,
        }
    }

    /// Ends a run with the stored result, once its dependencies are known, if that result is young enough after all.
    pub(in crate::monitor) fn reuse(&self, spec: &CheckSpec, id: RunId, now: Instant, blocked_by: &[&str]) -> bool {
        let mut state = lock(&self.state);
        // Another observer may have joined between the caller's look at the clock and the lock.
        let own = state.run.as_ref().filter(|run| run.id == id);
        if own.is_some_and(|run| run.is_demanded) {
            return false;
        }
        let asked_at = own.map_or(now, |run| run.asked_at);
        let Some(result) = state.young(spec, now.max(asked_at), blocked_by, 0) else { return false };
        let run = state.run.take_if(|run| run.id == id);
        let end = run.map(|run| state.answer(id, &result, run.observers));
        drop(state);
        // Nothing is published: the result was recorded before.
        drop(end);
        true
    }

    /// Records that the function is called.
    pub(in crate::monitor) fn begin(&self, spec: &CheckSpec, id: RunId, now: Instant) {
        let mut state = lock(&self.state);
        let Some(run) = state.run.as_mut().filter(|run| run.id == id) else { return };
        run.began = Some(now);
        // A run that waits for no other check begins before it has observers.
        if !run.observers.is_empty() {
            let (progress, observers) = (run.progress(spec), run.observers.clone());
            drop(state);
            observers.send(&progress);
        }
    }

    /// Ends a run with its result, unless the observers gave it up before: then it counts for nothing, as it does if the
    /// slot is retired. A result that does not count for everybody is kept, and not recorded.
    pub(in crate::monitor) fn complete(
        &self,
        spec: &CheckSpec,
        id: RunId,
        result: RunResult,
        mut provenance: Provenance,
        now: Instant,
    ) -> Option<RunEnd> {
        let mut state = lock(&self.state);
        let run = state.run.take_if(|run| run.id == id)?;
        if run.given_up.is_some() {
            return None;
        }
        // It blocked its thread past its timeout, and no observer was there to give it up.
        let duration = run.duration(now);
        let result = if run.is_overdue(spec, duration) {
            provenance.shared = None;
            RunResult::TimedOut
        } else {
            result
        };
        if provenance.min_depth > 0 {
            let result = state.limit(spec, id, result, provenance, now, duration);
            return Some(RunEnd::new(None, Progress::Completed(result), run.observers));
        }
        let result = state.record(spec, result, provenance, now, duration);
        Some(state.answer(id, &result, run.observers))
    }

    /// Records that a run is past its timeout and blocks its thread. It stays in the slot, so that no other is started.
    pub(in crate::monitor) fn give_up(&self, spec: &CheckSpec, id: RunId, now: Instant) -> Option<RunEnd> {
        let mut state = lock(&self.state);
        let mut run = state.run.take_if(|run| run.id == id && run.given_up.is_none())?;
        let result = state.record(spec, RunResult::TimedOut, Provenance::default(), now, run.duration(now));
        let observers = std::mem::take(&mut run.observers);
        run.given_up = Some(Arc::clone(&result));
        state.run = Some(run);
        Some(state.answer(id, &result, observers))
    }

    /// Removes a run that was dropped with its runtime.
    pub(in crate::monitor) fn abandon(&self, id: RunId) {
        let run = lock(&self.state).run.take_if(|run| run.id == id);
        // Not under the lock.
        drop(run.map(|run| RunEnd::new(None, Progress::CutOff, run.observers)));
    }

    /// Returns whether a run of the function is alive, given up or not.
    #[cfg(feature = "metrics")]
    pub(in crate::monitor) fn is_running(&self) -> bool {
        lock(&self.state).run.as_ref().is_some_and(|run| run.began.is_some())
    }

    /// Returns until when readiness holds on to the last pass of a check that fails in a report that was asked for at
    /// this time. The first report on a failure that is not recorded begins the hold, if it may.
    pub(in crate::monitor) fn hold(&self, spec: &CheckSpec, asked_at: Instant, may_begin: bool) -> Option<Instant> {
        lock(&self.state).latest.as_mut()?.hold(spec, asked_at, may_begin)
    }

    /// Returns until when readiness holds on to the last pass of a failing check. Begins no hold.
    #[cfg(feature = "page")]
    pub(in crate::monitor) fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        lock(&self.state).latest.as_ref()?.held_until(spec)
    }

    /// Ends a hold that began with a failure in a report alone: readiness found the check working.
    pub(in crate::monitor) fn end_hold(&self) {
        if let Some(latest) = lock(&self.state).latest.as_mut().filter(|latest| !latest.result.is_failing) {
            latest.failing_since = None;
        }
    }

    /// Returns the latest result that counts for a request of this depth, however old.
    pub(in crate::monitor) fn latest_at(&self, depth: u8) -> Option<Latest> {
        let state = lock(&self.state);
        state.limited_at(depth).or(state.latest.as_ref()).cloned()
    }

    /// Returns the latest recorded result, however old.
    pub(in crate::monitor) fn latest(&self) -> Option<Latest> {
        lock(&self.state).latest.clone()
    }
}

impl SlotState {
    const fn new(outbox: Option<Outbox>, drill: Option<Arc<Drill>>, latest: Option<Latest>, streak: Streak) -> Self {
        Self { outbox, drill, latest, limited: None, streak, run: None, newest: RunId(0), answered: RunId(0) }
    }

    /// Returns whether results count.
    const fn is_published(&self) -> bool {
        self.outbox.is_some()
    }

    /// Notes that a run has a result. Ids only grow, and at most one run is alive.
    fn answer(&mut self, id: RunId, result: &Arc<CheckResult>, observers: Addresses) -> RunEnd {
        self.answered = id;
        let recorded = self.is_published().then(|| Arc::clone(result));
        RunEnd::new(recorded, Progress::Completed(Arc::clone(result)), observers)
    }

    /// Returns a stored result that counts at this depth, if it is young and names exactly the dependencies that fail now.
    fn young(&self, spec: &CheckSpec, now: Instant, blocked_by: &[&str], depth: u8) -> Option<Arc<CheckResult>> {
        let max_age = spec.max_age();
        if max_age.is_zero() {
            return None;
        }
        let is_young = |latest: &&Latest| {
            !latest.is_inherited && now - latest.at < max_age && latest.result.blocked_by() == blocked_by
        };
        let latest = self.latest.as_ref().filter(is_young).or_else(|| self.limited_at(depth).filter(is_young))?;
        Some(Arc::clone(&latest.result))
    }

    /// Returns the result that is not recorded, if it counts at this depth.
    fn limited_at(&self, depth: u8) -> Option<&Latest> {
        self.limited.as_deref().map(|(_, limited)| limited).filter(|limited| limited.result.min_depth <= depth)
    }

    /// Joins the run in progress, unless it is overdue, or starts one. Returns also whether a result was recorded.
    fn join_or_start(
        &mut self,
        spec: &CheckSpec,
        now: Instant,
        may_join: impl FnOnce(RunId) -> bool,
    ) -> (Lookup, bool) {
        let Some(run) = &mut self.run else { return (Lookup::Running(self.start(now)), false) };
        let duration = run.duration(now);
        if run.is_overdue(spec, duration) {
            let since = run.began_at(duration);
            let result = self.record(spec, RunResult::StillRunning { since }, Provenance::default(), now, duration);
            return (Lookup::Done(result), self.is_published());
        }
        if !may_join(run.id) {
            return (Lookup::Stored, false);
        }
        run.asked_at = run.asked_at.max(now);
        (Lookup::Running(RunHandle { id: run.id, is_new: false }), false)
    }

    fn start(&mut self, now: Instant) -> RunHandle {
        self.newest.0 += 1;
        self.run = Some(Run::new(self.newest, now));
        RunHandle { id: self.newest, is_new: true }
    }

    fn record(
        &mut self,
        spec: &CheckSpec,
        result: RunResult,
        provenance: Provenance,
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
        let before = before.as_deref();
        let provenance = Provenance { drill: self.drill.clone(), ..provenance };
        let result = result.into_check_result(spec, before, provenance, is_failing, consecutive, duration);
        let result = Arc::new(result);
        if let Some(outbox) = &self.outbox {
            outbox.put(spec, before, &result, is_excused, now);
        }
        self.latest = Some(Latest { result: Arc::clone(&result), at: now, is_inherited: false, failing_since });
        self.limited = None;
        result
    }

    /// Keeps a result that only requests of this depth may see. It counts for no threshold, change or hold.
    #[cold]
    fn limit(
        &mut self,
        spec: &CheckSpec,
        id: RunId,
        result: RunResult,
        provenance: Provenance,
        now: Instant,
        duration: Duration,
    ) -> Arc<CheckResult> {
        let before = self.latest.as_ref().map(|latest| &*latest.result);
        let was_failing = before.is_some_and(|before| before.is_failing);
        let mut streak = self.streak;
        let Count { is_failing, consecutive } = streak.add(&result, spec, was_failing);
        let provenance = Provenance { drill: self.drill.clone(), ..provenance };
        let result = result.into_check_result(spec, before, provenance, is_failing, consecutive, duration);
        let result = Arc::new(result);
        let limited = Latest { result: Arc::clone(&result), at: now, is_inherited: false, failing_since: None };
        self.limited = Some(Box::new((id, limited)));
        result
    }
}
