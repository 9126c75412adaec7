//! Unknown keys.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { colour: "red", flavour: "blue" }?;
    Ok(())
}
