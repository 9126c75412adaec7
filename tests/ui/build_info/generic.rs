//! Types with parameters.

use health_runtime::{BuildInfo, health_endpoint};

trait Store {}

#[derive(BuildInfo)]
struct App<S: Store, const N: usize>([S; N])
where
    S: Clone;

struct Memory;

fn parameters_missing() -> Result<(), health_runtime::Error> {
    health_endpoint! { build_info: App }?;
    Ok(())
}

fn bound_missing() -> Result<(), health_runtime::Error> {
    health_endpoint! { build_info: App<Memory, 3> }?;
    Ok(())
}

fn main() {}
