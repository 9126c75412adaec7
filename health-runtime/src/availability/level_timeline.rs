//! The timeline of a level: the worst of its checks.

use super::{Millis, summary::WindowSummary, timeline::Timeline};
use crate::model::Status;

/// The checks of one level, and the statuses that they add up to.
///
/// The level fails while a check fails. Otherwise it is unknown while a check is unknown, because that one may fail, and
/// else it has the worst status. A muted check counts for nothing.
#[derive(Debug)]
pub(crate) struct LevelTimeline {
    timeline: Timeline,
    members: Vec<Option<LevelMember>>,
    /// Positions without a member.
    vacant: Vec<MemberId>,
    counts: [u32; 5],
    /// Time of the latest call.
    now: Millis,
    latest_at: Millis,
    /// No member changes by itself before this time.
    next_expiry: Millis,
}

/// The position of a check among those of its level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberId(usize);

#[derive(Clone, Copy, Debug)]
struct LevelMember {
    status: Option<Status>,
    known_until: Millis,
    /// Whether the result counts for nothing, because only muted checks are to blame.
    is_excused: bool,
    muted_until: Millis,
    counted_as: Contribution,
}

/// The part of a check in the status of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contribution {
    Nothing,
    Pass,
    Warn,
    Fail,
    Unknown,
}

impl LevelTimeline {
    pub(crate) const EMPTY: Self = Self {
        timeline: Timeline::EMPTY,
        members: Vec::new(),
        vacant: Vec::new(),
        counts: [0; 5],
        now: 0,
        latest_at: 0,
        next_expiry: Millis::MAX,
    };

    /// Adds a check, about which nothing is known yet.
    pub(crate) fn add(&mut self, at: Millis) -> MemberId {
        let at = self.advance(at);
        let id = self.vacant.pop().unwrap_or_else(|| {
            self.members.push(None);
            MemberId(self.members.len() - 1)
        });
        self.members[id.0] = Some(LevelMember::UNKNOWN);
        self.counts[Contribution::Unknown as usize] += 1;
        self.timeline.set(at, self.status(), Millis::MAX);
        id
    }

    pub(crate) fn remove(&mut self, id: MemberId, at: Millis) {
        let at = self.advance(at);
        if let Some(member) = self.members[id.0].take() {
            self.vacant.push(id);
            self.counts[member.counted_as as usize] -= 1;
            self.timeline.set(at, self.status(), Millis::MAX);
        }
    }

    /// Sets the status of a check, and until when it is known. An excused one counts for nothing.
    pub(crate) fn record(
        &mut self,
        id: MemberId,
        at: Millis,
        status: Option<Status>,
        known_until: Millis,
        is_excused: bool,
    ) {
        self.latest_at = self.latest_at.max(at);
        self.change(id, at, |member| *member = LevelMember { status, known_until, is_excused, ..*member });
    }

    /// Leaves a check out until some time.
    pub(crate) fn mute(&mut self, id: MemberId, at: Millis, until: Millis) {
        self.change(id, at, |member| member.muted_until = until);
    }

    /// Returns the availability in each window, all of which end at this time; `None` for a level without a check.
    pub(crate) fn summaries(&mut self, at: Millis) -> Option<[WindowSummary; 3]> {
        self.advance(at);
        (self.members.len() > self.vacant.len()).then(|| self.timeline.summaries(at))
    }

    /// Returns the time of the latest result.
    pub(crate) const fn latest_at(&self) -> Millis {
        self.latest_at
    }

    fn change(&mut self, id: MemberId, at: Millis, change: impl FnOnce(&mut LevelMember)) {
        let at = self.advance(at);
        let Some(member) = &mut self.members[id.0] else { return };
        change(member);
        self.next_expiry =
            member.expiries().into_iter().filter(|expiry| *expiry > at).fold(self.next_expiry, Millis::min);
        self.count_again(id.0, at);
    }

    /// Counts what expires up to a time, each at its own. Returns the time, or that of the latest call if it is later.
    fn advance(&mut self, to: Millis) -> Millis {
        let to = to.max(self.now);
        if to >= self.next_expiry {
            let expiries = |member: &LevelMember| member.expiries().into_iter().filter(|expiry| *expiry > self.now);
            let positions = self.members.iter().enumerate();
            let all = positions.filter_map(|(position, member)| Some((position, member.as_ref()?)));
            let all = all.flat_map(|(position, member)| expiries(member).map(move |expiry| (expiry, position)));
            let (mut due, later): (Vec<_>, Vec<_>) = all.partition(|(expiry, _)| *expiry <= to);
            self.next_expiry = later.into_iter().map(|(expiry, _)| expiry).min().unwrap_or(Millis::MAX);
            due.sort_unstable();
            for (expiry, position) in due {
                self.count_again(position, expiry);
            }
        }
        self.now = to;
        to
    }

    fn count_again(&mut self, position: usize, at: Millis) {
        let Some(member) = &mut self.members[position] else { return };
        let contribution = member.contribution(at);
        let before = std::mem::replace(&mut member.counted_as, contribution);
        if before != contribution {
            self.counts[before as usize] -= 1;
            self.counts[contribution as usize] += 1;
            self.timeline.set(at, self.status(), Millis::MAX);
        }
    }

