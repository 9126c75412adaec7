//! The documented rules of one check, in the simplest way: all findings are kept, and the present state is derived from
//! the first one each time. Times count from the start.

use std::time::Duration;

use health_runtime::Status;

/// The behavior of a check during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Behavior {
    Answer(Status),
    Panic,
    Hang,
    PassAfter(Duration),
}

/// The declaration of a check.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) timeout: Duration,
    pub(crate) critical: bool,
    pub(crate) failure_threshold: usize,
    pub(crate) success_threshold: usize,
    pub(crate) hold: Option<Duration>,
    pub(crate) pace: Pace,
}

#[derive(Clone, Debug)]
pub(crate) enum Pace {
    Asked { max_age: Duration },
    Background { interval: Duration, retry_interval: Duration, stale_after: Duration },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) began: Duration,
    pub(crate) behavior: Behavior,
}

/// A finding about a check, with or without a run.
#[derive(Clone, Debug)]
struct Finding {
    at: Duration,
    /// Time of the first readiness report that knew of a failure since the finding before.
    known_since: Option<Duration>,
    observed: Status,
    cause: Option<&'static str>,
    is_result: bool,
    is_muted: bool,
}

/// The state of a check after a finding, given all earlier ones.
#[derive(Clone, Debug)]
struct Standing {
    status: Status,
    is_failing: bool,
    /// Start of this status, unless it has held from the beginning.
    failing_since: Option<Duration>,
    consecutive: usize,
}

/// A check in a report.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) status: Status,
    pub(crate) observed: Status,
    pub(crate) cause: Option<&'static str>,
    pub(crate) consecutive: usize,
    pub(crate) held_until: Option<Duration>,
    pub(crate) muted_until: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) from: Option<Status>,
    pub(crate) to: Status,
    pub(crate) cause: Option<&'static str>,
    pub(crate) is_muted: bool,
}

/// The source of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asker {
    Level,
    Readiness,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    rules: Rules,
    /// Time at which the check was added or replaced, and the number of findings and runs until then.
    taken_over: (Duration, usize, usize),
    /// Time from which the finding ages that was taken over.
    inherited_at: Duration,
    findings: Vec<Finding>,
    pub(crate) runs: Vec<Run>,
    under_way: Option<Run>,
    muted_until: Duration,
    known_since: Option<Duration>,
}

impl Behavior {
    fn takes(self, timeout: Duration) -> Duration {
        match self {
            Self::Answer(_) | Self::Panic => Duration::ZERO,
            Self::PassAfter(time) => time.min(timeout),
            Self::Hang => timeout,
        }
    }
}

impl Asker {
    const fn waits(self) -> Duration {
        Duration::from_millis(match self {
            Self::Level => 10_000,
            Self::Readiness => 900,
        })
    }
}

impl Model {
    pub(crate) fn new(rules: Rules, now: Duration) -> Self {
        Self {
            rules,
            taken_over: (now, 0, 0),
            inherited_at: now,
            findings: Vec::new(),
            runs: Vec::new(),
            under_way: None,
            muted_until: Duration::ZERO,
            known_since: None,
        }
    }

    /// Another function goes on where this one was: its findings still count, but no request reuses them, and its run in
    /// progress counts for nothing.
    pub(crate) fn replace(&mut self, now: Duration) {
        self.under_way = None;
        // A finding that the replacement before took over ages on.
        if self.findings.len() > self.taken_over.1 {
            self.inherited_at = now;
        }
        self.taken_over = (now, self.findings.len(), self.runs.len());
    }

    /// Returns the time from which the latest finding ages: of one that was taken over, that of the first replacement.
    fn latest_at(&self) -> Option<Duration> {
        let latest = self.findings.last()?;
        Some(if self.findings.len() == self.taken_over.1 { self.inherited_at } else { latest.at })
    }

    pub(crate) const fn is_background(&self) -> bool {
        matches!(self.rules.pace, Pace::Background { .. })
    }

    fn find(&mut self, at: Duration, observed: Status, cause: Option<&'static str>, is_result: bool) {
        let is_muted = at < self.muted_until;
        let known_since = self.known_since.take();
        self.findings.push(Finding { at, known_since, observed, cause, is_result, is_muted });
    }

    fn lands(&self, run: Run) -> Duration {
        run.began + run.behavior.takes(self.rules.timeout)
    }

