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
    Ok(())
}
