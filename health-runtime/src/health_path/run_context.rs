//! The run for which a check asks another service.

use std::{
    cell::RefCell,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

#[cfg(feature = "probe-http")]
use super::Distances;
use super::{
    BUDGET_HEADER, LIMITED_HEADER, PATH_HEADER, budget, instance::Instance, path::HealthPath,
    request_origin::RequestOrigin, trace_context::TraceContext,
};
use crate::{
    model::{CheckSpec, Level},
    sync::thread_local,
    time::after,
};
#[cfg(feature = "probe-http")]
use crate::{
    model::{Outcome, Status},
    sync::{Mutex, lock},
};

thread_local! {
    /// The run that is being polled on this thread.
    static CURRENT: RefCell<Option<RunContext>> = const { RefCell::new(None) };
}

/// A check as the services know it that it asks.
#[derive(Debug)]
pub(crate) struct RequestingCheck {
    pub(crate) instance: Arc<Instance>,
    level: Level,
    /// The newest of its runs that has asked another service; 0 before.
    last_asking: AtomicU64,
    /// The newest of its runs that has got a limited answer; 0 before.
    last_limited: AtomicU64,
    /// Distances of the root causes that its runs have named.
    #[cfg(feature = "probe-http")]
    pub(crate) distances: Mutex<Distances>,
}

impl RequestingCheck {
    pub(crate) fn new(instance: Arc<Instance>, spec: &CheckSpec) -> Self {
        Self {
            instance,
            level: spec.level(),
            last_asking: AtomicU64::new(0),
            last_limited: AtomicU64::new(0),
            #[cfg(feature = "probe-http")]
            distances: Mutex::new(Distances::new(spec)),
        }
    }

    /// Returns the same check with other settings. Runs are counted anew.
    pub(crate) fn succeed(&self, spec: &CheckSpec) -> Self {
        Self {
            #[cfg(feature = "probe-http")]
            distances: Mutex::new(lock(&self.distances).succeed(spec)),
            ..Self::new(Arc::clone(&self.instance), spec)
        }
    }

    /// Notes the root causes of a run that another instance has made for this check.
    #[cfg(feature = "probe-http")]
    pub(crate) fn note_outcome(&self, outcome: &Outcome) {
        let (is_warning, now) = (outcome.status() != Status::Fail, Instant::now());
        let mut distances = lock(&self.distances);
        for cause in outcome.root_causes() {
            distances.is_feasible(cause, is_warning, now);
        }
    }

    /// Returns whether a run has asked another service.
    pub(crate) fn has_asked(&self, run: u64) -> bool {
        self.last_asking.load(Ordering::Acquire) >= run
    }

    /// Notes that a run is about to ask another service.
    pub(crate) fn note_asking(&self, run: u64) {
        self.last_asking.fetch_max(run, Ordering::AcqRel);
    }

    /// Returns whether this run has got an answer that was limited by its path. At most one run is alive.
    pub(crate) fn is_limited(&self, run: u64) -> bool {
        self.last_limited.load(Ordering::Acquire) == run
    }
}

/// A run of a check, for code that it calls. A blocking run has one, too; a task that a check spawns has none.
#[derive(Clone, Debug)]
pub(crate) struct RunContext {
    pub(crate) check: Arc<RequestingCheck>,
    /// Number of the run among those of its check.
    pub(crate) run: u64,
    /// Origin of the request that started the run; `None` for local callers and background runs.
    pub(crate) origin: Option<Arc<RequestOrigin>>,
    /// Time at which the run times out; `None` while it waits for other checks.
    pub(crate) end: Option<Instant>,
}

/// A run that is on this thread until this guard is dropped. Holds the one that was there before.
pub(crate) struct RunScope<'a>(&'a mut Option<RunContext>);

impl RunScope<'_> {
    fn swap(&mut self) {
        // An error means that the thread ends.
        let _ = CURRENT.try_with(|current| mem::swap(&mut *current.borrow_mut(), self.0));
    }
}

impl Drop for RunScope<'_> {
    fn drop(&mut self) {
        self.swap();
    }
}

impl RunContext {
    /// Returns the run that is on this thread.
    #[cfg(all(test, shuttle))]
    pub(crate) fn current() -> Option<Self> {
        with_current(Self::clone)
    }

