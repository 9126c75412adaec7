//! A service with a check on every level, which count how often they are run.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Endpoint, EndpointBuilder, Level, Outcome, access::Access};
use health_tests::{builder, serve_with_addresses};

/// How often the check of each level was run, level 1 first.
#[derive(Clone, Default)]
pub(crate) struct Runs(Arc<[AtomicUsize; 5]>);

impl Runs {
    /// The numbers since they were last asked for.
    pub(crate) fn take(&self) -> [usize; 5] {
        std::array::from_fn(|at| self.0[at].swap(0, Ordering::SeqCst))
    }
}

/// The checks `l1` to `l5`, in every group that they may be in, with a detail to be seen.
pub(crate) fn checks(runs: &Runs) -> Vec<Check> {
    let check = |level: Level| {
        let runs = runs.clone();
        let check = Check::new(format!("l{level}"), level, move || {
            runs.0[usize::from(level.number()) - 1].fetch_add(1, Ordering::SeqCst);
            async move { Outcome::warn(format!("detail-{level}")) }
        });
        let check = check.max_age(Duration::ZERO).readiness().startup();
        if level == Level::L5 { check.liveness() } else { check }
    };
    Level::ALL.into_iter().map(check).collect()
}

pub(crate) fn with_access(runs: &Runs, access: Access) -> EndpointBuilder {
    builder(checks(runs)).access(access)
}

pub(crate) async fn start(access: Access) -> (SocketAddr, Runs, Endpoint) {
    let runs = Runs::default();
    let endpoint = with_access(&runs, access).build().expect("good rules");
    (serve_with_addresses(endpoint.router()).await, runs, endpoint)
}
