//! The operations: their words, their arguments, and what they do.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    access::Operator,
    error::DrillError,
    http::{
        cache::{CacheKey, ResourceId},
        paths::RouteScope,
        problem::ProblemDetails,
        query::{Query, ViewOptions},
        request::AdmittedRequest,
        routes::{arguments::JsonArguments, check::unknown_check},
        service::Service,
    },
    model::{Forced, Level, Mute},
    monitor::{DrillOrder, MAX_DRILL},
    render::{Format, ReportSubject, report_as_json},
    time::timestamp_millis,
};

/// Longest mute of a caller from outside.
pub(in crate::http::routes) const MAX_MUTE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Words for the behaviors of a drill. Each makes it of its message and its delay.
const BEHAVIORS: [(&str, Behavior); 4] =
    [("fail", Behavior::Fail), ("warn", Behavior::Warn), ("slow", Behavior::Slow), ("hang", Behavior::Hang)];

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Run,
    Mute,
    Unmute,
    Drill,
    Undrill,
}

#[derive(Clone, Copy, Debug)]
enum Behavior {
    Fail,
    Warn,
    Slow,
    Hang,
}

/// An operation with its arguments.
#[derive(Debug)]
pub(super) enum Command {
    Run,
    Mute { duration: Duration, reason: String },
    Unmute,
    Drill { forced: Forced, duration: Duration, reason: String, includes_liveness: bool },
    Undrill,
}

/// A check with the caller that operates it.
#[derive(Debug)]
pub(in crate::http::routes) struct OperatedCheck {
    pub(in crate::http::routes) service: Arc<Service>,
    pub(in crate::http::routes) scope: RouteScope,
    pub(in crate::http::routes) operator: Operator,
    pub(in crate::http::routes) name: String,
    pub(in crate::http::routes) level: Level,
    /// Time that the caller has for the answer.
    pub(in crate::http::routes) budget: Option<Duration>,
}

impl Operation {
    pub(super) const ALL: [Self; 5] = [Self::Run, Self::Mute, Self::Unmute, Self::Drill, Self::Undrill];

    /// Returns the last part of the path.
    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Drill => "drill",
            Self::Undrill => "undrill",
        }
    }

    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// All mistakes at once.
    pub(super) fn command(self, body: &[u8]) -> Result<Command, ProblemDetails> {
        let given = match body {
            [] => Ok(Map::new()),
            body => serde_json::from_slice(body)
                .map_err(|_| ProblemDetails::bad_request("the body must be an object of JSON")),
        };
        let mut arguments = JsonArguments::new(given?);
        let command = match self {
            Self::Run => Command::Run,
            Self::Mute => {
                Command::Mute { duration: arguments.lasting("for", MAX_MUTE), reason: arguments.reason("reason") }
            }
            Self::Unmute => Command::Unmute,
            Self::Drill => drill(&mut arguments),
            Self::Undrill => Command::Undrill,
        };
        let bad_request = |mistakes: Vec<String>| ProblemDetails::bad_request(mistakes.join("; "));
        arguments.finish().map(|()| command).map_err(bad_request)
    }
}

fn drill(arguments: &mut JsonArguments) -> Command {
    let behavior = arguments.word("behavior", &BEHAVIORS);
    let duration = arguments.lasting("for", MAX_DRILL);
    let reason = arguments.reason("reason");
    let delay = arguments.delay("delay", MAX_DRILL);
    let includes_liveness = arguments.flag("liveness", false);
    let forced = match (behavior, delay) {
        (Some(Behavior::Slow), Some(delay)) => Forced::slow_by(delay),
        (Some(Behavior::Slow), None) => {
            arguments.mistake("`slow` needs a `delay`, such as `3s`");
            Forced::hang()
        }
        (Some(_), Some(_)) => {
            arguments.mistake("only `slow` has a `delay`");
            Forced::hang()
        }
        (Some(Behavior::Fail), None) => Forced::fail(&*reason),
        (Some(Behavior::Warn), None) => Forced::warn(&*reason),
        (Some(Behavior::Hang) | None, None) | (None, Some(_)) => Forced::hang(),
    };
    Command::Drill { forced, duration, reason, includes_liveness }
}

