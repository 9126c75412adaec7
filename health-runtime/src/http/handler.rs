//! From a question to an answer.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{OriginalUri, Request},
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts, uri::Authority},
};

#[cfg(feature = "events")]
use super::events::{self, EventStreams};
#[cfg(feature = "page")]
use super::page;
use super::{
    access::ShowDetails,
    answer::{Answer, JSON},
    answering::Answering,
    cache::{Cache, Key},
    negotiate::negotiate,
    paths::Paths,
    problem::ProblemDetails,
    query::{Query, Shape, View},
    status_code::ValidStatusCodes,
    target::Target,
};
#[cfg(feature = "page")]
use crate::render::Place;
#[cfg(feature = "metrics")]
use crate::render::{FormatId, MetricsView, RenderMetrics};
use crate::{
    build_info::{BuildMetadata, RuntimeInfo},
    model::{Group, Report, Status, StatusChange},
    monitor::{Monitor, Selection},
    render::{self, Clearance, Context, Render, RenderReport, ReportView, Subject},
};

/// Everything that a route needs to answer.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) monitor: Monitor,
    pub(super) build_info: Option<BuildMetadata>,
    pub(super) runtime_info: RuntimeInfo,
    pub(super) paths: Paths,
    pub(super) levels_view: View,
    pub(super) status_codes: ValidStatusCodes,
    pub(super) show_details: ShowDetails,
    pub(super) cache: Cache,
    #[cfg(feature = "events")]
    pub(super) events: Arc<EventStreams>,
}

