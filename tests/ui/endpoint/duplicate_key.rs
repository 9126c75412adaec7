//! A key given twice.

use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { details: public, base_path: "/a", details: hidden, base_path: "/b" }?;
    let (pool, queue, list) = (1, "a", Vec::<health_runtime::Check>::new());
    health_endpoint! { state: [pool], enable: ["a"], state: [queue, 5], enable: ["b"] }?;
    health_endpoint! { checks: [health_runtime::probes::logging()], checks: list, crates: [std], crates: [core as "b"] }?;
    Ok(())
}
