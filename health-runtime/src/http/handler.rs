//! From a question to an answer.

#[cfg(feature = "openapi")]
use std::sync::OnceLock;
use std::{borrow::Borrow, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, request::Parts, uri::Authority},
};

#[cfg(feature = "events")]
use super::events::{self, EventStreams};
#[cfg(feature = "page")]
use super::page;
#[cfg(feature = "haproxy-agent")]
use super::{agent::ValidAgent, answer::TEXT};
use super::{
    answer::{Answer, JSON, retry_after},
    answering::Answering,
    cache::{Cache, Key},
    envoy::ValidEnvoyHeaders,
    negotiate::negotiate,
    paths::Paths,
    peer::{caller, original_uri},
    problem::ProblemDetails,
    query::{Query, View},
    refused,
    retry::run_again_after,
    status_code::{ValidStatusCodes, demanded},
    target::{Reach, Target},
};
#[cfg(feature = "metrics")]
use crate::render::{MetricsView, RenderMetrics};
#[cfg(feature = "page")]
use crate::render::{Place, Process};
use crate::{
    access::{AccessRequest, Authorizer},
    build_info::{BuildMetadata, RuntimeInfo},
    model::{CheckSpec, Group, Level, Levels, Report, StatusChange},
    monitor::{Gathered, Monitor, Selection},
    render::{
        self, Context, DetailLevel, FormatId, Render, RenderReport, ReportView, ShowDetails, Subject, Visibility,
    },
};

/// What was asked for, and at which place.
struct Asked {
    reach: Reach,
    target: Target,
    format: FormatId,
    query: Query,
}

/// Everything that a route needs to answer.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) monitor: Monitor,
    pub(super) build_info: Option<BuildMetadata>,
    pub(super) runtime_info: RuntimeInfo,
    pub(super) paths: Paths,
    pub(super) levels_view: View,
    pub(super) status_codes: ValidStatusCodes,
    pub(super) envoy: ValidEnvoyHeaders,
    #[cfg(feature = "haproxy-agent")]
    pub(crate) agent: ValidAgent,
    /// Made at the first request for it.
    #[cfg(feature = "openapi")]
    pub(super) openapi: OnceLock<Answer>,
    pub(super) show_details: Option<ShowDetails>,
    /// `None` if everybody may have everything run.
    pub(super) authorizer: Option<Arc<Authorizer>>,
    /// `Vary` where policies read more headers than formats do.
    pub(super) vary: Option<HeaderValue>,
    pub(super) cache: Cache,
    #[cfg(feature = "events")]
    pub(super) events: Arc<EventStreams>,
}

