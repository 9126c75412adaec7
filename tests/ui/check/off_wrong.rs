//! `off` with a value.

use health_runtime::health_check;

#[health_check(level = 3, off = "yes")]
async fn not_a_boolean() {}

#[health_check(level = 3, off("db"))]
async fn list() {}

fn main() {}
