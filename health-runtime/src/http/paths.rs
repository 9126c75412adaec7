use axum::http::Uri;

use super::{load_balancers::ValidStatusCodes, query::View};
use crate::{error::Problem, model::Levels};

/// The path of the levels, and their [`View`] for requests without `?view=`.
///
/// Made from a path, or from a path and a view; `{base}` stands for the base path.
///
/// ```
/// use health_runtime::{LevelsPath, View};
///
/// let native: LevelsPath = "{base}/levels".into();
/// let values: LevelsPath = ("/api/health_levels", View::Values).into();
/// # let _ = (native, values);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelsPath {
    path: String,
    view: View,
}

impl From<&str> for LevelsPath {
    fn from(path: &str) -> Self {
        (path, View::Native).into()
    }
}

impl From<String> for LevelsPath {
    fn from(path: String) -> Self {
        Self { path, view: View::Native }
    }
}

impl From<(&str, View)> for LevelsPath {
    fn from((path, view): (&str, View)) -> Self {
        Self { path: path.to_owned(), view }
    }
}

impl Default for LevelsPath {
    fn default() -> Self {
        "{base}/levels".into()
    }
}

impl LevelsPath {
    pub(super) const fn view(&self) -> View {
        self.view
    }
}

/// The configured paths, from which all others are derived.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) base: String,
    pub(super) levels: String,
    pub(super) has_root_probes: bool,
}

impl Paths {
    /// Also returns the problems that each path has by itself.
    pub(super) fn new(base: &str, levels: &LevelsPath, has_root_probes: bool) -> (Self, Vec<Problem>) {
        let levels = levels.path.replace("{base}", base);
        let keys = [("base_path", base), ("levels_path", &*levels)];
        let problems = keys.into_iter().filter_map(|(key, path)| fault(key, path)).collect();
        (Self { base: base.to_owned(), levels, has_root_probes }, problems)
    }
}

/// The part of an endpoint that is served at one address; routes outside of it do not exist there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RouteScope {
    pub(crate) levels: Levels,
    pub(crate) has_groups: bool,
    /// `None` for those of the endpoint.
    pub(crate) status_codes: Option<ValidStatusCodes>,
}

impl RouteScope {
    pub(crate) const EVERYTHING: Self = Self { levels: Levels::ALL, has_groups: true, status_codes: None };

    pub(crate) fn has_every_level(self) -> bool {
        self.levels == Levels::ALL
    }
}

/// Returns the number of folders between a page and the root of the service's paths.
pub(super) fn depth(uri: &Uri) -> usize {
    uri.path().matches('/').count().saturating_sub(1)
}

fn fault(key: &'static str, path: &str) -> Option<Problem> {
    let reason = if !path.starts_with('/') {
        "a path must start with `/`"
    } else if path.ends_with('/') {
        "a path cannot end with `/`; write for example `/health`"
    } else if path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")) {
        "a path cannot have empty parts, `.` or `..`"
    } else if path.split('/').any(|part| part.starts_with([':', '*'])) {
        "a part of a path cannot start with `:` or `*`, which axum reads as a parameter"
    } else if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@%".contains(&byte)) {
        "a path can only have the characters of a URL, without parameters"
    } else {
        return None;
    };
    Some(Problem::InvalidPath { key, path: path.to_owned(), reason })
}