    /// Puts a run on this thread until the guard is dropped: a move there and back costs each poll less than a copy.
    pub(crate) fn enter(run: &mut Option<Self>) -> RunScope<'_> {
        let mut scope = RunScope(run);
        scope.swap();
        scope
    }

    /// Notes whether a service that the run has asked limits its answer because of the path.
    pub(crate) fn note_response(&self, headers: &HeaderMap) {
        if headers.contains_key(LIMITED_HEADER) {
            self.check.last_limited.fetch_max(self.run, Ordering::AcqRel);
        }
    }

    /// Returns the headers of a request that the run sends, and that is answered until `end`, or until the run times out.
    pub(crate) fn headers(&self, end: Instant) -> HeaderMap {
        // Before they are sent: the request may come back here while it is answered.
        self.check.note_asking(self.run);
        let none = HealthPath::default();
        let path = self.origin.as_ref().map_or(&none, |origin| &origin.path);
        let path = path.followed_by(&self.check.instance, self.check.level);
        let mut headers = HeaderMap::with_capacity(4);
        // A valid path consists of visible characters and spaces.
        headers.extend(HeaderValue::try_from(path).ok().map(|path| (PATH_HEADER, path)));
        headers.insert(BUDGET_HEADER, budget::until(self.end.map_or(end, |limit| end.min(limit))));
        let trace = self.origin.as_ref().and_then(|origin| origin.trace.as_ref());
        headers.extend(trace.into_iter().flat_map(TraceContext::headers));
        headers
    }
}

/// Calls a function with the run that is on this thread, if there is one.
fn with_current<R>(call: impl FnOnce(&RunContext) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(call)).ok().flatten()
}

/// Returns the check whose run this is; `None` outside a run.
#[cfg(feature = "probe-http")]
pub(crate) fn current_check() -> Option<Arc<RequestingCheck>> {
    with_current(|run| Arc::clone(&run.check))
}

/// Returns the headers of a request that the present run sends, and that is answered until `end`; none outside a run.
pub(crate) fn headers_until(end: Instant) -> HeaderMap {
    with_current(|run| run.headers(end)).unwrap_or_default()
}

/// Returns the headers for a request to the health endpoint of another service, for a check that asks it with a client of
/// its own. The ready-made probes send them by themselves.
///
/// ```
/// use health_runtime::{Check, Level, outgoing_headers};
///
/// let billing = Check::new("billing", Level::L3, || async {
///     let mut request = http::Request::get("http://billing:8080/readyz").body(String::new())?;
///     request.headers_mut().extend(outgoing_headers());
///     // With reqwest: `client.get("http://billing:8080/readyz").headers(outgoing_headers())`.
///     # let _ = request;
///     Ok::<(), http::Error>(())
/// });
/// # let _ = billing;
/// ```
///
/// - `Health-Path` names the services that the request has passed, this instance at the end:
///   `orders/7f3a91c2;level=3`. A service that finds itself in it answers from stored results, so that services that ask
///   each other in a circle neither wait for each other nor fail.
/// - `Health-Budget` is the time that is left of the run's timeout, in milliseconds, less a tenth (100 ms at most) for the
///   way of the answer.
/// - `traceparent` and `tracestate` are those of the request that started the run, if it had them.
///
/// Hand the headers of each response to [`note_response_headers`].
///
/// Call it right before each request, in the function of the check itself, blocking or not: the headers are those of the
/// run that is on this thread. Outside a run, and in a task that the check spawns, there are none. A call also notes that
/// this run asks another service: requests that other services send meanwhile do not wait for it.
#[must_use]
pub fn outgoing_headers() -> HeaderMap {
    // The run's own end comes first.
    headers_until(after(Instant::now(), Duration::MAX))
}

/// Reads the headers of a response to a request with [`outgoing_headers`]. The ready-made probes do so by themselves.
///
/// A service that answers from stored results because of the path, as in a circle, says so by `Health-Limited`. Such an
/// answer may be old, or leave out a failure. It counts for requests alone that have passed as many services as the one
/// that started this run, and is not recorded; other callers run the check anew. Without this call, a stranger who forges
/// a long `Health-Path` may show an old answer of that service to all callers.
///
/// ```
/// use health_runtime::{note_response_headers, outgoing_headers};
///
/// # async fn send(request: http::Request<()>) -> Result<http::Response<()>, http::Error> { Ok(http::Response::new(())) }
/// async fn billing() -> Result<bool, http::Error> {
///     let mut request = http::Request::get("http://billing:8080/readyz").body(())?;
///     request.headers_mut().extend(outgoing_headers());
///     let response = send(request).await?;
///     note_response_headers(response.headers());
///     Ok(response.status().is_success())
/// }
/// # let _ = billing;
/// ```
///
/// Outside a run, it does nothing.
pub fn note_response_headers(headers: &HeaderMap) {
    with_current(|run| run.note_response(headers));
}
