//! One slot per check: its latest result, and the one run that may be alive.
//!
//! Nothing here awaits, logs or calls a user's code, so the lock is held for moments only.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    events::Outbox,
    threshold::{Count, Streak, Thresholds},
    verdict::Verdict,
};
use crate::{
    model::{Cause, CheckResult, CheckSpec},
    sync::{Mutex, lock, watch},
    time::after,
};

/// How long after a check's timeout its observers leave it to the run to say so, before they give it up as
/// one that blocks its thread.
pub(super) const GRACE: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Slot {
    /// Where changes of the status are put, under the lock, to be told after it.
    outbox: Outbox,
    state: Mutex<SlotState>,
}

#[derive(Debug, Default)]
struct SlotState {
    latest: Option<Latest>,
    streak: Streak,
    flight: Option<Flight>,
    flights_so_far: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Latest {
    pub(super) result: Arc<CheckResult>,
    at: Instant,
    /// When the check stopped passing; `None` while it does not fail, and if it never passed. While it passes: since when
    /// reports on readiness have known of a failure that is not recorded.
    failing_since: Option<Instant>,
}

impl Latest {
    /// Until when it counts: for a background check until it is stale, and then for ever.
    pub(super) fn valid_until(&self, spec: &CheckSpec) -> Option<Instant> {
        match (spec.stale_after(), &self.result.cause) {
            (Some(_), Some(Cause::Stale)) => None,
            (Some(stale_after), _) => Some(after(self.at, stale_after)),
            (None, _) => Some(after(self.at, spec.max_age())),
        }
    }

    /// Until when readiness holds on to the last pass.
    fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        Some(after(self.failing_since?, spec.hold()?))
    }
}

/// The one run that may be alive.
#[derive(Debug)]
struct Flight {
    id: FlightId,
    progress: watch::Sender<Progress>,
    /// When the last of its observers asked, for whom no result is to be too old.
    asked_at: Instant,
    /// When the check itself began, and on the wall clock.
    began: Option<(Instant, SystemTime)>,
    /// Its observers gave it up; whatever it still brings is discarded.
    given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlightId(u64);

/// How far a run is, as those who wait for it see it.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    /// It waits for the checks that it depends on.
    Waiting,
    /// The check itself runs, up to this time.
    Running { deadline: Instant },
    /// It is over, or given up.
    Landed(Arc<CheckResult>),
}

/// A run that somebody else started, or that the observer is to start.
#[derive(Clone, Debug)]
pub(super) struct Boarded {
    pub(super) id: FlightId,
    pub(super) progress: watch::Receiver<Progress>,
}

/// What an observer finds.
#[derive(Clone, Debug)]
pub(super) enum Observation {
    /// A result young enough.
    Settled(Arc<CheckResult>),
    /// A run under way, to be waited for.
    Joined(Boarded),
    /// Nothing: the observer starts this run and waits for it.
    Started(Boarded),
    /// Nothing, and not for the observer to start: it runs in the background.
    Pending,
}

/// A result that landed. Whoever gets it lets [`Shared::landed`](super::shared::Shared::landed) know.
#[derive(Debug)]
#[must_use]
pub(super) struct Landing {
    result: Arc<CheckResult>,
}

#[cfg(feature = "metrics")]
impl Landing {
    pub(super) fn result(&self) -> &CheckResult {
        &self.result
    }
}

