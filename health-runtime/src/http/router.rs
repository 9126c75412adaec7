use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, rejection::PathRejection},
    handler::Handler,
    http::Uri,
    routing::{MethodRouter, any},
};

use super::{answering::Answering, handler::Service, problem::ProblemDetails, query::View, target::Target};
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
    base: String,
    levels: String,
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
        let mut taken = BTreeSet::from([paths.levels.clone(), paths.checks()]);
        if let Some((path, _)) = paths.fixed().into_iter().find(|(path, _)| !taken.insert(path.clone())) {
            let reason = "another route of the endpoint has this path";
            problems.push(Problem::InvalidPath { key: "levels_path", path, reason });
        }
        if problems.is_empty() { Ok(paths) } else { Err(problems) }
    }

    fn checks(&self) -> String {
        format!("{}/checks", self.base)
    }

    /// Every path without a part that varies, but those of the levels.
    fn fixed(&self) -> Vec<(String, Target)> {
        let base = &self.base;
        let mut routes = vec![(base.clone(), Target::Overview), (format!("{base}/info"), Target::Info)];
        for (group, word) in [(Group::Liveness, "live"), (Group::Readiness, "ready"), (Group::Startup, "startup")] {
            routes.push((format!("{base}/{word}"), Target::Group(group)));
            if self.has_root_probes {
                routes.push((format!("/{word}z"), Target::Group(group)));
            }
        }
        routes
    }

    /// Where to ask further, as the client sees the paths: `overview` is what it asked for.
    pub(super) fn links(&self, overview: &Uri) -> Links {
        let prefix = overview.path().strip_suffix(self.base.as_str()).unwrap_or_default();
        let link = |path: &str| format!("{prefix}{path}");
        let base = &self.base;
        Links {
            levels: link(&self.levels),
            live: link(&format!("{base}/live")),
            ready: link(&format!("{base}/ready")),
            startup: link(&format!("{base}/startup")),
            info: link(&format!("{base}/info")),
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
    } else if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@%".contains(&byte)) {
        "a path is made of the characters that a URL may hold, with nothing to be filled in"
    } else {
        return None;
    };
    Some(Problem::InvalidPath { key, path: path.to_owned(), reason })
}

pub(super) fn router(service: &Arc<Service>) -> Router {
    let paths = &service.paths;
    let levels = &paths.levels;
    let mut router = Router::new().route(levels, route(service, Target::Levels));
    for level in Level::ALL {
        let target = if level == Level::L1 { Target::Levels } else { Target::Level(level) };
        router = router.route(&format!("{levels}/{level}"), route(service, target));
    }
    for (path, target) in paths.fixed() {
        router = router.route(&path, route(service, target));
    }
    router
        .route(&format!("{}/{{name}}", paths.checks()), check_route(service))
        .route(&format!("{levels}/{{*rest}}"), no_level())
        .route(&format!("{}/{{*rest}}", paths.base), nothing())
}

/// Any method, because one that is not allowed gets a problem document, too.
fn route(service: &Arc<Service>, target: Target) -> MethodRouter {
    any(Ask { service: Arc::clone(service), target })
}

/// A handler of its own kind: axum boxes the future of a function, and a stored answer needs none.
#[derive(Clone)]
struct Ask {
    service: Arc<Service>,
    target: Target,
}

impl<S> Handler<(), S> for Ask {
    type Future = Answering;

    fn call(self, request: Request, _state: S) -> Answering {
        self.service.answer(self.target, request)
    }
}

fn check_route(service: &Arc<Service>) -> MethodRouter {
    let service = Arc::clone(service);
    any(move |name: Result<Path<String>, PathRejection>, request: Request| async move {
        match name {
            Ok(Path(name)) => service.answer(Target::Check(name), request).await,
            Err(_) => ProblemDetails::not_found("no check has a name that is not UTF-8").into_response(),
        }
    })
}

fn no_level() -> MethodRouter {
    any(|| async {
        ProblemDetails::not_found("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)")
            .into_response()
    })
}

fn nothing() -> MethodRouter {
    any(|| async { ProblemDetails::not_found("the health endpoint has nothing at this path").into_response() })
}
