//! Reports of services, in the one shape of this program. Every text in them is printable.

mod answer;
mod entry;
mod json;
mod text;

pub(crate) use answer::read_answer;
pub(crate) use entry::Entry;
use serde::Serialize;

use crate::status::Status;

/// A report of a service.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) shape: Shape,
    pub(crate) status: Status,
    /// Reason for which it does not pass as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Checks at fault, behind the services that lead to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) root_causes: Vec<String>,
    pub(crate) checks: Vec<Entry>,
    /// Path of the report with every check, if this one is an overview.
    #[serde(skip)]
    pub(crate) levels_link: Option<String>,
    /// Path of the stream of events.
    #[serde(skip)]
    pub(crate) events_link: Option<String>,
}

/// The shape of a report as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    Native,
    #[serde(rename = "health+json")]
    HealthJson,
    Actuator,
    #[serde(rename = "microprofile")]
    MicroProfile,
    /// JSON with the word of a status, and maybe with entries.
    Json,
    Text,
    Grpc,
}

impl Report {
    pub(crate) const fn new(shape: Shape, status: Status) -> Self {
        Self {
            shape,
            status,
            cause: None,
            service: None,
            version: None,
            root_causes: Vec::new(),
            checks: Vec::new(),
            levels_link: None,
            events_link: None,
        }
    }

    /// Returns the checks with this status that count for the report.
    pub(crate) fn with_status(&self, status: Status) -> impl Iterator<Item = &Entry> {
        self.checks.iter().filter(move |check| check.status == status && check.counts())
    }

    /// Returns the name and version of the service as far as they are known.
    pub(crate) fn title(&self) -> Option<String> {
        let service = self.service.as_ref()?;
        Some(self.version.as_ref().map_or_else(|| service.clone(), |version| format!("{service} {version}")))
    }

    /// Returns the root causes that the service names; for other shapes, and without any, the checks at fault.
    pub(crate) fn causes(&self) -> Vec<String> {
        if !self.root_causes.is_empty() {
            return self.root_causes.clone();
        }
        if self.status == Status::Pass {
            return Vec::new();
        }
        let is_blocked = |check: &&Entry| check.cause.as_deref() == Some("blocked");
        let at_fault = self.with_status(self.status).filter(|check| !is_blocked(check));
        at_fault.map(|check| check.name.clone()).collect()
    }
}
