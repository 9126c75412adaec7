//! State that is borrowed from a function.

use health_runtime::{Error, health_endpoint};

fn reference() -> Result<(), Error> {
    let pool = String::new();
    let reference = &pool;
    health_endpoint! { state: [reference] }?;
    Ok(())
}

fn part() -> Result<(), Error> {
    health_endpoint! { state: [String::new().as_str()] }?;
    Ok(())
}

fn main() {}
