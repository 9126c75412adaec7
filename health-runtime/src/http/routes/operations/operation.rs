//! The operations: their words, their arguments, and what they do.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    access::Operator,
    http::{
        cache::{CacheKey, ResourceId},
        paths::RouteScope,
        problem::ProblemDetails,
        query::{Query, ViewOptions},
        request::AdmittedRequest,
        routes::{arguments::JsonArguments, check::unknown_check},
        service::Service,
    },
    model::Level,
    render::{Format, ReportSubject, report_as_json},
    time::timestamp_millis,
};

/// Longest mute of a caller from outside.
const MAX_MUTE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Run,
    Mute,
    Unmute,
}

/// An operation with its arguments.
#[derive(Debug)]
pub(super) enum Command {
    Run,
    Mute { duration: Duration, reason: String },
    Unmute,
}

/// A check with the caller that operates it.
#[derive(Debug)]
pub(super) struct OperatedCheck {
    pub(super) service: Arc<Service>,
    pub(super) scope: RouteScope,
    pub(super) operator: Operator,
    pub(super) name: String,
    pub(super) level: Level,
    /// Time that the caller has for the answer.
    pub(super) budget: Option<Duration>,
}

impl Operation {
    pub(super) const ALL: [Self; 3] = [Self::Run, Self::Mute, Self::Unmute];

    /// Returns the last part of the path.
    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
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
        };
        let bad_request = |mistakes: Vec<String>| ProblemDetails::bad_request(mistakes.join("; "));
        arguments.finish().map(|()| command).map_err(bad_request)
    }
}

impl OperatedCheck {
    /// Does it, and logs who did it. Returns the body of the answer.
    pub(super) async fn perform(&self, command: Command) -> Result<Vec<u8>, ProblemDetails> {
        match command {
            Command::Run => self.run().await,
            Command::Mute { duration, reason } => {
                let monitor = &self.service.monitor;
                let mute = monitor.mute_for(&self.name, self.level, duration, &reason, self.operator.name());
                let mute = mute.ok_or_else(|| unknown_check(&self.name))?;
                self.operator.log("mute", &self.name, mute.until(), Some(mute.reason()));
                let until = mute.until().map(timestamp_millis);
                Ok(self.muted(&json!({ "until": until, "reason": mute.reason(), "by": mute.caller() })))
            }
            Command::Unmute => {
                if !self.service.monitor.unmute_at(&self.name, self.level) {
                    return Err(unknown_check(&self.name));
                }
                self.operator.log("unmute", &self.name, None, None);
                Ok(self.muted(&Value::Null))
            }
        }
    }

    fn muted(&self, muted: &Value) -> Vec<u8> {
        json!({ "check": self.name, "muted": muted }).to_string().into_bytes()
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