    const fn status(&self) -> Option<Status> {
        let [_, pass, warn, fail, unknown] = self.counts;
        match (fail, unknown, warn, pass) {
            (1.., ..) => Some(Status::Fail),
            (_, 1.., ..) => None,
            (_, _, 1.., _) => Some(Status::Warn),
            (_, _, _, 1..) => Some(Status::Pass),
            _ => None,
        }
    }
}

impl LevelMember {
    const UNKNOWN: Self =
        Self { status: None, known_until: 0, is_excused: false, muted_until: 0, counted_as: Contribution::Unknown };

    /// Returns the times at which its contribution may change by itself.
    const fn expiries(&self) -> [Millis; 2] {
        [self.known_until, self.muted_until]
    }

    const fn contribution(&self, at: Millis) -> Contribution {
        if at < self.muted_until {
            return Contribution::Nothing;
        }
        match self.status {
            Some(_) if at >= self.known_until => Contribution::Unknown,
            Some(_) if self.is_excused => Contribution::Nothing,
            Some(Status::Pass) => Contribution::Pass,
            Some(Status::Warn) => Contribution::Warn,
            Some(Status::Fail) => Contribution::Fail,
            None => Contribution::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Millis = 1000;

    #[derive(Clone, Debug)]
    enum Event {
        Result { check: usize, status: Option<Status>, validity: Millis, is_excused: bool },
        Mute { check: usize, length: Millis },
        Removal { check: usize },
        Addition { check: usize },
        Look,
    }

    const CHECKS: usize = 3;

    fn events() -> impl Strategy<Value = Vec<(Millis, Event)>> {
        let status = prop::sample::select(vec![None, Some(Status::Pass), Some(Status::Warn), Some(Status::Fail)]);
        let check = 0..CHECKS;
        let result = (check.clone(), status, 0..300_u64, prop::bool::weighted(0.1))
            .prop_map(|(check, status, validity, is_excused)| Event::Result { check, status, validity, is_excused });
        let mute = (check.clone(), 0..200_u64).prop_map(|(check, length)| Event::Mute { check, length });
        let removal = check.clone().prop_map(|check| Event::Removal { check });
        let addition = check.prop_map(|check| Event::Addition { check });
        let event = prop_oneof![8 => result, 2 => mute, 1 => removal, 1 => addition, 1 => Just(Event::Look)];
        prop::collection::vec((0..120_u64, event), 1..40)
    }

    /// One check of the model: its latest result and mute.
    #[derive(Clone, Copy, Default)]
    struct Known {
        result: Option<(Millis, Status, bool)>,
        muted_until: Millis,
    }

    /// Adds up what is known of each check in one second.
    fn status_in(second: Millis, checks: &[Option<Known>; CHECKS]) -> Option<Status> {
        let counting = || checks.iter().flatten().filter(|known| second >= known.muted_until);
        let results = || counting().map(|known| known.result.filter(|(until, ..)| second < *until));
        let known: Vec<Status> =
            results().flatten().filter(|(.., is_excused)| !is_excused).map(|(_, status, _)| status).collect();
        match known.iter().max().copied() {
            Some(Status::Fail) => Some(Status::Fail),
            _ if results().any(|result| result.is_none()) => None,
            worst => worst,
        }
    }

    proptest! {
        #[test]
        fn level_agrees_with_its_checks_in_each_second(events in events()) {
            let mut level = LevelTimeline::EMPTY;
            let mut ids = [0; CHECKS].map(|_| Some(level.add(0)));
            let mut checks = [Some(Known::default()); CHECKS];
            let (mut at, mut times) = (0, [0; 3]);
            for (gap, event) in events {
                for second in at..at + gap {
                    if let Some(status) = status_in(second, &checks) {
                        times[status as usize] += SECOND;
                    }
                }
                at += gap;
                match event {
                    Event::Result { check, status, validity, is_excused } => {
                        let (Some(id), Some(known)) = (ids[check], &mut checks[check]) else { continue };
                        level.record(id, at * SECOND, status, (at + validity) * SECOND, is_excused);
                        known.result = status.map(|status| (at + validity, status, is_excused));
                    }
                    Event::Mute { check, length } => {
                        let (Some(id), Some(known)) = (ids[check], &mut checks[check]) else { continue };
                        level.mute(id, at * SECOND, (at + length) * SECOND);
                        known.muted_until = at + length;
                    }
                    Event::Removal { check } => {
                        if let Some(id) = ids[check].take() {
                            level.remove(id, at * SECOND);
                        }
                        checks[check] = None;
                    }
                    Event::Addition { check } => if ids[check].is_none() {
                        ids[check] = Some(level.add(at * SECOND));
                        checks[check] = Some(Known::default());
                    }
                    Event::Look => drop(level.summaries(at * SECOND)),
                }
            }
            if let Some([_, _, week]) = level.summaries(at * SECOND) {
                prop_assert_eq!([week.total.pass, week.total.warn, week.total.fail], times);
            } else {
                prop_assert!(checks.iter().all(Option::is_none));
            }
        }
    }

    #[test]
    fn level_without_checks_has_no_availability() {
        let mut level = LevelTimeline::EMPTY;
        assert_eq!(level.summaries(SECOND), None);
        let id = level.add(SECOND);
        assert!(level.summaries(SECOND).is_some());
        level.remove(id, SECOND);
        level.remove(id, SECOND);
        assert_eq!(level.summaries(SECOND), None);
    }
}
