//! A re-export without `crate = path`.

use facade::health::{BuildInfo, health_check, health_endpoint};

#[health_check(level = 5)]
async fn up() {}

#[derive(BuildInfo)]
struct App;

fn main() -> Result<(), facade::health::Error> {
    // No error of its own: the expansion finds the runtime by itself.
    health_endpoint! { build_info: App, crates: [facade] }?;
    health_endpoint! { crates: [facade, not_listed] }?;
    Ok(())
}
