//! Five mistakes in one endpoint.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    let pool = String::new();
    let app: axum::Router = axum::Router::new().merge(health_endpoint! {
        base_pth: "/health",
        acess: my::policy(|caller, level: u8| caller.may(level)),
        crates: ["my_checks"],
        state: pool,
        base_path: "/health",
        base_path: "/status",
    }?);
    drop(app);
    Ok(())
}
