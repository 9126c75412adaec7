//! Separators: a missing comma, `;`, `:` and a missing `=`.

use health_runtime::health_check;

#[health_check(level = 5 liveness)]
async fn after_value() {}

#[health_check(level = 5, readiness liveness)]
async fn after_flag() {}

#[health_check(level = 5, tags("a") liveness)]
async fn after_list() {}

#[health_check(level 5)]
async fn equals_missing() {}

#[health_check(level = 5; liveness; tags("a"; "b"), timeout = 2;)]
async fn semicolons() {}

#[health_check(level: 5; tags: ["a"])]
async fn colons() {}

fn main() {}
