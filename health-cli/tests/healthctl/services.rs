//! Services of this library.

use std::{net::SocketAddr, time::Duration};

use health_runtime::{BuildMetadata, Check, EndpointBuilder, Level, Outcome, Status};
use health_tests::{builder, serve};

/// Returns a check with this status, named after its level.
pub(crate) fn check(name: &'static str, level: Level, status: Status) -> Check {
    Check::new(name, level, move || async move {
        match status {
            Status::Pass => Outcome::pass(),
            Status::Warn => Outcome::warn("it is slow"),
            Status::Fail => Outcome::fail("it is away"),
        }
    })
}

/// Returns the endpoint of `orders`: five levels, where the cache warns.
pub(crate) fn orders() -> EndpointBuilder {
    let checks = [
        check("alive", Level::L5, Status::Pass).liveness(),
        check("network", Level::L4, Status::Pass),
        check("cache", Level::L2, Status::Warn).tags(["store"]),
        check("db", Level::L1, Status::Pass).readiness().tags(["store"]),
    ];
    named("orders", checks)
}

/// Returns the endpoint of `orders` where the database fails and blocks another check.
pub(crate) fn failing_orders() -> EndpointBuilder {
    let checks = [
        check("alive", Level::L5, Status::Pass).liveness(),
        check("db", Level::L1, Status::Fail).readiness().owner("storage team").runbook("https://wiki/db"),
        check("report", Level::L1, Status::Pass).depends_on(["db"]),
    ];
    named("orders", checks)
}

pub(crate) fn named<const N: usize>(name: &'static str, checks: [Check; N]) -> EndpointBuilder {
    builder(checks).build_info(BuildMetadata::new(name, "1.4.2")).details(health_runtime::ShowDetails::Always)
}

pub(crate) async fn start(endpoint: EndpointBuilder) -> SocketAddr {
    serve(endpoint.build().expect("a good endpoint").router()).await
}

pub(crate) async fn url_of(endpoint: EndpointBuilder) -> String {
    format!("http://{}", start(endpoint).await)
}

/// Returns a check that takes longer than any test waits.
pub(crate) fn hanging() -> Check {
    Check::new("slow", Level::L5, || async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        true
    })
    .timeout(Duration::from_secs(300))
}