impl OperatedCheck {
    /// Does it, and logs who did it. Returns the body of the answer.
    pub(super) async fn perform(&self, command: Command) -> Result<Vec<u8>, ProblemDetails> {
        match command {
            Command::Run => self.run().await,
            Command::Mute { duration, reason } => {
                let mute = self.mute(duration, &reason)?;
                let until = mute.until().map(timestamp_millis);
                Ok(self.muted(&json!({ "until": until, "reason": mute.reason(), "by": mute.caller() })))
            }
            Command::Unmute => self.unmute().map(|()| self.muted(&Value::Null)),
            Command::Drill { forced, duration, reason, includes_liveness } => {
                let by = self.operator.name().to_owned();
                let order = DrillOrder { forced, duration, reason: Some(reason), by, includes_liveness };
                let drill = self.service.monitor.drill_for(&self.name, self.level, order);
                let drill = drill.map_err(|error| self.refused(&error))?;
                self.operator.log("drill", &self.name, Some(drill.until()), drill.reason());
                let (behavior, until) = (drill.behavior(), timestamp_millis(drill.until()));
                let drill = json!({ "behavior": behavior, "until": until, "reason": drill.reason(), "by": drill.by() });
                Ok(self.drilled(&drill))
            }
            Command::Undrill => {
                if !self.service.monitor.undrill_at(&self.name, self.level) {
                    return Err(unknown_check(&self.name));
                }
                self.operator.log("undrill", &self.name, None, None);
                Ok(self.drilled(&Value::Null))
            }
        }
    }

    /// Mutes the check, and logs who did it.
    pub(in crate::http::routes) fn mute(&self, duration: Duration, reason: &str) -> Result<Arc<Mute>, ProblemDetails> {
        let monitor = &self.service.monitor;
        let mute = monitor.mute_for(&self.name, self.level, duration, reason, self.operator.name());
        let mute = mute.ok_or_else(|| unknown_check(&self.name))?;
        self.operator.log("mute", &self.name, mute.until(), Some(mute.reason()));
        Ok(mute)
    }

    /// Ends the mute of the check, and logs who did it.
    pub(in crate::http::routes) fn unmute(&self) -> Result<(), ProblemDetails> {
        if !self.service.monitor.unmute_at(&self.name, self.level) {
            return Err(unknown_check(&self.name));
        }
        self.operator.log("unmute", &self.name, None, None);
        Ok(())
    }

    fn muted(&self, muted: &Value) -> Vec<u8> {
        json!({ "check": self.name, "muted": muted }).to_string().into_bytes()
    }

    fn drilled(&self, drill: &Value) -> Vec<u8> {
        json!({ "check": self.name, "drill": drill }).to_string().into_bytes()
    }

    fn refused(&self, error: &DrillError) -> ProblemDetails {
        match error {
            DrillError::UnknownCheck(_) => unknown_check(&self.name),
            error => ProblemDetails::refused(StatusCode::CONFLICT, &error.to_string()),
        }
    }

    /// Runs the check and returns its report, as the route of the check returns it.
    async fn run(&self) -> Result<Vec<u8>, ProblemDetails> {
        let monitor = &self.service.monitor;
        let check = monitor.spec(&self.name).filter(|check| check.level() == self.level);
        let check = check.ok_or_else(|| unknown_check(&self.name))?;
        if !check.is_enabled() {
            let detail = format!("the check {:?} is disabled, so it is not run", self.name);
            return Err(ProblemDetails::refused(StatusCode::CONFLICT, &detail));
        }
        // Before the run, which goes on if the caller leaves.
        self.operator.log("run", &self.name, None, None);
        let gathered = monitor.gather_anew(&self.name, self.level, self.budget).await;
        if gathered.report.entries().is_empty() {
            return Err(unknown_check(&self.name));
        }
        let key = CacheKey {
            resource: ResourceId { name: "operation", check: None },
            options: ViewOptions::default(),
            format: Format::JSON,
            visibility: self.service.narrow(self.operator.visibility, self.scope),
            scope: self.scope,
            depth: 0,
        };
        let query = Query::default();
        let request = AdmittedRequest { service: &self.service, query: &query, key: &key, render: report_as_json };
        Ok(request.render(&gathered, ReportSubject::Check).body().to_vec())
    }
}
