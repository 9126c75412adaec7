//! Which runtime a request's checks belong to, when it is not the one that serves it.

use axum::{Extension, Router, http::Extensions};
use tokio::runtime::Handle;

use crate::monitor::Monitor;

/// The application's runtime, as requests to another one carry it: a router cannot be asked for its monitor.
#[derive(Clone)]
struct Home(Handle);

/// Lets the requests to these routes carry the runtime of the caller, if it is on one.
pub(super) fn at_home_here(router: Router) -> Router {
    match Handle::try_current() {
        Ok(runtime) => router.layer(Extension(Home(runtime))),
        Err(_) => router,
    }
}

/// The runtime that a request carries.
pub(super) fn of(extensions: &Extensions) -> Option<Handle> {
    extensions.get().map(|Home(runtime)| runtime.clone())
}

/// Says it to the monitor, before the request lets anything run.
pub(super) fn settle(monitor: &Monitor, extensions: &Extensions) {
    if let Some(Home(runtime)) = extensions.get() {
        monitor.run_on(runtime);
    }
}