    /// Records everything that has ended by now.
    pub(crate) fn pass(&mut self, now: Duration) {
        let Some(run) = self.under_way.filter(|run| self.lands(*run) <= now) else { return };
        self.under_way = None;
        let (observed, cause) = match run.behavior {
            Behavior::Answer(status) => (status, None),
            Behavior::Panic => (Status::Fail, Some("panicked")),
            Behavior::PassAfter(time) if time < self.rules.timeout => (Status::Pass, None),
            Behavior::PassAfter(_) | Behavior::Hang => (Status::Fail, Some("timed_out")),
        };
        self.find(self.lands(run), observed, cause, true);
    }

    /// Records the beginning of a run. A background run has to be due.
    pub(crate) fn begin(&mut self, run: Run) {
        self.pass(run.began);
        assert_eq!(self.under_way, None, "two runs at once: {run:?}");
        if let Some((from, to)) = self.due() {
            assert!((from..=to).contains(&run.began), "began at {:?}, was due from {from:?} to {to:?}", run.began);
        }
        self.runs.push(run);
        self.under_way = Some(run);
        self.pass(run.began);
    }

    /// Returns the earliest and the latest beginning of the next background run: a tenth of the interval sooner or
    /// later, to the millisecond, and never during another run.
    pub(crate) fn due(&self) -> Option<(Duration, Duration)> {
        let Pace::Background { interval, retry_interval, .. } = self.rules.pace else { return None };
        let tick = Duration::from_millis(1);
        let (taken_over_at, _, runs) = self.taken_over;
        let Some(run) = self.runs[runs..].last().copied() else {
            return Some((taken_over_at, taken_over_at + interval.min(Duration::from_secs(10)) + tick));
        };
        // At the end of a run it is unknown that the check becomes stale later.
        let latest = self.findings.iter().rposition(|finding| finding.is_result);
        let is_failing = latest.is_some_and(|latest| self.standings()[latest].is_failing);
        let pause = if is_failing { retry_interval } else { interval };
        let landed = self.lands(run);
        let (from, to) = (run.began + pause * 9 / 10, run.began + pause * 11 / 10);
        (self.under_way.is_none()).then(|| (from.max(landed), to.max(landed) + tick))
    }

    /// Returns the first end of a mute, a hold, or the time for which the latest finding counts.
    pub(crate) fn next_end(&self, now: Duration) -> Option<Duration> {
        let counts_for = match self.rules.pace {
            Pace::Asked { max_age } => max_age,
            Pace::Background { stale_after, .. } => stale_after,
        };
        let counts_until = self.latest_at().map(|latest_at| latest_at + counts_for);
        let held_until = self.held_until(now, Asker::Readiness, &self.standings());
        let all = counts_until.into_iter().chain(held_until).chain([self.muted_until]);
        all.filter(|end| *end > now).min()
    }

    /// Returns whether a run ends at the very deadline of a report. Either may come first.
    pub(crate) fn is_a_tie(&self, now: Duration, asker: Asker) -> bool {
        self.under_way.is_some_and(|run| self.lands(run) == now + asker.waits())
    }

    pub(crate) fn mute(&mut self, now: Duration, time: Duration) {
        self.muted_until = now + time;
    }

    /// Predicts the check in the report of a request, and the time of the response. A run for it behaves like
    /// `behavior`.
    pub(crate) fn ask(&mut self, now: Duration, asker: Asker, behavior: Behavior) -> (Shown, Duration) {
        match self.rules.pace {
            Pace::Background { stale_after, .. } => {
                let (Some(latest), Some(latest_at)) = (self.findings.last(), self.latest_at()) else {
                    let observed = if asker == Asker::Readiness { Status::Fail } else { Status::Warn };
                    return (self.unrecorded((now, now), asker, observed, "pending"), now);
                };
                if latest.cause != Some("stale") && now >= latest_at + stale_after {
                    self.find(latest_at + stale_after, Status::Fail, Some("stale"), false);
                    // It is recorded when a request finds it.
                    let is_muted = now < self.muted_until;
                    self.findings.last_mut().expect("found").is_muted = is_muted;
                }
                (self.show(now, asker), now)
            }
            Pace::Asked { max_age } => {
                let own = &self.findings[self.taken_over.1..];
                if own.last().is_some_and(|latest| now < latest.at + max_age) {
                    return (self.show(now, asker), now);
                }
                if self.under_way.is_none() {
                    self.begin(Run { began: now, behavior });
                }
                let deadline = now + asker.waits();
                match self.under_way.map(|run| self.lands(run)) {
                    Some(lands) if lands > deadline => {
                        (self.unrecorded((now, deadline), asker, Status::Fail, "timed_out"), deadline)
                    }
                    lands => {
                        let then = lands.unwrap_or(now);
                        self.pass(then);
                        (self.show(then, asker), then)
                    }
                }
            }
        }
    }