impl Slot {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { outbox, state: Mutex::default() }
    }

    /// The four rules, in their order: a result young enough, a run to join, a run that is overdue, a new run.
    ///
    /// `blocked_by` names the failing dependencies of the check, `None` while they are not known yet.
    pub(super) fn observe(
        &self,
        spec: &CheckSpec,
        now: Instant,
        blocked_by: Option<&[&str]>,
    ) -> (Observation, Option<Landing>) {
        let mut state = lock(&self.state);
        if let Some(result) = blocked_by.and_then(|names| state.young(spec, now, names)) {
            return (Observation::Settled(result), None);
        }
        match &mut state.flight {
            Some(flight) if !flight.is_overdue(spec, now) => {
                flight.asked_at = flight.asked_at.max(now);
                (Observation::Joined(flight.board()), None)
            }
            Some(flight) => {
                let since = flight.began.map_or_else(SystemTime::now, |(_, since)| since);
                let duration = flight.duration(now);
                let verdict = Verdict::failed(
                    Cause::StillRunning { since },
                    "a run is past its timeout and has not ended, so no new one is started".to_owned(),
                );
                let landing = state.land(&self.outbox, spec, verdict, now, duration);
                (Observation::Settled(Arc::clone(&landing.result)), Some(landing))
            }
            None => (Observation::Started(state.start(now)), None),
        }
    }

    /// What a request finds of a background check: the latest result, which fails once it is too old. It starts nothing.
    pub(super) fn read(&self, spec: &CheckSpec, now: Instant) -> (Observation, Option<Landing>) {
        let mut state = lock(&self.state);
        let Some(latest) = &state.latest else { return (Observation::Pending, None) };
        match (spec.stale_after(), latest.valid_until(spec)) {
            (Some(stale_after), Some(until)) if until <= now => {
                let duration = latest.result.duration;
                // As of when it became so, whoever looks when: a hold counts from then on.
                let landing = state.land(&self.outbox, spec, Verdict::stale(stale_after), until, duration);
                (Observation::Settled(Arc::clone(&landing.result)), Some(landing))
            }
            _ => (Observation::Settled(Arc::clone(&latest.result)), None),
        }
    }

    /// The checks that this one depends on are known: takes the stored result if it is young enough after
    /// all, which ends the run.
    pub(super) fn reuse(&self, spec: &CheckSpec, id: FlightId, now: Instant, blocked_by: &[&str]) -> bool {
        let mut state = lock(&self.state);
        // Somebody may have come on board between the caller's look at the clock and the lock.
        let asked_at = state.flight.as_ref().filter(|flight| flight.id == id).map_or(now, |flight| flight.asked_at);
        let Some(result) = state.young(spec, now.max(asked_at), blocked_by) else { return false };
        if let Some(flight) = state.take(id) {
            flight.progress.send_replace(Progress::Landed(result));
        }
        true
    }

    /// The check itself begins.
    pub(super) fn begin(&self, spec: &CheckSpec, id: FlightId, now: Instant) {
        let mut state = lock(&self.state);
        if let Some(flight) = state.flight.as_mut().filter(|flight| flight.id == id) {
            flight.began = Some((now, SystemTime::now()));
            flight.progress.send_replace(Progress::Running { deadline: after(now, spec.timeout()) });
        }
    }

    /// The run is over. Its verdict counts, unless it comes too late or its observers gave it up before.
    pub(super) fn finish(&self, spec: &CheckSpec, id: FlightId, verdict: Verdict, now: Instant) -> Option<Landing> {
        let mut state = lock(&self.state);
        let flight = state.take(id)?;
        if flight.given_up {
            return None;
        }
        // It blocked its thread past its timeout, and nobody was there to give it up.
        let verdict = if flight.is_overdue(spec, now) { Verdict::timed_out(spec.timeout()) } else { verdict };
        let landing = state.land(&self.outbox, spec, verdict, now, flight.duration(now));
        flight.progress.send_replace(Progress::Landed(Arc::clone(&landing.result)));
        Some(landing)
    }

    /// The run is past its timeout and did not say so itself: it blocks its thread. It stays in the slot, so
    /// that no other is started.
    pub(super) fn give_up(&self, spec: &CheckSpec, id: FlightId, now: Instant) -> Option<Landing> {
        let mut state = lock(&self.state);
        let flight = state.flight.as_mut().filter(|flight| flight.id == id && !flight.given_up)?;
        flight.given_up = true;
        let duration = flight.duration(now);
        let landing = state.land(&self.outbox, spec, Verdict::timed_out(spec.timeout()), now, duration);
        if let Some(flight) = &state.flight {
            flight.progress.send_replace(Progress::Landed(Arc::clone(&landing.result)));
        }
        Some(landing)
    }

    /// The run was dropped before its end: its runtime shut down. Those who wait see the sender go.
    pub(super) fn abandon(&self, id: FlightId) {
        lock(&self.state).take(id);
    }

    /// Whether a run of the check itself is under way, given up or not.
    #[cfg(feature = "metrics")]
    pub(super) fn is_in_flight(&self) -> bool {
        lock(&self.state).flight.as_ref().is_some_and(|flight| flight.began.is_some())
    }

    /// Until when readiness holds on to the last pass of a check that is failing in a report that was asked for at this
    /// time. The first report on a failure that is not recorded begins the hold.
    pub(super) fn hold(&self, spec: &CheckSpec, asked_at: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        let latest = state.latest.as_mut()?;
        if !latest.result.is_failing {
            latest.failing_since.get_or_insert(asked_at);
        }
        latest.held_until(spec)
    }

    /// Returns until when readiness holds on to the last pass of a check that is failing. Begins no hold.
    #[cfg(feature = "page")]
    pub(super) fn held_until(&self, spec: &CheckSpec) -> Option<Instant> {
        lock(&self.state).latest.as_ref()?.held_until(spec)
    }

    /// Readiness found the check working, so what a report knew before is over.
    pub(super) fn end_hold(&self) {
        if let Some(latest) = lock(&self.state).latest.as_mut().filter(|latest| !latest.result.is_failing) {
            latest.failing_since = None;
        }
    }

    /// The latest result, however old, and when it landed.
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

    fn start(&mut self, now: Instant) -> Boarded {
        self.flights_so_far += 1;
        let (progress, _) = watch::channel(Progress::Waiting);
        let flight =
            Flight { id: FlightId(self.flights_so_far), progress, asked_at: now, began: None, given_up: false };
        let boarded = flight.board();
        self.flight = Some(flight);
        boarded
    }

    fn take(&mut self, id: FlightId) -> Option<Flight> {
        self.flight.take_if(|flight| flight.id == id)
    }

    fn land(
        &mut self,
        outbox: &Outbox,
        spec: &CheckSpec,
        verdict: Verdict,
        now: Instant,
        duration: Duration,
    ) -> Landing {
        let thresholds = Thresholds { failure: spec.failure_threshold(), success: spec.success_threshold() };
        let mut count =
            if verdict.is_result() { self.streak.count(verdict.is_failure(), thresholds) } else { Count::INTERRUPTED };
        let before = self.latest.take();
        // It failed without a result, as one that was blocked. A failure that does not reach the threshold is no reason to
        // count as working again, and later as failing anew.
        count.is_failing |= verdict.is_failure() && before.as_ref().is_some_and(|before| before.result.is_failing);
        let failing_since = match &before {
            Some(before) if count.is_failing && before.result.is_failing => before.failing_since,
            Some(before) if count.is_failing => before.failing_since.or(Some(now)),
            _ => None,
        };
        let before = before.map(|before| before.result);
        let is_excused = verdict.is_excused();
        let result = Arc::new(verdict.into_result(spec, before.as_deref(), count, duration));
        outbox.put(spec, before.as_deref(), &result, is_excused);
        self.latest = Some(Latest { result: Arc::clone(&result), at: now, failing_since });
        Landing { result }
    }
}

