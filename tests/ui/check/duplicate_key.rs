//! A key given twice.

use health_runtime::health_check;

#[health_check(level = 5, timeout = "1s", timeout = "2s")]
async fn value() {}

#[health_check(level = 5, level = 4)]
async fn level() {}

#[health_check(level = 5, readiness, liveness, readiness)]
async fn flag() {}

#[health_check(level = 5, tags("a"), tags("b"))]
async fn list() {}

fn main() {}
