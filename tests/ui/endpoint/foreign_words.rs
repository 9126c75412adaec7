//! Keys of other products, and settings that stand elsewhere.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { path: "/health" }?;
    health_endpoint! { url: "/health" }?;
    health_endpoint! { port: 8080 }?;
    health_endpoint! { version: App }?;
    health_endpoint! { auth: Access::new() }?;
    health_endpoint! { token: "secret" }?;
    health_endpoint! { show_details: true }?;
    health_endpoint! { data: [pool] }?;
    health_endpoint! { with_state: pool }?;
    health_endpoint! { probes: [probe] }?;
    health_endpoint! { timeout: "2s" }?;
    health_endpoint! { status_codes: codes }?;
    health_endpoint! { muted: "db" }?;
    health_endpoint! { alerts: [receiver] }?;
    health_endpoint! { max_depth: 8 }?;
    health_endpoint! { histogram: false }?;
    health_endpoint! { enabled: false }?;
    health_endpoint! { crate: health_runtime }?;
    Ok(())
}