impl Flight {
    fn board(&self) -> Boarded {
        Boarded { id: self.id, progress: self.progress.subscribe() }
    }

    /// How long the check itself has been running.
    fn duration(&self, now: Instant) -> Duration {
        self.began.map_or(Duration::ZERO, |(began, _)| now - began)
    }

    fn is_overdue(&self, spec: &CheckSpec, now: Instant) -> bool {
        self.given_up || self.began.is_some_and(|(began, _)| now - began >= spec.timeout().saturating_add(GRACE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Check, Level, Outcome},
        monitor::{events::Events, muting::Muting},
        runner::Ending,
    };

    fn slot() -> Slot {
        Slot::new(Outbox::new(Arc::new(Events::default()), Arc::new(Muting::default()), Arc::default()))
    }

    fn board(slot: &Slot, spec: &CheckSpec, now: Instant) -> FlightId {
        match slot.observe(spec, now, None).0 {
            Observation::Started(boarded) | Observation::Joined(boarded) => boarded.id,
            other => panic!("{other:?}"),
        }
    }

    /// The one who starts a run may look at the clock, be held up, and reuse a result for somebody who came later.
    #[test]
    fn nothing_is_reused_that_is_too_old_for_one_who_came_on_board_meanwhile() {
        let check = Check::new("db", Level::L1, || async {}).with_max_age(Duration::from_millis(80));
        let (spec, slot, start) = (check.spec(), slot(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let board = |now| board(&slot, spec, now);
        let first = board(at(0));
        assert!(slot.finish(spec, first, Verdict::of(Ending::Answered(Outcome::pass()), spec), at(0)).is_some());

        let second = board(at(50));
        assert_eq!(board(at(90)), second);
        assert!(!slot.reuse(spec, second, at(50), &[]), "it is 90 ms old for the one who joined");
        slot.abandon(second);

        let third = board(at(50));
        assert_eq!(board(at(70)), third);
        assert!(slot.reuse(spec, third, at(60), &[]));
    }

    /// No observer was there to give it up.
    #[test]
    fn run_that_ends_after_its_grace_has_timed_out() {
        let check = Check::new("db", Level::L1, || async {});
        let (spec, slot, start) = (check.spec(), slot(), Instant::now());
        let ends_after = |time| {
            let id = board(&slot, spec, start);
            slot.begin(spec, id, start);
            let verdict = Verdict::of(Ending::Answered(Outcome::pass()), spec);
            let landing = slot.finish(spec, id, verdict, start + time).expect("nobody gave it up");
            landing.result.cause.clone()
        };
        let limit = spec.timeout() + GRACE;
        assert_eq!(ends_after(limit), Some(Cause::TimedOut));
        assert_eq!(ends_after(limit.saturating_sub(Duration::from_nanos(1))), None);
    }

    /// A thread is given up at its timeout; those who ask within the grace learn that it still runs.
    #[test]
    fn run_that_was_given_up_is_overdue_at_once() {
        let check = Check::new("db", Level::L1, || async {}).with_max_age(Duration::ZERO);
        let (spec, slot, start) = (check.spec(), slot(), Instant::now());
        let id = board(&slot, spec, start);
        slot.begin(spec, id, start);
        let timeout = start + spec.timeout();
        assert!(matches!(slot.observe(spec, timeout, Some(&[])).0, Observation::Joined(_)));
        assert!(slot.give_up(spec, id, timeout).is_some());
        let Observation::Settled(result) = slot.observe(spec, timeout, Some(&[])).0 else { panic!("it is overdue") };
        assert!(matches!(result.cause, Some(Cause::StillRunning { .. })), "{result:?}");
    }

    /// An observer may be held up between its look at the clock and the lock, until another run is under way.
    #[test]
    fn late_observer_does_not_give_up_a_newer_run() {
        let check = Check::new("db", Level::L1, || async {});
        let (spec, slot, now) = (check.spec(), slot(), Instant::now());
        let older = board(&slot, spec, now);
        slot.abandon(older);
        let newer = board(&slot, spec, now);
        assert!(slot.give_up(spec, older, now).is_none());
        assert!(slot.give_up(spec, newer, now).is_some());
        assert!(slot.give_up(spec, newer, now).is_none(), "it is given up once");
        let verdict = Verdict::of(Ending::Answered(Outcome::pass()), spec);
        assert!(slot.finish(spec, newer, verdict, now).is_none());
    }
}
