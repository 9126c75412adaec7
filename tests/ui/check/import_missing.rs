//! Imports that are missing, and names of other attributes.

use health_runtime::{check, probes};

#[health_runtime::health_check(level = 3)]
async fn db() {}

#[check(level = 3)]
async fn attribute_of_the_macro() {}

#[health(level = 3)]
async fn short() {}

#[derive(HealthCheck)]
struct Derived;

#[build_info(repo = "abc/api")]
struct App;

#[health_runtime::health_check(level = 3, depends_on(probes::logging))]
async fn on_a_probe() {}

fn main() {
    let _ = check!(probes::logging);
}
