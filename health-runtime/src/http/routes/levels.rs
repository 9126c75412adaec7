//! `{levels}` and `{levels}/{1..5}`: the checks by level.

use axum::http::request::Parts;

#[cfg(feature = "availability")]
use super::availability;
use super::{
    super::{
        cache::ResourceId,
        negotiate::Formats,
        paths::{Paths, RouteScope},
        problem::ProblemDetails,
        query::{RequestedView, View, ViewOptions},
        request::{AdmittedRequest, ParsedRequest},
    },
    route::{Answer, Nowhere, PathKind, Resource, RoutePath},
};
use crate::{
    access::AccessRequest,
    model::{Level, Levels},
    render::{Format, ReportSubject},
};

/// Every level.
#[derive(Debug)]
struct EveryLevel;

/// One level, or with it the shallower ones; level 1 includes all others.
#[derive(Debug)]
struct OneLevel(Level);

pub(super) fn mount(paths: &Paths, routes: &mut Vec<RoutePath>) {
    let no_level = || Nowhere("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)");
    let levels = &paths.levels;
    routes.push(RoutePath::new(&**levels, PathKind::Levels, EveryLevel));
    let each = Level::ALL.map(|level| RoutePath::new(format!("{levels}/{level}"), PathKind::Levels, OneLevel(level)));
    routes.extend(each);
    routes
        .extend(["/", "/{*rest}"].map(|rest| RoutePath::new(format!("{levels}{rest}"), PathKind::Levels, no_level())));
}

impl Resource for EveryLevel {
    fn id(&self) -> ResourceId {
        ResourceId { name: "levels", check: None }
    }

    fn formats(&self) -> Formats {
        Formats::reports(Format::JSON)
    }

    fn options(&self, asked: ViewOptions) -> ViewOptions {
        ViewOptions { is_cumulative: false, ..asked }
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        request.levels("levels", Levels::ALL, None)
    }

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        answer(request, parts, Levels::ALL, false)
    }
}

impl OneLevel {
    fn shown(&self, options: ViewOptions) -> Levels {
        if self.0 == Level::L1 || options.is_cumulative {
            Level::ALL.into_iter().filter(|other| *other >= self.0).collect()
        } else {
            Levels::one(self.0)
        }
    }
}

impl Resource for OneLevel {
    fn id(&self) -> ResourceId {
        let name = match self.0 {
            Level::L1 => "level 1",
            Level::L2 => "level 2",
            Level::L3 => "level 3",
            Level::L4 => "level 4",
            Level::L5 => "level 5",
        };
        ResourceId { name, check: None }
    }

    fn is_within(&self, scope: RouteScope) -> bool {
        scope.levels.contains(self.0)
    }

    fn formats(&self) -> Formats {
        Formats::reports(Format::JSON)
    }

    fn options(&self, asked: ViewOptions) -> ViewOptions {
        asked
    }

    fn access(&self, request: &ParsedRequest) -> AccessRequest {
        request.levels("level", self.shown(request.query.options), Some(self.0))
    }

    fn answer(&self, request: &AdmittedRequest<'_>, parts: &Parts) -> Result<Answer, ProblemDetails> {
        let shown = self.shown(request.query.options);
        answer(request, parts, shown, shown == Levels::one(self.0))
    }
}

/// Shows levels, as values if the query or the endpoint says so.
#[cfg_attr(not(feature = "availability"), allow(unused_variables, reason = "only a report is answered"))]
fn answer(
    request: &AdmittedRequest<'_>,
    parts: &Parts,
    shown: Levels,
    is_alone: bool,
) -> Result<Answer, ProblemDetails> {
    let view = match request.query.options.view {
        #[cfg(feature = "availability")]
        Some(RequestedView::Availability) => return availability::of_levels(request, parts, shown),
        Some(RequestedView::Report(view)) => view,
        None => request.service.levels_view,
    };
    Ok(Answer::report(request.select_levels(shown)?, move |request, gathered| {
        Ok(request.render(gathered, ReportSubject::Levels { values: view == View::Values, is_alone }))
    }))
}

#[cfg(feature = "openapi")]
mod description {
    use super::{
        super::super::openapi::{Described, Description, parameter},
        super::description::DescribeResource,
        EveryLevel, OneLevel, Resource,
    };
    use crate::{model::Level, render::schema::Shown};

    impl DescribeResource for EveryLevel {
        fn describe(&self, _path: &str, endpoint: &Described<'_>) -> Description {
            Description::new("Levels", "Every level", self.formats())
                .text("The checks of every level with their statuses, times and causes, or as values alone.")
                .with_report_options()
                .with(parameter::view())
                .with(parameter::verbose())
                .with(parameter::tag(endpoint.checks))
                .with_reports(endpoint, Shown::Levels(&Level::ALL))
        }
    }

    impl DescribeResource for OneLevel {
        fn describe(&self, _path: &str, endpoint: &Described<'_>) -> Description {
            let Self(level) = self;
            let checks: Vec<_> = endpoint.checks.iter().copied().filter(|check| check.level() == *level).collect();
            Description::new(format!("Level{level}"), format!("Level {level} alone"), self.formats())
                .text(match level {
                    Level::L1 => "The deepest level. Its report includes all other levels.",
                    _ => "The checks of this level with their statuses, times and causes, or as values alone.",
                })
                .with_report_options()
                .with(parameter::view())
                .with(parameter::verbose())
                .with(parameter::cumulative())
                .with(parameter::tag(&checks))
                .with_reports(endpoint, Shown::Levels(&[*level]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_read_options_that_change_them() {
        let view = Some(RequestedView::Report(View::Values));
        let all = ViewOptions { view, is_cumulative: true, is_verbose: true, is_fragment: true };
        let in_json = |options: ViewOptions| options.retain_supported(Format::JSON);
        let of_levels = ViewOptions { view, ..ViewOptions::default() };
        assert_eq!(in_json(EveryLevel.options(all)), of_levels);
        assert_eq!(in_json(OneLevel(Level::L3).options(all)), ViewOptions { is_cumulative: true, ..of_levels });
    }
}
