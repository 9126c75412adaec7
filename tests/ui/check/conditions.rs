//! Conditions and negations as values.

use health_runtime::health_check;

#[health_check(level = 3, critical = !cfg!(debug_assertions))]
async fn calculated_boolean() {}

#[health_check(level = 3, readiness = cfg!(feature = "x"))]
async fn calculated_group() {}

#[health_check(level = 3, !readiness)]
async fn negated() {}

#[health_check(level = 3, not(readiness))]
async fn negated_in_words() {}

#[health_check(level = 3, critical(false))]
async fn in_parentheses() {}

#[health_check(level = 3, non_critical)]
async fn negated_key() {}

#[health_check(level = 3, no_critical, not_critical, uncritical)]
async fn negated_otherwise() {}

#[health_check(level = if cfg!(test) { 3 } else { 4 })]
async fn calculated_level() {}

fn main() {}
