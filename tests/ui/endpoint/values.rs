//! Values of the wrong kind.

use health_runtime::{BuildInfo, health_endpoint};

#[derive(BuildInfo)]
struct App;

fn main() -> Result<(), health_runtime::Error> {
    let pool = String::new();
    health_endpoint! { build_info: App::BUILD_INFO }?;
    health_endpoint! { build_info: App {} }?;
    health_endpoint! { build_info: "App" }?;
    health_endpoint! { build_info: App::new() }?;
    health_endpoint! { base_path: 8080, details: "public" }?;
    health_endpoint! { details: true, state: [&pool] }?;
    health_endpoint! { details: "everything", levels_path: ("/levels", values) }?;
    health_endpoint! { levels_path: ("/levels", "values") }?;
    health_endpoint! { levels_path: true }?;
    health_endpoint! { crates: ["my-checks", my-checks, my::checks] }?;
    health_endpoint! { state: pool.clone() }?;
    health_endpoint! { crates: my_checks }?;
    let (pool, queue) = (1, "a");
    health_endpoint! { state: (pool, queue) }?;
    health_endpoint! { state: { pool, queue } }?;
    health_endpoint! { state: vec![pool, queue] }?;
    health_endpoint! { state: [pool: Pool, queue: Queue] }?;
    health_endpoint! { state: [pool queue], details: true }?;
    health_endpoint! { checks: ["queue", check!(declared), health_runtime::check!(declared)] }?;
    health_endpoint! { checks: [probes::memory] }?;
    health_endpoint! { enable_crates: true }?;
    health_endpoint! { configure: builder.isolated_checks() }?;
    health_endpoint! { configure: isolated_checks }?;
    health_endpoint! { configure: isolated_checks() }?;
    health_endpoint! { configure: { builder.isolated_checks() } }?;
    health_endpoint! { configure: |builder| builder.isolated_checks()? }?;
    health_endpoint! { configure: [|builder| builder.isolated_checks()] }?;
    health_endpoint! { configure: |builder| { builder.isolated_checks(); } }?;
    health_endpoint! { configure: |builder| builder.isolated_checks().build() }?;
    health_endpoint! { configure: 5 }?;
    health_endpoint! { build_info: &App }?;
    health_endpoint! { build_info: true }?;
    health_endpoint! { build_info: BUILD_INFO }?;
    Ok(())
}
