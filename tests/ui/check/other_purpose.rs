//! Functions that have another purpose.

use health_runtime::health_check;

#[health_check(level = 5)]
#[test]
fn tested() {}

#[health_check(level = 5)]
fn main() {}
