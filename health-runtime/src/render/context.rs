//! What an answer may tell beside the checks.

use serde::Serialize;

use super::view::{DetailLevel, ReportView};
use crate::build_info::{BuildMetadata, RuntimeFacts};
#[cfg(feature = "page")]
use crate::model::{GroupVerdict, Levels};

/// What was asked for, and what is known beside the report.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) subject: Subject<'a>,
    /// Every check is to be named, where an encoding would tell only of failures.
    pub(crate) is_verbose: bool,
    /// What is running, for those who may see it.
    pub(crate) build: Option<&'a BuildMetadata>,
    /// How much of what is running the caller sees; `None` for nothing.
    pub(crate) info: Option<DetailLevel>,
    #[cfg(feature = "page")]
    pub(crate) place: Place<'a>,
    #[cfg(feature = "page")]
    pub(crate) process: Process<'a>,
}

/// The facts about the process that every page shows.
#[cfg(feature = "page")]
#[derive(Debug, Default)]
pub(crate) struct Process<'a> {
    /// The groups whose checks all are in the report.
    pub(crate) groups: &'a [GroupVerdict],
    pub(crate) is_draining: bool,
    /// `None` where no endpoint knows it.
    pub(crate) runtime: Option<RuntimeFacts<'a>>,
    /// The name of the host, which is the pod's in Kubernetes.
    pub(crate) instance: &'a str,
}

impl Context<'_> {
    /// Whether the service shuts down, as far as this answer is about that: a group says so by its cause.
    pub(super) const fn is_draining(&self, view: &ReportView<'_>) -> bool {
        view.cause.is_some() || matches!(self.subject, Subject::Overview { is_draining: true, .. })
    }
}

/// Where a page stands among the paths of the service, so that it can lead to the others.
#[cfg(feature = "page")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) base: &'a str,
    pub(crate) levels: &'a str,
    /// The levels that are there; without any there is no overview.
    pub(crate) there: Levels,
    /// Whether the groups are there.
    pub(crate) has_groups: bool,
    /// Whether changes can be followed.
    pub(crate) has_events: bool,
    /// How many folders it is below their root.
    pub(crate) depth: usize,
    /// Only what changes is asked for.
    pub(crate) is_fragment: bool,
    /// The query that asks for the same as JSON.
    pub(crate) as_json: &'a str,
}

/// What a report is about.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    /// Everything, in short.
    Overview { runtime: &'a RuntimeFacts<'a>, links: &'a Links, is_draining: bool },
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
