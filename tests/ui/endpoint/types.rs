//! Expressions of the wrong type.

use health_runtime::{health_check, health_endpoint};

#[health_check(level = 5)]
async fn declared() -> bool {
    true
}

fn by_hand() -> bool {
    true
}

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { build_info: String }?;
    let (is_public, port) = (true, 8080);
    health_endpoint! { base_path: port }?;
    health_endpoint! { details: is_public }?;
    health_endpoint! { checks: [true, 5] }?;
    health_endpoint! { checks: vec![true] }?;
    health_endpoint! { checks: health_runtime::probes::logging() }?;
    let list = vec![health_runtime::probes::logging()];
    health_endpoint! { checks: [list] }?;
    health_endpoint! { checks: [declared, by_hand, declared()] }?;
    health_endpoint! { checks: declared }?;
    health_endpoint! { checks: [|| async { true }] }?;
    let texts = vec!["a", "b"];
    health_endpoint! { checks: texts }?;
    health_endpoint! { state: [std::rc::Rc::new(5)] }?;
    let function = 5;
    health_endpoint! { configure: function }?;
    health_endpoint! { configure: |builder| drop(builder) }?;
    health_endpoint! { checks: vec![health_runtime::probes::logging(), health_runtime::probes::runtime_lag()] }?;
    health_endpoint! { checks: vec![health_runtime::probes::logging(), true] }?;
    health_endpoint! { details: if cfg!(debug_assertions) { public } else { false } }?;
    Ok(())
}
