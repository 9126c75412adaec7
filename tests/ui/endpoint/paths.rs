//! Paths that cannot be valid, and state that is borrowed from a place.

use health_runtime::health_endpoint;

struct App {
    pool: String,
}

fn endpoint(app: &App) -> Result<(), health_runtime::Error> {
    health_endpoint! { base_path: "health", levels_path: "/levels/" }?;
    health_endpoint! { state: [&app.pool] }?;
    health_endpoint! { base_path: "/" }?;
    health_endpoint! { base_path: "" }?;
    health_endpoint! { base_path: "/health/{tenant}", levels_path: ("/", health_runtime::View::Values) }?;
    health_endpoint! { base_path: "/health?x", levels_path: "/levels/*" }?;
    health_endpoint! { base_path: "https://example.com/health", levels_path: "/a//b" }?;
    health_endpoint! { base_path: "/health/../a", levels_path: "/my levels" }?;
    Ok(())
}

fn main() {}
