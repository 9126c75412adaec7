//! Checks to turn on.

use health_runtime::{health_check, health_endpoint};

mod billing {
    use health_runtime::health_check;

    #[health_check(level = 3, off)]
    pub(crate) async fn quota() {}

    pub(crate) async fn plain() {}
}

#[health_check(level = 3, off)]
async fn queue() {}

fn paths() -> Result<(), health_runtime::Error> {
    health_endpoint! { enable: [billing::quoto] }?;
    health_endpoint! { enable: [billing::plain] }?;
    Ok(())
}

fn values(name: &str) -> Result<(), health_runtime::Error> {
    health_endpoint! { enable: queue }?;
    health_endpoint! { enable: [5, true] }?;
    health_endpoint! { enable: [name] }?;
    health_endpoint! { enable: [Some("queue")] }?;
    Ok(())
}

fn main() {}
