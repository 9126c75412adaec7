//! Services on the loopback interface that ask each other.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    BuildMetadata, Check, Level, Monitor, Status,
    probes::{self, ServiceProbe},
};
use health_tests::{Answer, builder, get};
use serde_json::Value;
use tokio::net::TcpListener;

/// Age after which a check of another service runs again.
pub(crate) const MAX_AGE: Duration = Duration::from_millis(100);

/// Services by their names.
pub(crate) struct Graph(Vec<(&'static str, Service)>);

/// A service with the check `db`, and one for each service that it asks, under its name.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    db_works: Arc<AtomicBool>,
    /// Runs of the checks of other services.
    runs: Arc<AtomicUsize>,
    monitor: OnceLock<Monitor>,
}

impl Graph {
    /// Starts services, each with the names of those that it asks.
    pub(crate) async fn start<const N: usize>(edges: [(&'static str, &[&'static str]); N]) -> Self {
        Self::start_with(edges, |probe| probe).await
    }

    /// Starts services whose probes of each other have further settings.
    pub(crate) async fn start_with<const N: usize>(
        edges: [(&'static str, &[&'static str]); N],
        settings: impl Fn(ServiceProbe) -> ServiceProbe,
    ) -> Self {
        let mut listeners = Vec::new();
        let mut graph = Self(Vec::new());
        for (name, _) in edges {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            listeners.push(listener);
            let (db_works, runs) = (Arc::new(AtomicBool::new(true)), Arc::default());
            graph.0.push((name, Service { address, db_works, runs, monitor: OnceLock::new() }));
        }
        for ((name, asked), listener) in edges.into_iter().zip(listeners) {
            let service = &graph[name];
            let works = Arc::clone(&service.db_works);
            let db = Check::new("db", Level::L4, move || {
                let works = works.load(Ordering::SeqCst);
                async move { works }
            });
            let others = asked.iter().map(|other| graph.check_of(other, service, &settings));
            let endpoint = builder([db.max_age(Duration::ZERO)].into_iter().chain(others));
            let endpoint = endpoint.build_info(BuildMetadata::new(name, "1.0.0"));
            let endpoint = endpoint.build().expect("a good endpoint");
            assert!(service.monitor.set(endpoint.monitor().clone()).is_ok(), "once");
            let router = endpoint.router();
            tokio::spawn(async { axum::serve(listener, router).await });
        }
        graph
    }

    fn check_of(
        &self,
        other: &'static str,
        asker: &Service,
        settings: &impl Fn(ServiceProbe) -> ServiceProbe,
    ) -> Check {
        let runs = Arc::clone(&asker.runs);
        let probe = probes::service(format!("http://{}", self[other].address)).remote_level(Level::L1);
        let probe = Arc::new(settings(probe.timeout(Duration::from_secs(5))));
        let check = Check::new(other, Level::L3, move || {
            runs.fetch_add(1, Ordering::SeqCst);
            let probe = Arc::clone(&probe);
            async move { probe.observe().await }
        });
        check.max_age(MAX_AGE).timeout(Duration::from_secs(5))
    }

    pub(crate) fn runs(&self) -> Vec<usize> {
        self.0.iter().map(|(_, service)| service.runs.load(Ordering::SeqCst)).collect()
    }
}

impl std::ops::Index<&str> for Graph {
    type Output = Service;

    fn index(&self, name: &str) -> &Service {
        &self.0.iter().find(|(known, _)| *known == name).expect("a service").1
    }
}

impl Service {
    pub(crate) fn set_db(&self, works: bool) {
        self.db_works.store(works, Ordering::SeqCst);
    }

    /// Returns the statuses that were recorded for a check.
    pub(crate) fn history(&self, check: &str) -> Vec<Status> {
        let monitor = self.monitor.get().expect("a monitor");
        monitor.history(check).expect("a check").iter().map(|change| change.current()).collect()
    }

    /// Asks for the whole report.
    pub(crate) async fn report(&self) -> Answer {
        get(self.address, "/health/levels/1").await
    }

    /// Asks until a report is as expected.
    pub(crate) async fn becomes(&self, is_expected: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..100 {
            last = self.report().await.json();
            if is_expected(&last) {
                return last;
            }
            tokio::time::sleep(MAX_AGE / 4).await;
        }
        panic!("the report stayed another: {last:#}");
    }

    pub(crate) async fn becomes_healthy(&self) {
        self.becomes(|report| report["status"] == "pass").await;
    }
}
