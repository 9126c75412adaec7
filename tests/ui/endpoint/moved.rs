//! Values that were moved, and are used again.

use std::time::Duration;

use axum::Router;
use health_runtime::{Error, health_endpoint};

fn endpoint() -> Result<(), Error> {
    let health = health_endpoint! {}?;
    let _app: Router = Router::new().merge(health);
    let _shutdown = health.monitor().graceful_shutdown(Duration::from_secs(5));
    Ok(())
}

fn state() -> Result<(), Error> {
    let pool = String::new();
    let _health = health_endpoint! { state: [pool] }?;
    drop(pool);
    Ok(())
}

fn main() {}
