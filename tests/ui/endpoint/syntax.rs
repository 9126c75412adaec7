//! Signs of another syntax.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { base_path = "/health", levels_path: "/levels" }?;
    health_endpoint! { base_path: "/health" levels_path: "/levels" }?;
    health_endpoint! { base_path: , details: public }?;
    health_endpoint! { base_path }?;
    health_endpoint! { "/health" }?;
    health_endpoint! { details => public, base_path "/health" }?;
    health_endpoint! { details: public; base_path: "/health"; colour: 5 }?;
    health_endpoint! { state = [1], details: public, base_path = 5 }?;
    health_endpoint! { levels_path: "/api/levels", View::Values }?;
    health_endpoint! { crates: [axum], pool.clone(), public }?;
    Ok(())
}