    /// Predicts the check in the report of a request whose path is too deep. It gets what is known, however old, at once, and
    /// changes nothing.
    pub(crate) fn ask_too_deep(&self, now: Duration, asker: Asker) -> Shown {
        let mut copy = self.clone();
        let (Some(latest), Some(latest_at)) = (self.findings.last(), self.latest_at()) else {
            return copy.unrecorded((now, now), asker, Status::Warn, "depth");
        };
        match self.rules.pace {
            Pace::Background { stale_after, .. } if latest.cause != Some("stale") && now >= latest_at + stale_after => {
                copy.unrecorded((now, now), asker, Status::Fail, "stale")
            }
            _ => copy.show(now, asker),
        }
    }

    fn show(&mut self, now: Duration, asker: Asker) -> Shown {
        if asker == Asker::Readiness {
            self.known_since = None;
        }
        let (finding, standings) = (&self.findings[self.findings.len() - 1], self.standings());
        let Standing { status, consecutive, .. } = standings[standings.len() - 1];
        let held_until = self.held_until(now, asker, &standings);
        Shown {
            status: if held_until.is_some() { Status::Warn } else { status },
            observed: finding.observed,
            cause: finding.cause,
            consecutive,
            held_until,
            muted_until: Some(self.muted_until).filter(|until| now < *until),
        }
    }

    /// Returns a result of one report alone, which was requested and answered at these times.
    fn unrecorded(
        &mut self,
        (start, now): (Duration, Duration),
        asker: Asker,
        observed: Status,
        cause: &'static str,
    ) -> Shown {
        let standings = self.standings();
        let held_until = match (standings.last(), self.rules.hold) {
            // Reports know of the failure from the first such report on.
            (Some(latest), Some(hold)) if !latest.is_failing && asker == Asker::Readiness => {
                Some(*self.known_since.get_or_insert(start) + hold).filter(|until| now < *until)
            }
            _ => self.held_until(now, asker, &standings),
        };
        Shown {
            status: if held_until.is_some() { Status::Warn } else { self.capped(observed) },
            observed,
            cause: Some(cause),
            consecutive: 0,
            held_until,
            muted_until: Some(self.muted_until).filter(|until| now < *until),
        }
    }

    fn held_until(&self, now: Duration, asker: Asker, standings: &[Standing]) -> Option<Duration> {
        let until = standings.last()?.failing_since? + self.rules.hold?;
        (asker == Asker::Readiness && now < until).then_some(until)
    }

    fn capped(&self, status: Status) -> Status {
        if self.rules.critical { status } else { status.min(Status::Warn) }
    }

    fn standings(&self) -> Vec<Standing> {
        let mut standings: Vec<Standing> = Vec::new();
        let mut results = Vec::new();
        let mut has_turned = false;
        for finding in &self.findings {
            let before = standings.last();
            let is_failure = finding.observed == Status::Fail;
            if finding.is_result {
                results.push(is_failure);
                let needed = if is_failure { self.rules.failure_threshold } else { self.rules.success_threshold };
                let latest = results.iter().rev().take(needed);
                if results.len() == 1 || (results.len() >= needed && latest.copied().all(|other| other == is_failure)) {
                    has_turned = is_failure;
                }
            }
            // A failing check fails until it passes. A finding without a result fails at once.
            let was_failing = before.is_some_and(|before| before.is_failing);
            let is_failing = !finding.is_result || has_turned || (is_failure && was_failing);
            let status = match before {
                _ if is_failing => Status::Fail,
                Some(before) if is_failure => before.status,
                _ => finding.observed,
            };
            let failing_since = match before {
                Some(before) if is_failing && was_failing => before.failing_since,
                Some(_) if is_failing => Some(finding.known_since.unwrap_or(finding.at)),
                _ => None,
            };
            let alike = results.iter().rev().take_while(|other| **other == is_failure).count();
            let consecutive = if finding.is_result { alike } else { 0 };
            standings.push(Standing { status: self.capped(status), is_failing, failing_since, consecutive });
        }
        standings
    }

    /// Returns every change of the status.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let standings = self.standings();
        let before = [None].into_iter().chain(standings.iter().map(|standing| Some(standing.status)));
        before
            .zip(&standings)
            .zip(&self.findings)
            .filter(|((from, standing), _)| *from != Some(standing.status))
            .map(|((from, standing), finding)| Change {
                from,
                to: standing.status,
                cause: finding.cause,
                is_muted: finding.is_muted,
            })
            .collect()
    }
}
