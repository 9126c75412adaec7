use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue};

use super::{PATH_HEADER, budget::budget, path::HealthPath};

/// Origin of a request: the services that it has passed, the time that is left for it, and its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestOrigin {
    pub(crate) path: HealthPath,
    /// Time that is left for the answer.
    pub(crate) budget: Option<Duration>,
    pub(super) trace_parent: Option<TraceParent>,
}

impl RequestOrigin {
    /// Reads the headers of a request; `None` if they say nothing.
    ///
    /// # Errors
    /// The path or the budget is not valid; the text repeats nothing of them. A malformed `traceparent` is ignored, as its
    /// standard demands.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Arc<Self>>, String> {
        // A look at all names is cheaper than three lookups, which most requests would make in vain.
        if !headers.keys().any(|name| matches!(name.as_str(), "health-path" | "health-budget" | "traceparent")) {
            return Ok(None);
        }
        let path = HealthPath::parse(headers.get_all(PATH_HEADER).iter().map(HeaderValue::as_bytes))?;
        let trace_parent = headers.get(TraceParent::HEADER).and_then(TraceParent::new);
        let origin = Self { path, budget: budget(headers)?, trace_parent };
        let says_nothing = !origin.is_from_service() && origin.trace_parent.is_none();
        Ok(if says_nothing { None } else { Some(Arc::new(origin)) })
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

/// The header `traceparent` of W3C Trace Context, which goes through as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceParent(HeaderValue);

impl TraceParent {
    pub(super) const HEADER: http::HeaderName = http::HeaderName::from_static("traceparent");

    /// Takes a value of the form `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`. The standard lets any other one be
    /// ignored.
    pub(super) fn new(value: &HeaderValue) -> Option<Self> {
        let mut parts = value.as_bytes().split(|byte| *byte == b'-');
        let lengths = [2, 32, 16, 2].map(|length| {
            let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            parts.next().filter(|part| part.len() == length && part.iter().all(is_digit))
        });
        let is_zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
        let is_valid = match lengths {
            [Some(version), Some(trace), Some(span), Some(_)] => {
                version != b"ff" && !is_zero(trace) && !is_zero(span) && parts.next().is_none()
            }
            _ => false,
        };
        is_valid.then(|| Self(value.clone()))
    }

    pub(super) fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_trace_parents_are_ignored() {
        let is_valid = |text: &str| TraceParent::new(&HeaderValue::from_str(text).expect("a value")).is_some();
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_valid(good));
        for bad in [
            "",
            &good[..54],
            &format!("{good}-00"),
            &good.to_uppercase(),
            &good.replacen("00", "ff", 1),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