impl Service {
    /// Decides what the caller may see, once and before anything else happens, then answers.
    pub(super) fn answer(self: &Arc<Self>, reach: Reach, target: Target, request: Request) -> Answering {
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Answering::now(ProblemDetails::method_not_allowed(request.method()).into_response());
        }
        let query = match Query::parse(request.uri().query(), |name| self.monitor.spec(name).is_some()) {
            Ok(query) => query,
            Err(problem) => return Answering::now(problem.into_response()),
        };
        let (request, _body) = request.into_parts();
        let asked = Asked { reach, format: negotiate(&target, &query, &request.headers), target, query };
        let Some(authorizer) = &self.authorizer else { return self.admitted(Visibility::OUTLINE, asked, request) };
        let ask = self.ask(&asked);
        if let Some(visibility) = authorizer.open_sight(ask) {
            return self.admitted(visibility, asked, request);
        }
        let caller = caller(authorizer, request);
        match authorizer.decide(ask, &caller).try_ready() {
            Ok(Ok(visibility)) => self.admitted(visibility, asked, caller),
            Ok(Err(refusal)) => Answering::now(refused::respond(&refusal)),
            Err(deciding) => {
                let service = Arc::clone(self);
                Answering::later(async move {
                    match deciding.await {
                        Ok(visibility) => service.admitted(visibility, asked, caller).await,
                        Err(refusal) => refused::respond(&refusal),
                    }
                })
            }
        }
    }

    /// What has to be granted for what was asked for.
    fn ask(&self, Asked { reach, target, format, query }: &Asked) -> AccessRequest {
        // Metrics tell what is running, too.
        let with_info = *target == Target::Overview || !matches!(format.format().render, Render::Report(_));
        let levels = |route, shown: Levels, needed| {
            let is_run = matches!(format.format().render, Render::Report(_));
            AccessRequest::Levels { route, shown: shown.and(reach.levels), needed, with_info, is_run }
        };
        match target {
            Target::Overview => levels("overview", Levels::ALL, None),
            Target::Levels => levels("levels", Levels::ALL, None),
            Target::Level(level) => levels("level", shown_levels(*level, query), Some(*level)),
            Target::Check(name) => {
                let level = self.monitor.spec(name).map(CheckSpec::level);
                AccessRequest::Check(level.filter(|level| reach.levels.contains(*level)))
            }
            #[cfg(feature = "events")]
            Target::Events => AccessRequest::Levels {
                route: "events",
                shown: reach.levels,
                needed: None,
                with_info: false,
                is_run: false,
            },
            Target::Group(group) => AccessRequest::Group(*group),
            Target::Info => AccessRequest::Info,
            #[cfg(feature = "metrics")]
            Target::Metrics => levels("metrics", Levels::ALL, None),
            // It names every check.
            #[cfg(feature = "openapi")]
            Target::OpenApi => AccessRequest::Everything("openapi"),
            #[cfg(feature = "haproxy-agent")]
            Target::Agent => AccessRequest::Group(Group::Readiness),
        }
    }

    /// Answers at once what is stored, and runs what is not in a future of its own: that one is large, and
    /// most requests need none.
    fn admitted<P>(self: &Arc<Self>, visibility: Visibility, asked: Asked, request: P) -> Answering
    where
        P: Borrow<Parts> + Send + 'static,
    {
        let parts = request.borrow();
        let visibility = self.show_details.map_or(visibility, |show| show.apply(visibility));
        let Asked { reach, target, format, query } = asked;
        // Of what is there, what the caller may have run.
        let knows_every_check = visibility.knows_every_check && reach.has_every_level();
        let visibility = Visibility { run: visibility.run.and(reach.levels), knows_every_check, ..visibility };
        #[cfg(feature = "events")]
        if target == Target::Events {
            self.adopt_runtime(&parts.extensions);
            return Answering::now(events::open(
                &self.events,
                &self.monitor,
                parts,
                self.authorizer.as_deref(),
                visibility,
            ));
        }
        #[cfg(feature = "page")]
        let depth = if format.is_page() { page::depth(&parts.uri) } else { 0 };
        #[cfg(not(feature = "page"))]
        let depth = 0;
        let shape = query.shape.there(&target, format);
        let key = Key { target, shape, format, visibility, reach, depth };
        if let Some(answer) = self.stored(&key, &query) {
            return Answering::now(answer.into_response(&parts.method, &parts.headers));
        }
        self.adopt_runtime(&parts.extensions);
        let service = Arc::clone(self);
        Answering::later(async move {
            let parts = request.borrow();
            match service.fresh(key, &query, parts).await {
                Ok(answer) => answer.into_response(&parts.method, &parts.headers),
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
            (_, Target::Info) => Ok(self.info(key.visibility, request)),
            #[cfg(feature = "openapi")]
            (_, Target::OpenApi) => self.openapi(request),
            (Render::Report(render), Target::Overview) => self.overview(&key, render, query, request).await,
            (Render::Report(render), _) => self.report(key, render, query).await,
            #[cfg(feature = "metrics")]
            (Render::Metrics(render), _) => Ok(self.metrics(key.format, render, key.visibility)),
        }
    }

    async fn report(&self, key: Key, render: RenderReport, query: &Query) -> Result<Answer, ProblemDetails> {
        let selection = self.selection(&key.target, key.visibility, query)?.within(key.reach.levels);
        #[cfg(feature = "page")]
        let selection = selection.with_group_verdicts(key.format.is_page());
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
        let answer = self.render(&key, render, &gathered, query);
        if let Some(validity) = gathered.validity.filter(|_| query.is_common()) {
            self.cache.put(key, validity, answer.clone());
        }
        Ok(answer)
    }

    fn selection(&self, target: &Target, visibility: Visibility, query: &Query) -> Result<Selection, ProblemDetails> {
        let levels = |shown: Levels| Selection::levels(shown.and(visibility.run).iter().collect());
        let selection = match target {
            Target::Level(level) => levels(shown_levels(*level, query)),
            Target::Group(group) => Selection::group(*group),
            Target::Check(name) => Selection::check(name),
            #[cfg(feature = "haproxy-agent")]
            Target::Agent => Selection::group(Group::Readiness),
            _ => levels(Levels::ALL),
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
            None => Ok(selection.with_tags(&query.tags).without_checks(&query.excluded)),
        }
    }

    fn render(&self, key: &Key, render: RenderReport, gathered: &Gathered, query: &Query) -> Answer {
        let subject = match key.target {
            #[cfg(feature = "haproxy-agent")]
            Target::Agent => {
                let status = self.status_codes_at(key.reach).of(&gathered.report);
                return self.verdict(status, &gathered.report, TEXT, self.agent.line(&gathered.report, true));
            }
            Target::Group(group) => return self.group(key, render, group, gathered, query),
            Target::Check(_) => Subject::Check,
            _ => Subject::Levels {
                values: query.shape.view.unwrap_or(self.levels_view) == View::Values,
                is_alone: matches!(key.target, Target::Level(level) if shown_levels(level, query) == Levels::one(level)),
            },
        };
        self.encode(key, render, gathered, query, subject)
    }

    fn group(&self, key: &Key, render: RenderReport, group: Group, gathered: &Gathered, query: &Query) -> Answer {
        let is_member = |name: &String| self.monitor.spec(name).is_some_and(|check| check.is_in(group));
        let names = query.excluded.union(&query.unmatched).cloned();
        let (excluded, unmatched): (Vec<_>, Vec<_>) = names.partition(is_member);
        let probe = match group {
            Group::Liveness => "livez",
            Group::Readiness => "readyz",
            Group::Startup => "startupz",
        };
        self.encode(key, render, gathered, query, Subject::Group { probe, excluded: &excluded, unmatched: &unmatched })
    }

    #[cfg_attr(not(feature = "page"), allow(unused_variables, reason = "only pages say what was asked for"))]
    fn encode(
        &self,
        key: &Key,
        render: RenderReport,
        gathered: &Gathered,
        query: &Query,
        subject: Subject<'_>,
    ) -> Answer {
        let report = &gathered.report;
        let Visibility { info, .. } = key.visibility;
        let build = self.build_info.as_ref().filter(|_| info.is_some());
        #[cfg(feature = "page")]
        let as_json = if key.format.is_page() { query.as_json(key.shape) } else { String::new() };
        #[cfg(feature = "page")]
        let runtime = match &subject {
            Subject::Overview { runtime, .. } => (*runtime).clone(),
            // Stored answers are shared by requests to every host.
            _ => self.runtime_info.facts(None),
        };
        let context = Context {
            subject,
            is_verbose: key.shape.is_verbose,
            build,
            info,
            #[cfg(feature = "page")]
            place: Place {
                base: &self.paths.base,
                levels: &self.paths.levels,
                there: key.reach.levels,
                has_groups: key.reach.has_groups,
                has_events: self.tells_news(key),
                depth: key.depth,
                is_fragment: key.shape.is_fragment,
                as_json: &as_json,
            },
            #[cfg(feature = "page")]
            process: Process {
                groups: &gathered.groups,
                is_draining: self.monitor.is_draining(),
                runtime: Some(runtime),
                instance: &page::INSTANCE,
            },
        };
        let histories = self.histories(key, report);
        let view = ReportView::new(report, key.visibility).with_histories(&histories, key.visibility);
        let format = key.format.format();
        let status = demanded(format, &view, &context, self.status_codes_at(key.reach).of(report));
        let media_type = HeaderValue::from_static(format.media_type);
        let answer = self.verdict(status, report, media_type, render(&view, &context));
        #[cfg(feature = "page")]
        if key.format.is_page() {
            return page::dress(answer, key.shape.is_fragment);
        }
        answer
    }

    /// Whether who sees this page may have the events, too. Who sees a group may have no level: its browser would ask
    /// for a password, again and again, for a page that needs none.
    #[cfg(feature = "page")]
    fn tells_news(&self, key: &Key) -> bool {
        let may_follow = self.authorizer.is_none() || !matches!(key.target, Target::Group(_));
        may_follow && !key.reach.levels.is_empty()
    }

    /// The latest changes of each check in a report, for an answer that shows them.
    fn histories(&self, key: &Key, report: &Report) -> Vec<Vec<Arc<StatusChange>>> {
        if !matches!(key.target, Target::Check(_)) && !key.format.is_page() {
            return Vec::new();
        }
        let names = report.entries().iter().map(|entry| entry.check.name());
        names.map(|name| self.monitor.history(name).unwrap_or_default()).collect()
    }

    fn status_codes_at(&self, reach: Reach) -> ValidStatusCodes {
        reach.status_codes.unwrap_or(self.status_codes)
    }

    fn verdict(&self, status: StatusCode, report: &Report, content_type: HeaderValue, body: Vec<u8>) -> Answer {
        let again = (status == StatusCode::SERVICE_UNAVAILABLE).then(|| retry_after(run_again_after(report)));
        let answer = Answer::new(status, content_type, again, body);
        answer.with_headers(|headers| self.envoy.insert(headers, report))
    }

    fn info(&self, visibility: Visibility, request: &Parts) -> Answer {
        let detail_level = visibility.info.unwrap_or(DetailLevel::Outline);
        let body = render::info(self.build_info.as_ref(), &self.runtime_info.facts(host(request)), detail_level);
        Answer::new(StatusCode::OK, JSON, None, body)
    }

    /// The numbers as they are: a scrape runs no check, and never fails because one does. Not kept: they tell ages.
    #[cfg(feature = "metrics")]
    fn metrics(&self, format: FormatId, render: RenderMetrics, visibility: Visibility) -> Answer {
        let mut checks = self.monitor.metrics();
        checks.retain(|metrics| visibility.run.contains(metrics.check.level()));
        let build = self.build_info.as_ref().filter(|_| visibility.info.is_some());
        // They tell a caller whether others try to get in.
        let authorizer = self.authorizer.as_ref().filter(|_| !visibility.details.is_empty());
        let refusals = authorizer.map(|authorizer| authorizer.refusals().by_reason().to_vec());
        let body = render(&MetricsView::new(&checks, build, self.monitor.is_draining(), refusals));
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
        let selection = self.selection(&key.target, key.visibility, query)?;
        #[cfg(feature = "page")]
        let selection = selection.with_group_verdicts(key.format.is_page());
        let gathered = self.monitor.gather(&selection).await;
        let runtime = self.runtime_info.facts(host(request));
        let links = self.paths.links(original_uri(request), key.reach);
        let is_draining = self.monitor.is_draining();
        let subject = Subject::Overview { runtime: &runtime, links: &links, is_draining };
        Ok(self.encode(key, render, &gathered, query, subject))
    }
}

/// The levels that the report of a level is about: level 1 holds all the others.
fn shown_levels(level: Level, query: &Query) -> Levels {
    if level == Level::L1 || query.shape.is_cumulative {
        Level::ALL.into_iter().filter(|other| *other >= level).collect()
    } else {
        Levels::one(level)
    }
}

/// Where the request was sent to: the authority of its target, which beats `Host` (RFC 9112, section 3.2.2) and
/// stands in its place in HTTP/2.
fn host(request: &Parts) -> Option<&str> {
    let authority = original_uri(request).authority().map(Authority::as_str);
    authority.or_else(|| request.headers.get(header::HOST)?.to_str().ok())
}
