//! Two services that probe each other.

use std::{net::SocketAddr, time::Duration};

use health_runtime::{Check, Level, probes};
use health_tests::{builder, get};
use tokio::{net::TcpListener, time::Instant};

const TIMEOUT: Duration = Duration::from_secs(1);

/// Starts two services, each with a check that requests this path of the other.
async fn services_that_probe_each_other(path: &str) -> [SocketAddr; 2] {
    let bind = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let listeners = [bind().await, bind().await];
    let [a, b] = [0, 1].map(|index: usize| listeners[index].local_addr().expect("an address"));
    for (listener, other) in listeners.into_iter().zip([b, a]) {
        let other = probes::http(format!("http://{other}{path}")).name("other").timeout(TIMEOUT);
        let own = Check::new("own", Level::L5, || async { true }).readiness();
        let router = builder([own, other.into()]).build().expect("a good endpoint").router();
        tokio::spawn(async { axum::serve(listener, router).await });
    }
    [a, b]
}

/// The headers of the probe keep each from waiting for the other.
#[tokio::test]
async fn services_can_probe_each_other() {
    for path in ["/readyz", "/health"] {
        for service in services_that_probe_each_other(path).await {
            let start = Instant::now();
            let answer = get(service, "/health/levels/3").await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            assert!(start.elapsed() < TIMEOUT / 2, "{path}: {:?}", start.elapsed());
        }
    }
}
