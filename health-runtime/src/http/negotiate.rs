//! Which encoding an answer has.

use axum::http::HeaderMap;

use super::{
    accept::Accept,
    query::{Query, View},
    target::Target,
};
use crate::render::{FormatId, Render};

/// What the query says, else what `Accept` likes best, else the route's own. There is always one: a verdict in
/// an encoding that nobody asked for beats none.
pub(super) fn negotiate(target: &Target, query: &Query, headers: &HeaderMap) -> FormatId {
    let is_offered = |id: FormatId| offers(target, id.format().render);
    if let Some(asked) = query.format.filter(|asked| is_offered(*asked)) {
        return asked;
    }
    let own = own_format(target);
    // Only JSON has this view, and only of levels.
    if query.shape.view == Some(View::Values) && matches!(target, Target::Levels | Target::Level(_)) {
        return own;
    }
    let Some(accept) = Accept::of(headers) else { return own };
    // Probers and their operators count on plain text, so a probe's route has another encoding only for those who do not
    // take that: a browser takes anything, and so do most programs.
    if matches!(target, Target::Group(_)) && accept.takes(own) {
        return own;
    }
    accept.best(own, is_offered).unwrap_or(own)
}

/// The encodings that a route answers in, its own first.
#[cfg(feature = "openapi")]
pub(super) fn offered(target: &Target) -> Vec<FormatId> {
    let own = own_format(target);
    let others = FormatId::all().filter(|id| *id != own);
    [own].into_iter().chain(others).filter(|id| offers(target, id.format().render)).collect()
}

/// What a route answers when it is left to it.
const fn own_format(target: &Target) -> FormatId {
    match target {
        Target::Group(_) => FormatId::TEXT,
        Target::Overview | Target::Levels | Target::Level(_) | Target::Check(_) | Target::Info => FormatId::JSON,
        #[cfg(feature = "events")]
        Target::Events => FormatId::JSON,
        #[cfg(feature = "metrics")]
        Target::Metrics => FormatId::PROMETHEUS,
        #[cfg(feature = "openapi")]
        Target::OpenApi => FormatId::JSON,
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => FormatId::TEXT,
    }
}

/// Metrics are always answered with 200, so they are never in the place of a verdict: only where a scraper looks for
/// them, and in the overview, which is for whoever asks.
const fn offers(target: &Target, render: Render) -> bool {
    match (target, render) {
        (Target::Info, _) => false,
        #[cfg(feature = "openapi")]
        (Target::OpenApi, _) => false,
        #[cfg(feature = "haproxy-agent")]
        (Target::Agent, _) => false,
        #[cfg(feature = "events")]
        (Target::Events, _) => false,
        #[cfg(feature = "metrics")]
        (Target::Metrics, Render::Report(_)) => false,
        (_, Render::Report(_)) => true,
        #[cfg(feature = "metrics")]
        (Target::Metrics | Target::Overview, Render::Metrics(_)) => true,
        #[cfg(feature = "metrics")]
        (_, Render::Metrics(_)) => false,
    }
}
