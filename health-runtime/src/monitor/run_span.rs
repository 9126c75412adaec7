use tracing::{Span, field::Empty, span::Entered};

use super::slot::RunEnd;
use crate::model::{Cause, CheckSpec};

/// The span of a run, for tracing: absent unless somebody wants the target at DEBUG. It has no parent, because a run is
/// shared by all callers and outlives them.
#[derive(Clone, Debug)]
pub(super) struct RunSpan(
    /// Boxed, because most runs have none, and each is moved several times.
    Option<Box<Span>>,
);

impl RunSpan {
    /// Returns the span of a new run, which follows from the span of the request that starts it.
    pub(super) fn new(spec: &CheckSpec) -> Self {
        if !tracing::span_enabled!(target: "health_runtime::run", tracing::Level::DEBUG) {
            return Self(None);
        }
        let span = tracing::debug_span!(
            target: "health_runtime::run",
            parent: None,
            "health check run",
            check = spec.name(),
            level = spec.level().number(),
            status = Empty,
            cause = Empty,
        );
        span.follows_from(Span::current());
        Self(Some(Box::new(span)))
    }

    /// Enters the span, for what this thread does as long as the guard lives.
    pub(super) fn enter(&self) -> Option<Entered<'_>> {
        self.0.as_deref().map(Span::enter)
    }

    /// Adds what the run made of its check. A run that was cut off, or that found a young result, has neither.
    pub(super) fn record(&self, end: Option<&RunEnd>) {
        if let (Some(span), Some(result)) = (&self.0, end.and_then(RunEnd::result)) {
            span.record("status", result.status.as_str());
            span.record("cause", result.cause.as_ref().map(Cause::as_str));
        }
    }
}
