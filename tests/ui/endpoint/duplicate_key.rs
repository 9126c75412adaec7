//! A key given twice.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { details: public, base_path: "/a", details: hidden, base_path: "/b" }?;
    Ok(())
}