impl Service {
    /// Answers at once what is stored, and runs what is not in a future of its own: that one is large, and
    /// most requests need none.
    pub(super) fn answer(self: &Arc<Self>, target: Target, request: Request) -> Answering {
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Answering::now(ProblemDetails::method_not_allowed(request.method()).into_response());
        }
        let clearance = self.show_details.clearance();
        let query = match Query::parse(request.uri().query()) {
            Ok(query) => query,
            Err(problem) => return Answering::now(problem.into_response()),
        };
        #[cfg(feature = "events")]
        if target == Target::Events {
            #[cfg(feature = "serve")]
            super::home::settle(&self.monitor, &request);
            return Answering::now(events::open(&self.events, &self.monitor, &request, clearance));
        }
        let format = negotiate(&target, &query, request.headers());
        #[cfg(feature = "page")]
        let depth = if format.is_page() { page::depth(request.uri()) } else { 0 };
        #[cfg(not(feature = "page"))]
        let depth = 0;
        let shape = Shape { is_fragment: query.shape.is_fragment && format.is_page(), ..query.shape };
        let key = Key { target, shape, format, clearance, depth };
        if let Some(answer) = self.stored(&key, &query) {
            return Answering::now(answer.into_response(request.method(), request.headers()));
        }
        #[cfg(feature = "serve")]
        super::home::settle(&self.monitor, &request);
        let service = Arc::clone(self);
        let (request, _body) = request.into_parts();
        Answering::later(async move {
            match service.fresh(key, &query, &request).await {
                Ok(answer) => answer.into_response(&request.method, &request.headers),
                Err(problem) => problem.into_response(),
            }
        })
    }

    /// A report as it was rendered before, if that is still true.
    fn stored(&self, key: &Key, query: &Query) -> Option<Answer> {
        if query.is_common() { self.cache.get(key, &self.monitor) } else { None }
    }

    async fn fresh(&self, key: Key, query: &Query, request: &Parts) -> Result<Answer, ProblemDetails> {
        match (key.format.format().render, &key.target) {
            (_, Target::Info) => Ok(self.info(key.clearance, request)),
            (Render::Report(render), Target::Overview) => self.overview(&key, render, query, request).await,
            (Render::Report(render), _) => self.report(key, render, query).await,
            #[cfg(feature = "metrics")]
            (Render::Metrics(render), _) => Ok(self.metrics(key.format, render)),
        }
    }

    async fn report(&self, key: Key, render: RenderReport, query: &Query) -> Result<Answer, ProblemDetails> {
        let selection = self.selection(&key.target, query)?;
        let gathered = self.monitor.gather(&selection).await;
        // Those who waited for the same runs have rendered it meanwhile, perhaps.
        if let Some(answer) = self.stored(&key, query) {
            return Ok(answer);
        }
        if let Target::Check(name) = &key.target
            && gathered.report.entries().is_empty()
        {
            return Err(ProblemDetails::not_found(format!("no check is named {name:?}")));
        }
        let answer = self.render(&key, render, &gathered.report, query);
        if let Some(validity) = gathered.validity.filter(|_| query.is_common()) {
            self.cache.put(key, validity, answer.clone());
        }
        Ok(answer)
    }

    fn selection(&self, target: &Target, query: &Query) -> Result<Selection, ProblemDetails> {
        let selection = match target {
            Target::Level(level) if query.shape.is_cumulative => Selection::down_to(*level),
            Target::Level(level) => Selection::level(*level),
            Target::Group(group) => Selection::group(*group),
            Target::Check(name) => Selection::check(name),
            Target::Levels | Target::Overview | Target::Info => Selection::everything(),
            #[cfg(feature = "events")]
            Target::Events => Selection::everything(),
            #[cfg(feature = "metrics")]
            Target::Metrics => Selection::everything(),
        };
        let selection = match target {
            // It was asked for by its name.
            Target::Check(_) => selection,
            _ => self.narrowed(selection, query)?,
        };
        Ok(match query.timeout {
            Some(timeout) => selection.with_deadline(timeout),
            None => selection,
        })
    }

    /// What is left of a selection by the tags and names of a query. A tag that nothing in it has would leave nothing,
    /// and nothing passes: a lie that a typo tells.
    fn narrowed(&self, selection: Selection, query: &Query) -> Result<Selection, ProblemDetails> {
        let has_tag =
            |tag: &String| self.monitor.checks().any(|check| selection.selects(check) && check.tags().contains(tag));
        match query.tags.iter().find(|tag| !has_tag(tag)) {
            Some(tag) => Err(ProblemDetails::not_found(format!("no check that was asked for has the tag {tag:?}"))),
            None => Ok(selection.with_tags(&query.tags).excluding(&query.excluded)),
        }
    }

    fn render(&self, key: &Key, render: RenderReport, report: &Report, query: &Query) -> Answer {
        let subject = match key.target {
            Target::Group(group) => return self.group(key, render, group, report, query),
            Target::Check(_) => Subject::Check,
            _ => Subject::Levels { values: query.shape.view.unwrap_or(self.levels_view) == View::Values },
        };
        self.encode(key, render, report, subject)
    }

    fn group(&self, key: &Key, render: RenderReport, group: Group, report: &Report, query: &Query) -> Answer {
        let is_member = |name: &String| self.monitor.checks().any(|check| check.name() == name && check.is_in(group));
        let (excluded, unmatched): (Vec<_>, Vec<_>) = query.excluded.iter().cloned().partition(is_member);
        let probe = match group {
            Group::Liveness => "livez",
            Group::Readiness => "readyz",
            Group::Startup => "startupz",
        };
        self.encode(key, render, report, Subject::Group { probe, excluded: &excluded, unmatched: &unmatched })
    }

    fn encode(&self, key: &Key, render: RenderReport, report: &Report, subject: Subject<'_>) -> Answer {
        let build = self.build_info.as_ref();
        let context = Context {
            subject,
            is_verbose: key.shape.is_verbose,
            build,
            clearance: key.clearance,
            #[cfg(feature = "page")]
            place: Place {
                base: &self.paths.base,
                levels: &self.paths.levels,
                depth: key.depth,
                is_fragment: key.shape.is_fragment,
            },
        };
        let histories = self.histories(key, report);
        let view = ReportView::new(report, key.clearance).with_histories(&histories, key.clearance);
        let media_type = HeaderValue::from_static(key.format.format().media_type);
        let answer = self.verdict(report, media_type, render(&view, &context));
        #[cfg(feature = "page")]
        if key.format.is_page() {
            return page::dress(answer, key.shape.is_fragment);
        }
        answer
    }

    /// The latest changes of each check in a report, for an answer that shows them.
    fn histories(&self, key: &Key, report: &Report) -> Vec<Vec<Arc<StatusChange>>> {
        if !matches!(key.target, Target::Check(_)) && !key.format.is_page() {
            return Vec::new();
        }
        let names = report.entries().iter().map(|entry| entry.check.name());
        names.map(|name| self.monitor.history(name).unwrap_or_default()).collect()
    }

    fn verdict(&self, report: &Report, content_type: HeaderValue, body: Vec<u8>) -> Answer {
        let status = self.status_codes.of(report.status());
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then(|| {
            let failing = report.entries().iter().filter(|entry| entry.counting_status() == Some(Status::Fail));
            let soonest = failing.map(|entry| entry.check.max_age()).min().unwrap_or_default();
            // Rounded up to whole seconds, and never "at once".
            HeaderValue::from(soonest.saturating_add(Duration::from_millis(999)).as_secs().max(1))
        });
        Answer::new(status, content_type, retry_after, body)
    }

    fn info(&self, clearance: Clearance, request: &Parts) -> Answer {
        let body = render::info(self.build_info.as_ref(), &self.runtime_info.facts(host(request)), clearance);
        Answer::new(StatusCode::OK, JSON, None, body)
    }

    /// The numbers as they are: a scrape runs no check, and never fails because one does. Not kept: they tell ages.
    #[cfg(feature = "metrics")]
    fn metrics(&self, format: FormatId, render: RenderMetrics) -> Answer {
        let checks = self.monitor.metrics();
        let body = render(&MetricsView::new(&checks, self.build_info.as_ref(), self.monitor.is_draining()));
        Answer::new(StatusCode::OK, HeaderValue::from_static(format.format().media_type), None, body)
    }

    /// Not kept: it tells the uptime.
    async fn overview(
        &self,
        key: &Key,
        render: RenderReport,
        query: &Query,
        request: &Parts,
    ) -> Result<Answer, ProblemDetails> {
        let report = self.monitor.report(&self.selection(&key.target, query)?).await;
        let runtime = self.runtime_info.facts(host(request));
        let links = self.paths.links(original_uri(request));
        let is_draining = self.monitor.is_draining();
        Ok(self.encode(key, render, &report, Subject::Overview { runtime: &runtime, links: &links, is_draining }))
    }
}

/// Where the request was sent to: the authority of its target, which beats `Host` (RFC 9112, section 3.2.2) and
/// stands in its place in HTTP/2.
fn host(request: &Parts) -> Option<&str> {
    let authority = original_uri(request).authority().map(Authority::as_str);
    authority.or_else(|| request.headers.get(header::HOST)?.to_str().ok())
}

/// The path as the client wrote it, before routers around this one took their prefix off.
fn original_uri(request: &Parts) -> &Uri {
    request.extensions.get::<OriginalUri>().map_or(&request.uri, |original| &original.0)
}
