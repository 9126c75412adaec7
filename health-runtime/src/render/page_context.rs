//! The context of a page: its position among the paths, and the process.

use maud::Markup;

use crate::{
    build_info::RuntimeFacts,
    model::{GroupVerdict, Level, Levels},
};

/// Facts that pages show or link to, in addition to the report.
#[derive(Debug, Default)]
pub(crate) struct PageContext<'a> {
    /// Path of the overview, and of the levels.
    pub(crate) base: &'a str,
    pub(crate) levels_path: &'a str,
    /// The levels in scope; without any there is no overview.
    pub(crate) levels: Levels,
    /// The levels whose checks the caller may operate.
    pub(crate) operate: Levels,
    /// Whether the groups are in scope.
    pub(crate) has_groups: bool,
    /// Whether the page may follow the events.
    pub(crate) has_events: bool,
    /// Number of folders between the page and the root of the service's paths.
    pub(crate) depth: usize,
    /// Whether only the part that changes is asked for.
    pub(crate) is_fragment: bool,
    /// Query of the same report as JSON.
    pub(crate) json_query: String,
    /// The bars of the only check of a page, with its level, or of each level. None without the feature `availability`.
    pub(crate) availability: Vec<(Level, Markup)>,
    /// The groups whose checks all are in the report.
    pub(crate) groups: &'a [GroupVerdict],
    /// `None` where no endpoint knows it.
    pub(crate) runtime: Option<RuntimeFacts<'a>>,
    /// Name of the host, which is the pod's in Kubernetes; `None` where nothing states it.
    pub(crate) instance: Option<&'a str>,
}
