//! Events that an endpoint logs at its start.

use std::sync::{Arc, Mutex, Weak};

use tokio::runtime::Handle;

use super::service::Service;
use crate::{
    model::{CheckSpec, Level},
    registry::Registry,
    sync::lock,
    text::escape_controls,
};

/// Endpoints that run declared checks in the background; some may be dropped already.
static ENDPOINTS: Mutex<Vec<Weak<Service>>> = Mutex::new(Vec::new());

/// Logs the number of checks at each level, and the names of the checks that are off.
pub(super) fn log_count(registry: &Registry) {
    let [level_1, level_2, level_3, level_4, level_5] =
        Level::ALL.map(|level| registry.checks().filter(|check| check.level() == level).count());
    let off: Vec<_> = registry.off_checks().map(CheckSpec::name).collect();
    let off = (!off.is_empty()).then(|| escape_controls(&off.join(", ")).into_owned());
    if registry.checks().next().is_none() {
        tracing::warn!(
            off,
            "no health checks are registered, so every report passes; a crate that holds nothing but checks is linked \
             only if it is named: `health_endpoint! {{ crates: [my_checks] }}`"
        );
    } else {
        tracing::info!(level_1, level_2, level_3, level_4, level_5, off, "health checks registered");
    }
}

/// Warns that one blocking check could stop everything, as in a pod with one CPU.
pub(super) fn warn_of_one_worker(registry: &Registry) {
    let checks = registry.asynchronous();
    let workers = Handle::try_current().map(|runtime| runtime.metrics().num_workers());
    if checks > 0 && matches!(workers, Ok(1)) {
        tracing::warn!(
            checks,
            "the runtime has one worker thread, so an asynchronous check that blocks it stops the application and this \
             endpoint; write such a check as a plain `fn`, or call `isolated_checks()` on the endpoint's builder"
        );
    }
}

/// Warns about each endpoint that is built while another one runs the same checks: a database would be queried twice as
/// often as its `interval` says.
pub(super) fn warn_if_second(service: &Arc<Service>, checks: usize) {
    if checks == 0 {
        return;
    }
    let mut endpoints = lock(&ENDPOINTS);
    endpoints.retain(|endpoint| endpoint.strong_count() > 0);
    let is_second = !endpoints.is_empty();
    endpoints.push(Arc::downgrade(service));
    drop(endpoints);
    if is_second {
        tracing::warn!(
            checks,
            "a second health endpoint is built in this process, so that declared background checks run once for each \
             endpoint; build one and clone it, or call `without_declared_checks` on the other"
        );
    }
}
