//! Pages for people: their headers, their surroundings, and problems shown to people.

#[cfg(feature = "availability")]
use std::time::SystemTime;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
#[cfg(feature = "availability")]
use maud::Markup;

use super::{
    accept::Accept,
    cache::CacheKey,
    cached_response::CachedResponse,
    paths::{Paths, RouteScope, depth},
    problem::ProblemDetails,
    query::Query,
    service::Service,
};
#[cfg(feature = "availability")]
use crate::{
    availability::{Availability, WindowEnd},
    model::{Level, Report},
};
use crate::{
    host::host_name,
    monitor::Gathered,
    render::{self, Format, PageContext, ReportSubject},
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Returns the surroundings of a page; nothing for other formats.
pub(super) fn context<'a>(
    service: &'a Service,
    key: &CacheKey,
    query: &Query,
    gathered: &'a Gathered,
    subject: &ReportSubject<'a>,
) -> PageContext<'a> {
    if !key.format.is_page {
        return PageContext::default();
    }
    // A caller who sees a group may have no level: its browser would ask for a password, again and again, for a page that
    // needs none.
    let may_follow = service.authorizer.is_none() || !matches!(subject, ReportSubject::Group { .. });
    PageContext {
        has_events: may_follow && !key.scope.levels.is_empty(),
        is_fragment: key.options.is_fragment,
        operate: key.visibility.operate,
        json_query: query.json_query(),
        #[cfg(feature = "availability")]
        availability: bars(service, query, &gathered.report, subject),
        groups: &gathered.groups,
        runtime: Some(match subject {
            ReportSubject::Overview { runtime, .. } => (*runtime).clone(),
            // Stored responses are shared by requests to every host.
            _ => service.runtime_info.facts(None),
        }),
        instance: host_name(),
        ..place(&service.paths, key.scope, key.depth)
    }
}

/// Returns the bars of the only check, or of each level of which the query leaves no check out. They end at the latest
/// result, because the page is stored until the next one.
#[cfg(feature = "availability")]
fn bars(service: &Service, query: &Query, report: &Report, subject: &ReportSubject<'_>) -> Vec<(Level, Markup)> {
    let monitor = &service.monitor;
    let until = |level: Level| {
        let entries = report.entries().iter().filter(|entry| entry.check.level() == level);
        entries.map(|entry| entry.result.checked_at()).max().unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let availability = |level, windows| Availability { until: until(level), windows };
    match (subject, report.entries()) {
        (ReportSubject::Check, [entry]) => {
            let level = entry.check.level();
            let own = monitor.check_availability(entry.check.name(), WindowEnd::LatestResult);
            own.map(|own| (level, render::bars::of_check(&availability(level, own)))).into_iter().collect()
        }
        (ReportSubject::Overview { .. } | ReportSubject::Levels { .. }, _) if query.selects_whole_levels() => {
            let of_level = |level: &Level| {
                let own = monitor.level_availability(*level, WindowEnd::LatestResult)?;
                Some((*level, render::bars::of_level(*level, &availability(*level, own))))
            };
            report.levels().iter().filter_map(of_level).collect()
        }
        _ => Vec::new(),
    }
}

fn place(paths: &Paths, scope: RouteScope, depth: usize) -> PageContext<'_> {
    PageContext {
        base: &paths.base,
        levels_path: &paths.levels,
        levels: scope.levels,
        has_groups: scope.has_groups,
        depth,
        ..PageContext::default()
    }
}

/// Adds the headers of a page.
pub(super) fn finish(response: CachedResponse) -> CachedResponse {
    response.with_etag().with_headers(insert_policy)
}

fn insert_policy(headers: &mut HeaderMap) {
    let policy = HeaderValue::from_str(&render::CONTENT_SECURITY_POLICY);
    headers.extend(policy.ok().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// A client that prefers a page for a problem, and where it is.
#[derive(Debug)]
pub(super) struct ProblemPage {
    depth: usize,
    scope: RouteScope,
}

impl ProblemPage {
    /// Returns `None` for a client that prefers JSON.
    pub(super) fn preferred(request: &Request, scope: RouteScope) -> Option<Self> {
        let asked = Query::parse(request.uri().query(), |_| false).ok().and_then(|query| query.format);
        let preferred = || Accept::parse(request.headers())?.best(Format::JSON, |_| true);
        let is_page = asked.or_else(preferred).is_some_and(|format| format.is_page);
        is_page.then(|| Self { depth: depth(request.uri()), scope })
    }

    /// Shows a problem as a page, and leaves any other response as it is.
    pub(super) fn replace(&self, mut response: Response, paths: &Paths) -> Response {
        let Some(problem) = response.extensions_mut().remove::<ProblemDetails>() else { return response };
        let status = response.status();
        let page = place(paths, self.scope, self.depth);
        let page = render::problem(&page, status.as_u16(), title(status), problem.detail());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HTML);
        headers.remove(header::CONTENT_LENGTH);
        insert_policy(headers);
        response.map(|_| page.into())
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}
