use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue};

use super::{PATH_HEADER, budget::budget, path::HealthPath, trace_context::TraceContext};

/// Origin of a request: the services that it has passed, the time that is left for it, and its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestOrigin {
    pub(crate) path: HealthPath,
    /// Time that is left for the answer.
    pub(crate) budget: Option<Duration>,
    pub(super) trace: Option<TraceContext>,
}

impl RequestOrigin {
    /// Reads the headers of a request; `None` if they say nothing.
    ///
    /// # Errors
    /// The path or the budget is not valid; the text repeats nothing of them. A malformed trace is ignored, as its
    /// standard demands.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Arc<Self>>, String> {
        // A look at all names is cheaper than three lookups, which most requests would make in vain.
        if !headers.keys().any(|name| matches!(name.as_str(), "health-path" | "health-budget" | "traceparent")) {
            return Ok(None);
        }
        let path = HealthPath::parse(headers.get_all(PATH_HEADER).iter().map(HeaderValue::as_bytes))?;
        let origin = Self { path, budget: budget(headers)?, trace: TraceContext::from_headers(headers) };
        let says_nothing = !origin.is_from_service() && origin.trace.is_none();
        Ok(if says_nothing { None } else { Some(Arc::new(origin)) })
    }

    /// Returns the origin of a request with this path; `None` for an empty one.
    ///
    /// # Errors
    /// The path is not valid.
    #[cfg(feature = "testing")]
    pub(crate) fn behind(path: &str) -> Result<Option<Arc<Self>>, String> {
        let path = HealthPath::parse([path.as_bytes()])?;
        Ok((path.depth() > 0).then(|| Arc::new(Self { path, budget: None, trace: None })))
    }

    /// Returns the number of services that the request has passed.
    pub(crate) fn depth(&self) -> u8 {
        u8::try_from(self.path.depth()).unwrap_or(u8::MAX)
    }

    /// Returns whether another service sent the request.
    pub(crate) fn is_from_service(&self) -> bool {
        self.path.depth() > 0 || self.budget.is_some()
    }
}
