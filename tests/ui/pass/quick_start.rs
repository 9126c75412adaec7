//! The example of the README, without the database.

use health_runtime::{BuildInfo, Details, health_check, health_endpoint};

#[derive(BuildInfo)]
#[build_info(repo = "abc/api")]
struct App;

struct PgPool;
struct BillingClient;

/// Is the API reachable at all?
#[health_check(level = 5, liveness)]
async fn is_connection_healthy() -> bool {
    true
}

/// Can the orders database take writes?
#[health_check(level = 1, timeout = "2s", readiness)]
async fn db(pool: &PgPool) -> Result<Details<u32>, std::io::Error> {
    let _ = pool;
    Ok(Details::pass(3))
}

/// A partner we can live without for a while.
#[health_check(level = 3, critical = false, depends_on("db"))]
async fn billing(client: &BillingClient) -> Result<(), Box<dyn std::error::Error>> {
    let _ = client;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app: axum::Router =
        axum::Router::new().merge(health_endpoint! { build_info: App, state: [PgPool, BillingClient] }?);
    drop(app);
    Ok(())
}
