//! What a run showed, and what is told of it.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::threshold::Count;
use crate::{
    mask::{mask_text, mask_value},
    model::{Cause, CheckResult, CheckSpec, Outcome, Status},
    runner::Ending,
};

/// What a run showed, before criticality and slowness are counted in.
#[derive(Debug)]
pub(super) struct Verdict {
    observed: Status,
    cause: Option<Cause>,
    message: Option<String>,
    data: Option<Value>,
    public_data: Option<Value>,
    /// Whether only muted checks block it, so that the change counts for nothing.
    is_excused: bool,
}

impl Verdict {
    pub(super) fn of(ending: Ending, spec: &CheckSpec) -> Self {
        match ending {
            Ending::Answered(outcome) => {
                let Outcome { status, mut message, mut data, mut public_data } = outcome;
                data.iter_mut().chain(&mut public_data).for_each(mask_value);
                message.iter_mut().for_each(mask_text);
                Self { observed: status, cause: None, message, data, public_data, is_excused: false }
            }
            Ending::Panicked(mut text) => {
                mask_text(&mut text);
                Self::failed(Cause::Panicked, format!("panicked: {text}"))
            }
            Ending::TimedOut => Self::timed_out(spec.timeout()),
        }
    }

    pub(super) const fn failed(cause: Cause, message: String) -> Self {
        let message = Some(message);
        Self { observed: Status::Fail, cause: Some(cause), message, data: None, public_data: None, is_excused: false }
    }

    pub(super) fn timed_out(timeout: Duration) -> Self {
        Self::failed(Cause::TimedOut, format!("no answer within {timeout:?}"))
    }

    pub(super) fn out_of_time() -> Self {
        Self::failed(Cause::TimedOut, "no answer within the time that this report had".to_owned())
    }

    pub(super) fn cut_off() -> Self {
        Self::failed(Cause::CutOff, "its run was cut off, because the runtime that it was on shut down".to_owned())
    }

    pub(super) fn blocked(by: &[&str]) -> Self {
        let message = format!("not run, because of {}", by.join(", "));
        Self::failed(Cause::Blocked { by: by.iter().map(ToString::to_string).collect() }, message)
    }

    pub(super) const fn excused(mut self, is_excused: bool) -> Self {
        self.is_excused = is_excused;
        self
    }

    pub(super) const fn is_excused(&self) -> bool {
        self.is_excused
    }

    pub(super) fn stale(after: Duration) -> Self {
        Self::failed(Cause::Stale, format!("its latest result is more than {after:?} old"))
    }

    /// What a background check without a result counts as depends on who asks.
    pub(super) fn pending(observed: Status) -> Self {
        let message = Some("it runs in the background and has no result yet".to_owned());
        Self { observed, cause: Some(Cause::Pending), message, data: None, public_data: None, is_excused: false }
    }

    /// Whether the check was run for it: only then thresholds count it.
    pub(super) const fn is_result(&self) -> bool {
        !matches!(
            self.cause,
            Some(Cause::Blocked { .. } | Cause::StillRunning { .. } | Cause::Stale | Cause::Pending | Cause::CutOff)
        )
    }

    pub(super) const fn is_failure(&self) -> bool {
        matches!(self.observed, Status::Fail)
    }

    /// Counts in what the declaration says of slowness, thresholds and criticality.
    pub(super) fn into_result(
        self,
        spec: &CheckSpec,
        before: Option<&CheckResult>,
        count: Count,
        duration: Duration,
    ) -> CheckResult {
        let is_slow = self.observed == Status::Pass && spec.degraded_after().is_some_and(|limit| duration > limit);
        let (status, cause) = if is_slow { (Status::Warn, Some(Cause::Slow)) } else { (self.observed, self.cause) };
        let status = match (count.is_failing, status) {
            (true, _) => Status::Fail,
            // Too few failures in a row: it stays what it was.
            (false, Status::Fail) => before.map_or(Status::Pass, |before| before.status),
            (false, status) => status,
        };
        let status = if spec.is_critical() { status } else { status.min(Status::Warn) };
        let now = SystemTime::now();
        let since = before.filter(|before| before.status == status).map_or(now, |before| before.since);
        // What is stale was looked at when its latest result came, and not now.
        let checked_at = match (&cause, before) {
            (Some(Cause::Stale), Some(before)) => before.checked_at,
            _ => now,
        };
        CheckResult {
            status,
            observed: self.observed,
            is_failing: count.is_failing,
            consecutive: count.consecutive,
            held_until: None,
            cause,
            message: self.message,
            data: self.data,
            public_data: self.public_data,
            duration,
            checked_at,
            since,
        }
    }
}
