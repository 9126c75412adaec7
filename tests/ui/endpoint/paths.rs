//! Paths that cannot be valid, and state that is borrowed from a place.

use health_runtime::health_endpoint;

struct App {
    pool: String,
}

fn endpoint(app: &App) -> Result<(), health_runtime::Error> {
    health_endpoint! { base_path: "health", levels_path: "/levels/" }?;
    health_endpoint! { state: [&app.pool] }?;
    Ok(())
}

fn main() {}
