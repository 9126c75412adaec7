use axum::http::Uri;

use super::{
    query::View,
    target::{Reach, Target},
};
use crate::{
    error::Problem,
    model::{Group, Level},
    render::Links,
};

/// Where the levels are served, and what they look like when the query does not say.
///
/// A path, or a path and a [`View`]; `{base}` stands for the base path.
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

/// The paths of the routes, known to be usable.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) base: String,
    pub(super) levels: String,
    has_root_probes: bool,
}

impl Paths {
    pub(super) fn new(base: &str, levels: &LevelsPath, has_root_probes: bool) -> Result<Self, Vec<Problem>> {
        let levels = levels.path.replace("{base}", base);
        let mut problems: Vec<_> = [("base_path", base), ("levels_path", &levels)]
            .into_iter()
            .filter_map(|(key, path)| fault(key, path))
            .collect();
        let paths = Self { base: base.to_owned(), levels, has_root_probes };
        problems.extend(paths.clash());
        if problems.is_empty() { Ok(paths) } else { Err(problems) }
    }

    pub(super) fn checks(&self) -> String {
        format!("{}/checks", self.base)
    }

    /// Where tokens are given out, if they are.
    pub(super) fn token(&self) -> String {
        format!("{}/token", self.base)
    }

    /// The levels' own paths.
    pub(super) fn of_levels(&self) -> Vec<(String, Target)> {
        let each = Level::ALL.into_iter().map(|level| (format!("{}/{level}", self.levels), Target::Level(level)));
        [(self.levels.clone(), Target::Levels)].into_iter().chain(each).collect()
    }

    /// Two routes of one path, which axum would answer with a panic.
    fn clash(&self) -> Option<Problem> {
        let reason = "another route of the endpoint has this path";
        let mut taken = vec![self.checks(), self.token()];
        let fixed = self.fixed().into_iter().map(|(path, _)| ("base_path", path));
        let levels = self.of_levels().into_iter().map(|(path, _)| ("levels_path", path));
        for (key, path) in fixed.chain(levels) {
            if taken.contains(&path) {
                return Some(Problem::InvalidPath { key, path, reason });
            }
            taken.push(path);
        }
        None
    }

    /// Every other path without a part that varies.
    pub(super) fn fixed(&self) -> Vec<(String, Target)> {
        let base = &self.base;
        let mut routes = vec![(base.clone(), Target::Overview), (format!("{base}/info"), Target::Info)];
        #[cfg(feature = "events")]
        routes.push((format!("{base}/events"), Target::Events));
        #[cfg(feature = "metrics")]
        routes.push((format!("{base}/metrics"), Target::Metrics));
        #[cfg(feature = "openapi")]
        routes.push((format!("{base}/openapi.json"), Target::OpenApi));
        #[cfg(feature = "haproxy-agent")]
        routes.push((format!("{base}/agent"), Target::Agent));
        for (group, word) in [(Group::Liveness, "live"), (Group::Readiness, "ready"), (Group::Startup, "startup")] {
            routes.push((format!("{base}/{word}"), Target::Group(group)));
            if self.has_root_probes {
                routes.push((format!("/{word}z"), Target::Group(group)));
            }
        }
        routes
    }

    /// Further paths of the groups: with a slash at the end, as people type them, and in the words of Spring Boot and
    /// MicroProfile. A path that another route has, or would have by its wildcard, is left to that.
    pub(super) fn aliases(&self) -> Vec<(String, Group)> {
        let base = &self.base;
        let mut aliases = Vec::new();
        for (group, word, other) in [
            (Group::Liveness, "live", "liveness"),
            (Group::Readiness, "ready", "readiness"),
            (Group::Startup, "startup", "started"),
        ] {
            let below = [format!("{base}/{word}/"), format!("{base}/{other}"), format!("{base}/{other}/")];
            let at_root = self.has_root_probes.then(|| format!("/{word}z/"));
            aliases.extend(below.into_iter().chain(at_root).map(|path| (path, group)));
        }
        let is_taken = |path: &str| path.trim_end_matches('/') == self.levels;
        aliases.retain(|(path, _)| !is_taken(path));
        aliases
    }

    /// What stands before all paths as the client sees them: `asked` is what it wrote for this path of ours.
    #[cfg(feature = "openapi")]
    pub(super) fn prefix<'a>(&self, asked: &'a Uri) -> &'a str {
        asked.path().strip_suffix("/openapi.json").and_then(|path| path.strip_suffix(&*self.base)).unwrap_or_default()
    }

    /// Where to ask further, as the client sees the paths: `overview` is what it asked for.
    pub(super) fn links(&self, overview: &Uri, reach: Reach) -> Links {
        let prefix = overview.path().strip_suffix(self.base.as_str()).unwrap_or_default();
        let link = |path: &str| format!("{prefix}{path}");
        let base = &self.base;
        let group = |word: &str| reach.has_groups.then(|| link(&format!("{base}/{word}")));
        Links {
            levels: link(&self.levels),
            live: group("live"),
            ready: group("ready"),
            startup: group("startup"),
            info: link(&format!("{base}/info")),
            events: cfg!(feature = "events").then(|| link(&format!("{base}/events"))),
            metrics: cfg!(feature = "metrics").then(|| link(&format!("{base}/metrics"))),
            // Which describes everything, and is not where something is missing.
            openapi: (cfg!(feature = "openapi") && reach == Reach::EVERYTHING)
                .then(|| link(&format!("{base}/openapi.json"))),
        }
    }
}

fn fault(key: &'static str, path: &str) -> Option<Problem> {
    let reason = if !path.starts_with('/') {
        "a path starts with `/`"
    } else if path.ends_with('/') {
        "a path has something behind its last `/`, such as `/health`"
    } else if path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")) {
        "a path has no empty parts and no `.` or `..`"
    } else if path.split('/').any(|part| part.starts_with([':', '*'])) {
        "a part of a path that starts with `:` or `*` is one to be filled in, to axum"
    } else if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@%".contains(&byte)) {
        "a path is made of the characters that a URL may hold, with nothing to be filled in"
    } else {
        return None;
    };
    Some(Problem::InvalidPath { key, path: path.to_owned(), reason })
}
