//! One check of this instance, as a member of its fleet.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    entry::FleetEntry,
    fleet::Fleet,
    lease::{Found, Lease, Pace, Step},
};
use crate::{
    log::{self, Topic},
    mask::mask_credentials,
    model::{CheckSpec, FleetRole, FleetRun},
    probes::AskError,
    run_result::{RunResult, SharedRun},
    sync::{Mutex, lock},
    text::escape_controls,
    time::{after, random},
};

/// Shortest pause between two reads.
const MIN_PAUSE: Duration = Duration::from_millis(20);

/// Divisor of the interval, for the time after which a run in progress is read again.
const RECHECK_DIVISOR: u32 = 10;

/// A check that is run by one instance of a fleet at a time.
#[derive(Debug)]
pub(crate) struct FleetMember {
    fleet: Fleet,
    check: String,
    key: String,
    /// The beginning of this member's clock.
    start: Instant,
    state: Mutex<MemberState>,
    /// The thread of the latest run, if the function blocks one.
    thread: Mutex<Weak<()>>,
}

#[derive(Debug)]
struct MemberState {
    lease: Lease,
    pace: Pace,
    is_alone: bool,
    /// Whether the entry is not valid, which was logged.
    is_unreadable: bool,
}

impl FleetMember {
    pub(crate) fn new(fleet: &Fleet, spec: &CheckSpec) -> Self {
        let interval = spec.interval().unwrap_or_default();
        let pace = Pace { pause: interval, lease: spec.run_limit(), recheck: interval / RECHECK_DIVISOR };
        Self {
            fleet: fleet.clone(),
            check: spec.name().to_owned(),
            key: fleet.key(spec.name()),
            start: Instant::now(),
            state: Mutex::new(MemberState { lease: Lease::default(), pace, is_alone: false, is_unreadable: false }),
            thread: Mutex::default(),
        }
    }

    /// Reads the entry, and returns the result that follows from it: another instance's, or that of `call`, which is polled only
    /// if this instance runs the check. `None` if nothing is new.
    pub(crate) async fn take_part(&self, call: impl Future<Output = RunResult>) -> Option<(RunResult, SharedRun)> {
        // Before the read, so that a silent store does not stretch the interval.
        let began = self.start.elapsed();
        let text = match self.fleet.read(&self.key).await {
            Ok(text) => text,
            Err(error) => {
                self.log_silence(error);
                return self.run_alone(began, call).await;
            }
        };
        self.log_answer();
        if self.is_overdue(began) {
            return None;
        }
        let entry = text.as_deref().map(FleetEntry::parse);
        let found = match &entry {
            None => Found::Nothing,
            Some(Ok(entry)) => Found::Entry(entry.runs()),
            Some(Err(_)) => Found::Unreadable(hash(text.as_deref().unwrap_or_default())),
        };
        self.log_validity(entry.as_ref().and_then(|entry| entry.as_ref().err().copied()));
        let entry = entry.and_then(Result::ok);
        match self.with_lease(|lease, now, pace| lease.decide(found, now, pace)) {
            Step::Wait => None,
            Step::Follow => entry?.into_result(),
            Step::RunAlone => self.run_alone(began, call).await,
            Step::Lease { .. } if self.is_stuck() => None,
            Step::Lease { run } => self.lead(run, text, entry, call).await,
        }
    }

    /// Leases the run, calls the function, and writes its result. A result that cannot be written because another instance has
    /// taken over does not count.
    async fn lead(
        &self,
        run: u64,
        found: Option<String>,
        before: Option<FleetEntry>,
        call: impl Future<Output = RunResult>,
    ) -> Option<(RunResult, SharedRun)> {
        let token = random().max(1);
        let leased = FleetEntry::leased(before, run, token, self.fleet.instance_name());
        let (text, began) = (leased.to_text(), self.start.elapsed());
        match self.fleet.swap(&self.key, found.as_deref(), &text).await {
            Ok(true) => self.with_lease(|lease, _, _| lease.leased(leased.runs(), began)),
            Ok(false) => {
                self.with_lease(|lease, _, _| lease.lost());
                return None;
            }
            Err(error) => {
                self.log_silence(error);
                return self.run_alone(began, call).await;
            }
        }
        let (mut result, mut shared) = self.shared(FleetRole::Leader, call).await;
        let (done, entry) = FleetEntry::done(run, token, &mut result, &shared);
        match self.fleet.swap(&self.key, Some(&text), &done).await {
            Ok(true) => self.with_lease(|lease, now, _| lease.finished(entry, now)),
            Ok(false) => {
                self.with_lease(|lease, _, _| lease.lost());
                let check = self.check.clone();
                log::write(Topic::Checks, move || {
                    tracing::warn!(check, run, "result for the fleet discarded; another instance took the run over");
                });
                return None;
            }
            Err(error) => {
                self.log_silence(error);
                self.with_lease(|lease, _, _| lease.ran_alone(began));
                shared.fleet.role = FleetRole::Alone;
            }
        }
        Some((result, shared))
    }

