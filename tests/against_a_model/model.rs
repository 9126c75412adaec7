//! The rules of one check as the documentation says them, in the most simple way: everything that was ever found is kept,
//! and what holds is worked out from the beginning each time. Times count from the start.

use std::time::Duration;

use health_runtime::Status;

/// What a check does when it is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    Answer(Status),
    Panic,
    Hang,
    PassAfter(Duration),
}

/// How a check is declared.
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
    pub(crate) deed: Deed,
}

/// What was found of a check, by running it or not.
#[derive(Clone, Debug)]
struct Finding {
    at: Duration,
    observed: Status,
    cause: Option<&'static str>,
    is_result: bool,
    is_muted: bool,
}

/// What a finding amounts to, given all those before it.
#[derive(Clone, Debug)]
struct Standing {
    status: Status,
    is_failing: bool,
    /// Since when, if it did not from the beginning.
    failing_since: Option<Duration>,
    consecutive: usize,
}

/// What a report says of a check.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) status: Status,
    pub(crate) observed: Status,
    pub(crate) cause: Option<&'static str>,
    pub(crate) consecutive: usize,
    pub(crate) held_until: Option<Duration>,
    pub(crate) muted_until: Option<Duration>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) from: Option<Status>,
    pub(crate) to: Status,
    pub(crate) cause: Option<&'static str>,
    pub(crate) is_muted: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asker {
    Level,
    Readiness,
}

#[derive(Debug)]
pub(crate) struct Model {
    rules: Rules,
    findings: Vec<Finding>,
    pub(crate) runs: Vec<Run>,
    under_way: Option<Run>,
    muted_until: Duration,
}

impl Deed {
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
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, findings: Vec::new(), runs: Vec::new(), under_way: None, muted_until: Duration::ZERO }
    }

    pub(crate) const fn is_background(&self) -> bool {
        matches!(self.rules.pace, Pace::Background { .. })
    }

    fn find(&mut self, at: Duration, observed: Status, cause: Option<&'static str>, is_result: bool) {
        let is_muted = at < self.muted_until;
        self.findings.push(Finding { at, observed, cause, is_result, is_muted });
    }

    fn lands(&self, run: Run) -> Duration {
        run.began + run.deed.takes(self.rules.timeout)
    }

    /// Whatever is over by now has been found.
    pub(crate) fn pass(&mut self, now: Duration) {
        let Some(run) = self.under_way.filter(|run| self.lands(*run) <= now) else { return };
        self.under_way = None;
        let (observed, cause) = match run.deed {
            Deed::Answer(status) => (status, None),
            Deed::Panic => (Status::Fail, Some("panicked")),
            Deed::PassAfter(time) if time < self.rules.timeout => (Status::Pass, None),
            Deed::PassAfter(_) | Deed::Hang => (Status::Fail, Some("timed_out")),
        };
        self.find(self.lands(run), observed, cause, true);
    }

    /// A run began. In the background, this has to be when it was due.
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

    /// When the next run begins that nobody asks for: a tenth of the interval sooner or later, to the millisecond, and
    /// never while another one is under way.
    pub(crate) fn due(&self) -> Option<(Duration, Duration)> {
        let Pace::Background { interval, retry_interval, .. } = self.rules.pace else { return None };
        let tick = Duration::from_millis(1);
        let Some(run) = self.runs.last().copied() else {
            return Some((Duration::ZERO, interval.min(Duration::from_secs(10)) + tick));
        };
        // What it became stale with later is not known yet when it lands.
        let latest = self.findings.iter().rposition(|finding| finding.is_result);
        let is_failing = latest.is_some_and(|latest| self.standings()[latest].is_failing);
        let pause = if is_failing { retry_interval } else { interval };
        let landed = self.lands(run);
        let (from, to) = (run.began + pause * 9 / 10, run.began + pause * 11 / 10);
        (self.under_way.is_none()).then(|| (from.max(landed), to.max(landed) + tick))
    }

    /// When the first of these is over: a mute, a hold, and the time for which the latest finding counts.
    pub(crate) fn next_end(&self, now: Duration) -> Option<Duration> {
        let counts_for = match self.rules.pace {
            Pace::Asked { max_age } => max_age,
            Pace::Background { stale_after, .. } => stale_after,
        };
        let counts_until = self.findings.last().map(|latest| latest.at + counts_for);
        let held_until = self.held_until(now, Asker::Readiness, &self.standings());
        let all = counts_until.into_iter().chain(held_until).chain([self.muted_until]);
        all.filter(|end| *end > now).min()
    }

    /// Whether a run ends at the very moment at which an answer has to be there. Either may come first.
    pub(crate) fn is_a_tie(&self, now: Duration, asker: Asker) -> bool {
        self.under_way.is_some_and(|run| self.lands(run) == now + asker.waits())
    }

    pub(crate) fn mute(&mut self, now: Duration, time: Duration) {
        self.muted_until = now + time;
    }

    /// What a request gets, and when. `deed` is what the check does if the request has it run.
    pub(crate) fn ask(&mut self, now: Duration, asker: Asker, deed: Deed) -> (Shown, Duration) {
        match self.rules.pace {
            Pace::Background { stale_after, .. } => {
                let Some(latest) = self.findings.last() else {
                    let observed = if asker == Asker::Readiness { Status::Fail } else { Status::Warn };
                    return (self.unrecorded((now, now), asker, observed, "pending"), now);
                };
                if latest.cause != Some("stale") && now >= latest.at + stale_after {
                    self.find(now, Status::Fail, Some("stale"), false);
                }
                (self.show(now, asker), now)
            }
            Pace::Asked { max_age } => {
                if self.findings.last().is_some_and(|latest| now < latest.at + max_age) {
                    return (self.show(now, asker), now);
                }
                if self.under_way.is_none() {
                    self.begin(Run { began: now, deed });
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

    fn show(&self, now: Duration, asker: Asker) -> Shown {
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

    /// What stands in one report alone, which was asked for and answered at these times.
    fn unrecorded(
        &self,
        (start, now): (Duration, Duration),
        asker: Asker,
        observed: Status,
        cause: &'static str,
    ) -> Shown {
        let standings = self.standings();
        let held_until = match (standings.last(), self.rules.hold) {
            // It fails from now on, as far as this report knows.
            (Some(latest), Some(hold)) if !latest.is_failing => {
                Some(start + hold).filter(|until| asker == Asker::Readiness && now < *until)
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
            // What fails stays failing until it passes; what is no result fails at once.
            let was_failing = before.is_some_and(|before| before.is_failing);
            let is_failing = !finding.is_result || has_turned || (is_failure && was_failing);
            let status = match before {
                _ if is_failing => Status::Fail,
                Some(before) if is_failure => before.status,
                _ => finding.observed,
            };
            let failing_since = match before {
                Some(before) if is_failing && was_failing => before.failing_since,
                Some(_) if is_failing => Some(finding.at),
                _ => None,
            };
            let alike = results.iter().rev().take_while(|other| **other == is_failure).count();
            let consecutive = if finding.is_result { alike } else { 0 };
            standings.push(Standing { status: self.capped(status), is_failing, failing_since, consecutive });
        }
        standings
    }

    /// Every change of the status, once.
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
