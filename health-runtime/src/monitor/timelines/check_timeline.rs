//! The timelines of checks and levels, which results and mutes write.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    availability::{LevelTimeline, MemberId, Millis, Timeline, WindowEnd, WindowSummary},
    model::{Cause, CheckResult, CheckSpec, FleetRole, FleetRun, Level, Status},
    sync::lock,
};

/// Shortest time for which a result on demand counts, until the next: that for which Prometheus carries a sample on.
const MIN_KNOWN: Duration = Duration::from_secs(5 * 60);

/// The timelines of all levels.
#[derive(Debug)]
pub(in crate::monitor) struct Timelines {
    start: Instant,
    levels: [Mutex<LevelTimeline>; Level::ALL.len()],
}

/// The timeline of one check, and its part in that of its level.
#[derive(Debug)]
pub(in crate::monitor) struct CheckTimeline {
    timelines: Arc<Timelines>,
    level: Level,
    /// `None` for a disabled check, and once the check is retired.
    state: Mutex<Option<CheckState>>,
}

#[derive(Debug)]
struct CheckState {
    member: MemberId,
    latest_at: Millis,
    /// `None` before the first result.
    timeline: Option<Box<Timeline>>,
}

impl Timelines {
    pub(in crate::monitor) fn new(start: Instant) -> Arc<Self> {
        Arc::new(Self { start, levels: Level::ALL.map(|_| Mutex::new(LevelTimeline::EMPTY)) })
    }

    fn millis(&self, at: Instant) -> Millis {
        let since = at.saturating_duration_since(self.start);
        since.as_secs() * 1000 + Millis::from(since.subsec_millis())
    }

    /// Returns the summaries of a level; `None` for one without a check.
    pub(in crate::monitor) fn summaries(&self, level: Level, end: WindowEnd) -> Option<[WindowSummary; 3]> {
        let now = self.millis(Instant::now());
        self.of_level(level, |timeline| timeline.summaries(chosen(end, now, timeline.latest_at())))
    }

    /// Calls a function with the timeline of a level.
    fn of_level<T>(&self, level: Level, call: impl FnOnce(&mut LevelTimeline) -> T) -> T {
        call(&mut lock(&self.levels[level.index()]))
    }
}

impl CheckTimeline {
    /// Returns the timeline of a check, which stays empty for a disabled one.
    pub(in crate::monitor) fn new(timelines: &Arc<Timelines>, spec: &CheckSpec) -> Arc<Self> {
        let at = timelines.millis(Instant::now());
        let level = spec.level();
        let state = spec.is_enabled().then(|| {
            let member = timelines.of_level(level, |timeline| timeline.add(at));
            CheckState { member, latest_at: 0, timeline: None }
        });
        Arc::new(Self { timelines: Arc::clone(timelines), level, state: Mutex::new(state) })
    }

    /// Retires this timeline, and returns an empty one for the replacement of the check.
    pub(in crate::monitor) fn restart(&self, spec: &CheckSpec) -> Arc<Self> {
        self.retire();
        Self::new(&self.timelines, spec)
    }

    /// Ends the part of the check in its level, and forgets the rest.
    pub(in crate::monitor) fn retire(&self) {
        if let Some(state) = lock(&self.state).take() {
            let at = self.timelines.millis(Instant::now());
            self.timelines.of_level(self.level, |timeline| timeline.remove(state.member, at));
        }
    }

    /// Counts a result that was recorded. An excused one counts for nothing in the level, and neither does one because of a
    /// drill, which says nothing about the check.
    pub(in crate::monitor) fn record(&self, spec: &CheckSpec, result: &CheckResult, is_excused: bool, at: Instant) {
        let mut state = lock(&self.state);
        let Some(CheckState { member, latest_at, timeline }) = &mut *state else { return };
        let known_for = spec.stale_after().unwrap_or_else(|| spec.max_age().max(MIN_KNOWN));
        let at = self.timelines.millis(at);
        *latest_at = at;
        let known_until = at.saturating_add(known_for.as_millis().try_into().unwrap_or(Millis::MAX));
        let is_drill = result.drill.is_some();
        let is_known = result.cause != Some(Cause::Stale);
        // The level decides about a check that is not critical, and not the check.
        let own = if result.is_failing { Status::Fail } else { result.status };
        let timeline = timeline.get_or_insert_with(|| Box::new(Timeline::EMPTY));
        timeline.set(at, (is_known && !is_drill).then_some(own), known_until);
        if is_of_own_run(result) && !is_drill {
            timeline.count_run(at, result.duration);
        }
        let status = is_known.then_some(result.status);
        let is_excused = is_excused || is_drill;
        self.timelines.of_level(self.level, |level| level.record(*member, at, status, known_until, is_excused));
    }

    /// Leaves the check out of its level until some time, or as long as the process.
    pub(in crate::monitor) fn mute(&self, expires: Option<Instant>) {
        self.set_mute(expires.map_or(Millis::MAX, |expires| self.timelines.millis(expires)));
    }

    pub(in crate::monitor) fn unmute(&self) {
        self.set_mute(0);
    }

    fn set_mute(&self, until: Millis) {
        if let Some(CheckState { member, .. }) = *lock(&self.state) {
            let at = self.timelines.millis(Instant::now());
            self.timelines.of_level(self.level, |timeline| timeline.mute(member, at, until));
        }
    }

    pub(in crate::monitor) fn summaries(&self, end: WindowEnd) -> [WindowSummary; 3] {
        let now = self.timelines.millis(Instant::now());
        let state = lock(&self.state);
        let at = chosen(end, now, state.as_ref().map_or(now, |state| state.latest_at));
        let timeline = state.as_ref().and_then(|state| state.timeline.as_deref());
        timeline.map_or_else(|| Timeline::EMPTY.summaries(at), |timeline| timeline.summaries(at))
    }
}

const fn chosen(end: WindowEnd, now: Millis, latest_at: Millis) -> Millis {
    match end {
        WindowEnd::Now => now,
        WindowEnd::LatestResult => latest_at,
    }
}

/// Returns whether a result comes from a run of this process.
fn is_of_own_run(result: &CheckResult) -> bool {
    let is_from_run = matches!(result.cause, None | Some(Cause::Slow | Cause::TimedOut | Cause::Panicked));
    is_from_run && result.fleet().map(FleetRun::role) != Some(FleetRole::Follower)
}
