//! The rules of the lease: the next step of an instance that has read the entry of a check. They read no clock and do no
//! I/O, so `tests/fleet_model` checks this very file against every schedule of faults.

use std::time::Duration;

/// The entry of a check in the store, as far as the lease depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Found {
    /// No instance has written one, or the store has lost it.
    Nothing,
    /// Not an entry of a fleet. The number changes with its content.
    Unreadable(u64),
    /// An entry of a fleet.
    Entry(Runs),
}

/// The runs that an entry names. Tokens are random, because a store that has lost its memory counts its runs anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Runs {
    /// The number of the newest run, in progress or done.
    pub(crate) run: u64,
    /// The token of the latest run that has a result.
    pub(crate) done: Option<u64>,
    /// The token of the run in progress.
    pub(crate) running: Option<u64>,
}

/// The next step of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Replaces the entry that it has read by one of its own run with this number, and runs the check if that succeeds.
    Lease { run: u64 },
    /// Takes over the result in the entry.
    Follow,
    /// Runs the check without the fleet, because something else writes to the entry.
    RunAlone,
    /// Does nothing until it reads again.
    Wait,
}

/// The times by which an instance goes, on its own clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Time from the start of a run to that of the next one.
    pub(crate) pause: Duration,
    /// Time after which a run in progress counts as dead. Longer than the longest run.
    pub(crate) lease: Duration,
    /// Time until the second read of a run in progress. Each later one waits twice as long, up to the pause.
    pub(crate) recheck: Duration,
}

/// Everything that an instance knows about the entry of a check. Times count from any moment of its own clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// The entry as it was last seen, and since when it has not changed.
    pub(crate) seen: Option<(Found, Duration)>,
    /// The newest run, and when it was first seen.
    pub(crate) run: Option<(u64, Duration)>,
    /// The run whose result this instance has.
    pub(crate) followed: Option<u64>,
    /// Time of the latest run without the fleet, until the store answers again.
    pub(crate) alone: Option<Duration>,
}

impl Runs {
    const fn newest(&self) -> Option<u64> {
        match self.running {
            Some(token) => Some(token),
            None => self.done,
        }
    }
}

impl Lease {
    /// Returns the next step after a read.
    pub(crate) fn decide(&mut self, found: Found, now: Duration, pace: &Pace) -> Step {
        self.alone = None;
        let before = self.seen.filter(|(seen, _)| *seen == found);
        let was_unreadable = matches!(self.seen, Some((Found::Unreadable(_), _)));
        let (_, since) = *self.seen.insert(before.unwrap_or((found, now)));
        let unchanged = now.saturating_sub(since);
        match found {
            Found::Nothing => Step::Lease { run: 1 },
            Found::Unreadable(_) if unchanged >= pace.pause => Step::Lease { run: 1 },
            Found::Unreadable(_) if was_unreadable && before.is_none() => Step::RunAlone,
            Found::Unreadable(_) => Step::Wait,
            Found::Entry(entry) => {
                let newest = entry.newest().unwrap_or_default();
                let first_seen = match self.run {
                    Some((token, first_seen)) if token == newest => first_seen,
                    _ => now,
                };
                self.run = Some((newest, first_seen));
                let is_due = match entry.running {
                    Some(_) => unchanged >= pace.lease,
                    None => now.saturating_sub(first_seen) >= pace.pause,
                };
                if entry.done.is_some() && entry.done != self.followed {
                    self.followed = entry.done;
                    Step::Follow
                } else if is_due {
                    Step::Lease { run: entry.run.saturating_add(1) }
                } else {
                    Step::Wait
                }
            }
        }
    }

    /// Notes that this instance runs the check, and that its entry was written after `began`.
    pub(crate) fn leased(&mut self, entry: Runs, began: Duration) {
        self.seen = Some((Found::Entry(entry), began));
        self.run = entry.running.map(|token| (token, began));
    }

    /// Notes that the result of its own run is in the store.
    pub(crate) fn finished(&mut self, entry: Runs, now: Duration) {
        self.seen = Some((Found::Entry(entry), now));
        self.followed = entry.done;
    }

    /// Notes that another instance was faster, so that the entry is not the one that was seen.
    pub(crate) const fn lost(&mut self) {
        self.seen = None;
    }

    /// Notes a run without the fleet.
    pub(crate) const fn ran_alone(&mut self, began: Duration) {
        self.alone = Some(began);
    }

    /// Returns the time until the next read.
    pub(crate) fn wait(&self, now: Duration, pace: &Pace) -> Duration {
        let until = |since: Duration, pause| since.saturating_add(pause).saturating_sub(now);
        match (self.alone, self.seen, self.run) {
            (Some(began), ..) => until(began, pace.pause),
            (None, None, _) => Duration::ZERO,
            (None, Some((Found::Entry(Runs { running: Some(_), .. }), since)), _) => {
                let unchanged = now.saturating_sub(since);
                until(since, pace.lease).min(unchanged.max(pace.recheck).min(pace.pause))
            }
            (None, Some((Found::Entry(_), _)), Some((_, first_seen))) => until(first_seen, pace.pause),
            (None, Some((_, since)), _) => until(since, pace.pause),
        }
    }
}
