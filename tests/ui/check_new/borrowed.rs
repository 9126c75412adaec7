//! A closure that borrows a local value.

use health_runtime::{Check, Level};

fn check() -> Check {
    let path = "/data".to_owned();
    Check::blocking("path", Level::L3, || !path.is_empty())
}

fn main() {}
