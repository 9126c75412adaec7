//! The facts that an answer shows in addition to the checks.

use serde::Serialize;

#[cfg(feature = "page")]
use super::page_context::PageContext;
use super::view::ReportView;
use super::visibility::DetailLevel;
use crate::build_info::{BuildMetadata, RuntimeFacts};

/// The subject of an answer, and facts outside of the report.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) subject: ReportSubject<'a>,
    /// Whether the service shuts down.
    pub(crate) is_draining: bool,
    /// Whether to list every check in a format that otherwise lists only failures.
    pub(crate) is_verbose: bool,
    /// Build information, for callers who may see it.
    pub(crate) build: Option<&'a BuildMetadata>,
    /// The share of the build information that the caller sees.
    pub(crate) info: Option<DetailLevel>,
    #[cfg(feature = "page")]
    pub(crate) page: PageContext<'a>,
}

impl Context<'_> {
    /// Returns whether the answer says that the service shuts down: an overview does, and a group by its cause.
    pub(super) const fn shows_draining(&self, view: &ReportView<'_>) -> bool {
        view.cause.is_some() || self.is_draining_overview()
    }

    pub(super) const fn is_draining_overview(&self) -> bool {
        self.is_draining && matches!(self.subject, ReportSubject::Overview { .. })
    }
}

/// The subject of a report.
#[derive(Debug)]
pub(crate) enum ReportSubject<'a> {
    /// A summary of everything.
    Overview { runtime: &'a RuntimeFacts<'a>, links: &'a Links },
    /// One level or more.
    Levels {
        /// Whether to show the data alone, in formats that can.
        values: bool,
        /// Whether the request is for one level without any other.
        is_alone: bool,
    },
    /// The only check in the view.
    Check,
    /// A group, for an orchestrator.
    Group {
        /// Name in the Kubernetes API server: `readyz`.
        probe: &'static str,
        /// Names of members that the request leaves out.
        excluded: &'a [String],
        /// Names to leave out that no check of the group has.
        unmatched: &'a [String],
    },
}

/// Links to the other routes.
#[derive(Debug, Serialize)]
pub(crate) struct Links {
    /// The scheme and the host that the client asked, for links that have to be absolute; empty where they are unknown.
    #[serde(skip)]
    pub(crate) origin: String,
    #[serde(skip)]
    pub(crate) overview: String,
    pub(crate) levels: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) startup: Option<String>,
    pub(crate) info: String,
    /// With the feature `events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<String>,
    /// With the feature `metrics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<String>,
    /// With the feature `openapi`, in the full scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openapi: Option<String>,
}