    async fn run_alone(
        &self,
        began: Duration,
        call: impl Future<Output = RunResult>,
    ) -> Option<(RunResult, SharedRun)> {
        self.with_lease(|lease, _, _| lease.ran_alone(began));
        if self.is_stuck() {
            return None;
        }
        Some(self.shared(FleetRole::Alone, call).await)
    }

    async fn shared(&self, role: FleetRole, call: impl Future<Output = RunResult>) -> (RunResult, SharedRun) {
        let began = Instant::now();
        let result = call.await;
        let fleet = FleetRun { role, checked_by: self.fleet.instance_name().to_owned() };
        (result, SharedRun { fleet, duration: began.elapsed(), checked_at: SystemTime::now() })
    }

    /// Returns the time of the next read. The pause is the one from a run to the next, with its jitter.
    pub(crate) fn next_read(&self, pause: Duration) -> Instant {
        let now = Instant::now();
        let mut state = lock(&self.state);
        state.pace.pause = pause;
        let wait = state.lease.wait(now - self.start, &state.pace);
        after(now, wait.max(MIN_PAUSE))
    }

    /// Returns a value that the thread of a run keeps until it ends.
    pub(crate) fn thread(&self) -> Arc<()> {
        let thread = Arc::new(());
        *lock(&self.thread) = Arc::downgrade(&thread);
        thread
    }

    /// Returns whether the thread of an earlier run has not ended. Another instance may run the check meanwhile.
    fn is_stuck(&self) -> bool {
        let is_stuck = lock(&self.thread).strong_count() > 0;
        if is_stuck {
            self.with_lease(|lease, now, _| lease.ran_alone(now));
        }
        is_stuck
    }

    /// Returns whether the process stood still for so long that the result of this run counts as timed out. To follow it would
    /// lose it: the next read finds nothing new.
    fn is_overdue(&self, began: Duration) -> bool {
        self.with_lease(|_, now, pace| now.saturating_sub(began) >= pace.lease)
    }

    fn with_lease<T>(&self, work: impl FnOnce(&mut Lease, Duration, &Pace) -> T) -> T {
        let now = self.start.elapsed();
        let MemberState { lease, pace, .. } = &mut *lock(&self.state);
        work(lease, now, pace)
    }

    /// Logs once that the store does not answer.
    fn log_silence(&self, error: AskError) {
        if !std::mem::replace(&mut lock(&self.state).is_alone, true) {
            let check = self.check.clone();
            log::write(Topic::Checks, move || {
                let error = &*mask_credentials(error.text());
                let error = &*escape_controls(error);
                tracing::warn!(
                    check,
                    error,
                    "store of the fleet does not answer; health check runs on this instance alone"
                );
            });
        }
    }

    fn log_answer(&self) {
        if std::mem::replace(&mut lock(&self.state).is_alone, false) {
            let check = self.check.clone();
            log::write(Topic::Checks, move || tracing::info!(check, "store of the fleet answers again"));
        }
    }

    /// Logs an entry that is not valid, once until there is a valid one.
    fn log_validity(&self, problem: Option<&'static str>) {
        let was_unreadable = std::mem::replace(&mut lock(&self.state).is_unreadable, problem.is_some());
        if let Some(problem) = problem.filter(|_| !was_unreadable) {
            let (check, key) = (self.check.clone(), self.key.clone());
            log::write(Topic::Checks, move || {
                tracing::error!(
                    check,
                    key,
                    problem,
                    "entry of the fleet is not valid; it is replaced after an interval"
                );
            });
        }
    }
}

fn hash(text: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
}
