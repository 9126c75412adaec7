//! Which encoding an answer has.

use axum::http::HeaderMap;

use super::{
    accept::Accept,
    query::{Query, View},
    target::Target,
};
use crate::render::FormatId;

/// What the query says, else what `Accept` likes best, else the route's own. There is always one: a verdict in
/// an encoding that nobody asked for beats none.
pub(super) fn negotiate(target: &Target, query: &Query, headers: &HeaderMap) -> FormatId {
    if let Some(asked) = query.format {
        return asked;
    }
    let own = own_format(target);
    // Only JSON has this view.
    if query.shape.view == Some(View::Values) {
        return own;
    }
    let Some(accept) = Accept::of(headers) else { return own };
    // Probers and their operators count on plain text, so a probe's route has another encoding only for those who do not
    // take that: a browser takes anything, and so do most programs.
    if matches!(target, Target::Group(_)) && accept.takes(own) {
        return own;
    }
    accept.best(own, |_| true).unwrap_or(own)
}

/// What a route answers when it is left to it.
const fn own_format(target: &Target) -> FormatId {
    match target {
        Target::Group(_) => FormatId::TEXT,
        _ => FormatId::JSON,
    }
}
