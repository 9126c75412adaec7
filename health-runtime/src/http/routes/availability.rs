//! `?view=availability`: shares of time and latencies, of levels and of one check. No check is run for it, so its status code
//! is 200 whatever the checks report.

use std::{sync::Arc, time::SystemTime};

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};

use super::{
    super::{
        cached_response::{CachedResponse, JSON},
        problem::ProblemDetails,
        request::AdmittedRequest,
    },
    route::Answer,
};
use crate::{
    availability::{Availability, WindowEnd, WindowSummary},
    model::{CheckSpec, Level, Levels},
    monitor::Selection,
    render::{self, LevelAvailability},
};

/// Shows those of these levels that the caller may run.
pub(super) fn of_levels(request: &AdmittedRequest<'_>, parts: &Parts, shown: Levels) -> Result<Answer, ProblemDetails> {
    let selection = request.select_levels(shown)?;
    let visible = shown.and(request.key.visibility.run);
    let levels: Vec<_> = visible.iter().map(|level| of_level(request, level, &selection)).collect();
    Ok(answer(render::levels_availability(&levels), parts))
}

fn of_level(request: &AdmittedRequest<'_>, level: Level, selection: &Selection) -> LevelAvailability {
    let monitor = &request.service.monitor;
    let checks = monitor.checks().filter(|check| check.level() == level && selection.selects(check));
    let of_check = |check: Arc<CheckSpec>| {
        let windows = monitor.check_availability(check.name(), WindowEnd::Now)?;
        Some((check.name().to_owned(), until_now(windows)))
    };
    // It covers all checks of the level.
    let own = monitor.level_availability(level, WindowEnd::Now).filter(|_| request.query.selects_whole_levels());
    LevelAvailability { level, own: own.map(until_now), checks: checks.filter_map(of_check).collect() }
}

/// Shows the selected check; `None` if there is none.
pub(super) fn of_check(request: &AdmittedRequest<'_>, parts: &Parts, selection: &Selection) -> Option<Answer> {
    let monitor = &request.service.monitor;
    let check = monitor.checks().find(|check| selection.selects(check))?;
    let availability = until_now(monitor.check_availability(check.name(), WindowEnd::Now)?);
    Some(answer(render::check_availability(check.name(), check.level(), &availability), parts))
}

fn until_now(windows: [WindowSummary; 3]) -> Availability {
    Availability { until: SystemTime::now(), windows }
}

fn answer(body: Vec<u8>, parts: &Parts) -> Answer {
    let response: Response = CachedResponse::new(StatusCode::OK, JSON, body).into_response(parts);
    Answer::Response(response)
}
