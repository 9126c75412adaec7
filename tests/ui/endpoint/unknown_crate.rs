//! A crate that is not a dependency.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { crates: [no_such_crate] }?;
    Ok(())
}
