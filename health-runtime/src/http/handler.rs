//! From a question to an answer.

use std::{borrow::Borrow, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, request::Parts, uri::Authority},
};

use super::{
    access::{Ask, Gate, Soon, original_uri},
    answer::{Answer, JSON, TEXT},
    answering::Answering,
    cache::{Cache, Key},
    paths::Paths,
    problem::ProblemDetails,
    query::{Format, Query, View},
    show_details::ShowDetails,
    status_code::ValidStatusCodes,
    target::{Reach, Target},
};
use crate::{
    build_info::{BuildMetadata, RuntimeInfo},
    model::{CheckSpec, Group, Level, Levels, Report, Status},
    monitor::{Monitor, Selection},
    render::{self, Clearance, ReportView, Sight},
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
    pub(super) show_details: Option<ShowDetails>,
    /// `None` if everybody may have everything run.
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) cache: Cache,
}

impl Service {
    /// Decides what the caller may see, once and before anything else happens, then answers.
    pub(super) fn answer(self: &Arc<Self>, reach: Reach, target: Target, request: Request) -> Answering {
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Answering::now(ProblemDetails::method_not_allowed(request.method()).into_response());
        }
        let query = match Query::parse(request.uri().query()) {
            Ok(query) => query,
            Err(problem) => return Answering::now(problem.into_response()),
        };
        let (request, _body) = request.into_parts();
        let Some(gate) = &self.gate else { return self.admitted(Sight::OUTLINE, reach, target, query, request) };
        let ask = self.ask(reach.levels, &target, &query);
        if let Some(sight) = gate.open_sight(ask) {
            return self.admitted(sight, reach, target, query, request);
        }
        let caller = gate.caller(request);
        match gate.decide(ask, &caller) {
            Soon::Now(Ok(sight)) => self.admitted(sight, reach, target, query, caller),
            Soon::Now(Err(refusal)) => Answering::now(refusal.into_response()),
            Soon::Later(deciding) => {
                let service = Arc::clone(self);
                Answering::later(async move {
                    match deciding.await {
                        Ok(sight) => service.admitted(sight, reach, target, query, caller).await,
                        Err(refusal) => refusal.into_response(),
                    }
                })
            }
        }
    }

    /// What has to be granted for a target, at a place with these levels.
    fn ask(&self, there: Levels, target: &Target, query: &Query) -> Ask {
        let with_info = *target == Target::Overview;
        let levels = |shown: Levels, needed| Ask::Levels { shown: shown.and(there), needed, with_info };
        match target {
            Target::Overview | Target::Levels => levels(Levels::ALL, None),
            Target::Level(level) => levels(shown_levels(*level, query), Some(*level)),
            Target::Check(name) => {
                let is_asked_for = |check: &&CheckSpec| check.name() == name && there.contains(check.level());
                Ask::Check(self.monitor.checks().find(is_asked_for).map(CheckSpec::level))
            }
            Target::Group(group) => Ask::Group(*group),
            Target::Info => Ask::Info,
        }
    }

    /// Answers at once what is stored, and runs what is not in a future of its own: that one is large, and
    /// most requests need none.
    fn admitted<P>(self: &Arc<Self>, sight: Sight, reach: Reach, target: Target, query: Query, request: P) -> Answering
    where
        P: Borrow<Parts> + Send + 'static,
    {
        let parts = request.borrow();
        let sight = self.show_details.map_or(sight, |show| show.apply(sight));
        // Of what is there, what the caller may have run.
        let sight = Sight { run: sight.run.and(reach.levels), ..sight };
        let key = Key { target, shape: query.shape, sight };
        if let Some(answer) = self.stored(&key, &query) {
            return Answering::now(answer.into_response(&parts.method));
        }
        #[cfg(feature = "serve")]
        super::home::settle(&self.monitor, &parts.extensions);
        let service = Arc::clone(self);
        Answering::later(async move {
            let parts = request.borrow();
            match service.fresh(key, reach, &query, parts).await {
                Ok(answer) => answer.into_response(&parts.method),
                Err(problem) => problem.into_response(),
            }
        })
    }

    /// A report as it was rendered before, if that is still true.
    fn stored(&self, key: &Key, query: &Query) -> Option<Answer> {
        if query.is_common() { self.cache.get(key, &self.monitor) } else { None }
    }

    async fn fresh(&self, key: Key, reach: Reach, query: &Query, request: &Parts) -> Result<Answer, ProblemDetails> {
        match key.target {
            Target::Info => Ok(self.info(key.sight, request)),
            Target::Overview => self.overview(key.sight, reach, query, request).await,
            _ => self.report(key, reach, query).await,
        }
    }

    async fn report(&self, key: Key, reach: Reach, query: &Query) -> Result<Answer, ProblemDetails> {
        let selection = self.selection(&key.target, key.sight, query)?.within(reach.levels);
        let gathered = self.monitor.gather(&selection).await;
        // Those who waited for the same runs have rendered it meanwhile, perhaps.
        if let Some(answer) = self.stored(&key, query) {
            return Ok(answer);
        }
        let (content_type, body) = self.render(&key.target, &ReportView::new(&gathered.report, key.sight), query)?;
        let answer = self.verdict(&gathered.report, content_type, body);
        if let Some(validity) = gathered.validity.filter(|_| query.is_common()) {
            self.cache.put(key, validity, answer.clone());
        }
        Ok(answer)
    }

    fn selection(&self, target: &Target, sight: Sight, query: &Query) -> Result<Selection, ProblemDetails> {
        let levels = |shown: Levels| Selection::levels(shown.and(sight.run).iter().collect());
        let selection = match target {
            Target::Level(level) => levels(shown_levels(*level, query)),
            Target::Group(group) => Selection::group(*group),
            Target::Check(name) => Selection::check(name),
            Target::Levels | Target::Overview | Target::Info => levels(Levels::ALL),
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

    fn render(
        &self,
        target: &Target,
        view: &ReportView<'_>,
        query: &Query,
    ) -> Result<(HeaderValue, Vec<u8>), ProblemDetails> {
        let body = match target {
            Target::Group(group) if query.shape.format != Some(Format::Json) => {
                return Ok((TEXT, self.group_text(*group, view, query).into_bytes()));
            }
            Target::Group(_) => render::group(view),
            Target::Check(name) => {
                render::check(view).ok_or_else(|| ProblemDetails::not_found(format!("no check is named {name:?}")))?
            }
            _ => match query.shape.view.unwrap_or(self.levels_view) {
                View::Native => render::levels(view),
                View::Values => {
                    let alone =
                        matches!(target, Target::Level(level) if shown_levels(*level, query) == Levels::one(*level));
                    render::values(view, alone)
                }
            },
        };
        Ok((JSON, body))
    }

    fn group_text(&self, group: Group, view: &ReportView<'_>, query: &Query) -> String {
        let is_member = |name: &String| self.monitor.checks().any(|check| check.name() == name && check.is_in(group));
        let (excluded, unmatched): (Vec<_>, Vec<_>) = query.excluded.iter().cloned().partition(is_member);
        let probe = match group {
            Group::Liveness => "livez",
            Group::Readiness => "readyz",
            Group::Startup => "startupz",
        };
        render::text_group(view, probe, &excluded, &unmatched, query.shape.is_verbose)
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

    fn info(&self, sight: Sight, request: &Parts) -> Answer {
        let clearance = sight.info.unwrap_or(Clearance::Outline);
        let body = render::info(self.build_info.as_ref(), &self.runtime_info.facts(host(request)), clearance);
        Answer::new(StatusCode::OK, JSON, None, body)
    }

    /// Not kept: it tells the uptime.
    async fn overview(
        &self,
        sight: Sight,
        reach: Reach,
        query: &Query,
        request: &Parts,
    ) -> Result<Answer, ProblemDetails> {
        let report = self.monitor.report(&self.selection(&Target::Overview, sight, query)?).await;
        let facts = self.runtime_info.facts(host(request));
        let links = self.paths.links(original_uri(request), reach);
        let view = ReportView::new(&report, sight);
        let draining = self.monitor.is_draining();
        let body = render::overview(&view, self.build_info.as_ref(), &facts, &links, sight.info, draining);
        Ok(self.verdict(&report, JSON, body))
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
