//! Access that is not a set of rules.

use health_runtime::{access::public, health_endpoint};

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { access: true }?;
    health_endpoint! { access: "public" }?;
    health_endpoint! { access: public() }?;
    health_endpoint! { access: public }?;
    let rules = health_runtime::access::closed;
    health_endpoint! { access: rules }?;
    health_endpoint! { access }?;
    Ok(())
}
