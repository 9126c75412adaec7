//! What an answer may tell beside the checks.

use serde::Serialize;

#[cfg(feature = "page")]
use super::page::PageContext;
use super::view::ReportView;
use super::visibility::DetailLevel;
use crate::build_info::{BuildMetadata, RuntimeFacts};

/// What was asked for, and what is known beside the report.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) subject: ReportSubject<'a>,
    /// Whether the service shuts down.
    pub(crate) is_draining: bool,
    /// Every check is to be named, where an encoding would tell only of failures.
    pub(crate) is_verbose: bool,
    /// What is running, for those who may see it.
    pub(crate) build: Option<&'a BuildMetadata>,
    /// How much of what is running the caller sees; `None` for nothing.
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

/// What a report is about.
#[derive(Debug)]
pub(crate) enum ReportSubject<'a> {
    /// Everything, in short.
    Overview { runtime: &'a RuntimeFacts<'a>, links: &'a Links },
    /// One level or more.
    Levels {
        /// Just the data, in encodings that have such a shape.
        values: bool,
        /// One level was asked for, and not one that holds others.
        is_alone: bool,
    },
    /// One check, which the view holds.
    Check,
    /// What an orchestrator asks.
    Group {
        /// What the Kubernetes API server calls it: `readyz`.
        probe: &'static str,
        /// The names that were left out.
        excluded: &'a [String],
        /// The names that were to be left out and that no check of the group has.
        unmatched: &'a [String],
    },
}

/// Where to ask further.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Links {
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
    /// With the feature `openapi`, where everything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openapi: Option<String>,
}
