//! A request on its way through the endpoint: parsed, then admitted.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderValue, StatusCode};

#[cfg(feature = "page")]
use super::page;
use super::{
    cache::CacheKey, cached_response::CachedResponse, load_balancers::demanded, paths::RouteScope,
    problem::ProblemDetails, query::Query, service::Service,
};
use crate::{
    access::AccessRequest,
    health_path::RequestOrigin,
    model::{Cause, Level, Levels, Report, ReportEntry, Status, StatusChange},
    monitor::{Gathered, Selection},
    render::{Context, Format, RenderReport, ReportSubject, ReportView},
};

/// A request whose format and query are known.
#[derive(Debug)]
pub(super) struct ParsedRequest {
    pub(super) scope: RouteScope,
    pub(super) format: &'static Format,
    pub(super) query: Query,
    /// `None` if it says nothing.
    pub(super) origin: Option<Arc<RequestOrigin>>,
}

impl ParsedRequest {
    /// Asks for those of these levels that are in scope. Metrics run no check, and show build information, too.
    pub(super) fn levels(&self, route: &'static str, levels: Levels, needed: Option<Level>) -> AccessRequest {
        let is_run = self.format.shows_reports();
        AccessRequest::Levels { route, shown: levels.and(self.scope.levels), needed, with_info: !is_run, is_run }
    }
}

/// A request that access admits, with everything that decides what its answer shows.
pub(super) struct AdmittedRequest<'a> {
    pub(super) service: &'a Service,
    pub(super) query: &'a Query,
    pub(super) key: &'a CacheKey,
    /// Renders reports in the negotiated format.
    pub(super) render: RenderReport,
}

impl AdmittedRequest<'_> {
    /// Selects those of these levels that the caller may run.
    pub(super) fn select_levels(&self, levels: Levels) -> Result<Selection, ProblemDetails> {
        self.narrow(Selection::levels(levels.and(self.key.visibility.run).iter().collect()))
    }

    /// Narrows a selection by the tags and names in the query. A tag that no selected check has is a problem: an empty
    /// report would pass, so that a typo would lie.
    pub(super) fn narrow(&self, selection: Selection) -> Result<Selection, ProblemDetails> {
        let checks = || self.service.monitor.checks();
        let has_tag = |tag: &String| checks().any(|check| selection.selects(&check) && check.tags().contains(tag));
        match self.query.tags.iter().find(|tag| !has_tag(tag)) {
            Some(tag) => Err(ProblemDetails::not_found(format!("no selected check has the tag {tag:?}"))),
            None => Ok(selection.with_tags(&self.query.tags).without_checks(&self.query.excluded)),
        }
    }

    /// Renders a report in the negotiated format.
    pub(super) fn render(&self, gathered: &Gathered, subject: ReportSubject<'_>) -> CachedResponse {
        let Self { service, key, .. } = self;
        let report = &gathered.report;
        let histories = self.histories(&subject, report);
        let is_overview = matches!(subject, ReportSubject::Overview { .. });
        let off = if is_overview { service.monitor.off_checks() } else { &[] };
        let context = Context {
            #[cfg(feature = "page")]
            page: page::context(self.service, key, self.query, gathered, &subject),
            subject,
            is_draining: service.monitor.is_draining(),
            is_verbose: key.options.is_verbose,
            build: service.build_info.as_ref().filter(|_| key.visibility.info.is_some()),
            info: key.visibility.info,
        };
        let view = ReportView::new(report, key.visibility)
            .with_histories(&histories, key.visibility)
            .with_off(off, key.visibility);
        let body = (self.render)(&view, &context);
        let configured = service.status_codes_in(key.scope).for_report(report);
        let status = demanded(key.format, &view, &context, configured);
        // A fragment carries no verdict: a browser logs any status but 200 as an error of the page.
        let status = if key.options.is_fragment { StatusCode::OK } else { status };
        let response = self.verdict(status, report, key.format, body);
        #[cfg(feature = "page")]
        if key.format.is_page {
            return page::finish(response);
        }
        response
    }

    /// Makes the response to a verdict, with the headers for load balancers.
    pub(super) fn verdict(
        &self,
        status: StatusCode,
        report: &Report,
        format: &'static Format,
        body: Vec<u8>,
    ) -> CachedResponse {
        let response = CachedResponse::new(status, HeaderValue::from_static(format.media_type), body);
        let response = match status {
            StatusCode::SERVICE_UNAVAILABLE => response.with_retry_after(next_run(report)),
            _ => response,
        };
        response.with_headers(|headers| self.service.envoy.insert(headers, report))
    }

    /// Returns the latest changes of each check in a report, for an answer that shows them. A check that was replaced has
    /// changes of other levels, which the caller may not run.
    fn histories(&self, subject: &ReportSubject<'_>, report: &Report) -> Vec<Vec<Arc<StatusChange>>> {
        if !matches!(subject, ReportSubject::Check) && !self.key.format.is_page {
            return Vec::new();
        }
        let levels = self.key.visibility.run;
        let history_of = |entry: &ReportEntry| {
            let mut history = self.service.monitor.history(entry.check.name()).unwrap_or_default();
            history.retain(|change| levels.contains(change.level()));
            history
        };
        report.entries().iter().map(history_of).collect()
    }
}

/// Returns the time until the first failing check is run again at the latest.
fn next_run(report: &Report) -> Duration {
    let failing = report.entries().iter().filter(|entry| entry.counting_status() == Some(Status::Fail));
    // A blocked check recovers with the check that blocks it.
    let own = failing.filter(|entry| !matches!(entry.result.cause(), Some(Cause::Blocked { .. })));
    own.map(next_run_of).min().unwrap_or_default()
}

fn next_run_of(entry: &ReportEntry) -> Duration {
    match entry.result.cause() {
        // Its first run is under way.
        Some(Cause::Pending) => Duration::ZERO,
        // By itself, or at the next request.
        _ => entry.check.retry_interval().unwrap_or_else(|| entry.check.max_age()),
    }
}
