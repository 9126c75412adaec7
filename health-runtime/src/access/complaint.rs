use std::sync::Once;

use super::audit::AUDIT;
use crate::log::{self, Topic};

/// That the addresses of callers are not known, which is said once, and nothing can be done about for one of them.
pub(super) struct Complaint(Once);

impl Complaint {
    pub(super) const fn new() -> Self {
        Self(Once::new())
    }

    /// With what comes of it.
    pub(super) fn tell(&self, consequence: &'static str) {
        self.0.call_once(|| {
            log::write(Topic::Access, move || {
                tracing::warn!(
                    target: AUDIT,
                    "the address of a caller is not known, so {consequence}; serve the router with \
                     `into_make_service_with_connect_info::<SocketAddr>()`; on a Unix socket, declare the proxy with \
                     `Proxies::over_unix_sockets`"
                );
            });
        });
    }
}
