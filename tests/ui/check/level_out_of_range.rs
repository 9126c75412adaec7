//! Levels that are not a number from 1 to 5.

use health_runtime::health_check;

#[health_check(level = 0)]
async fn zero() {}

#[health_check(level = 6)]
async fn six() {}

#[health_check(level = -1)]
async fn negative() {}

#[health_check(level = 256)]
async fn large() {}

#[health_check(level = "5")]
async fn quoted() {}

#[health_check(level = 5u8)]
async fn suffixed() {}

#[health_check(level = 5.0)]
async fn fraction() {}

#[health_check(level = three)]
async fn spelt_out() {}

#[health_check(level = L3)]
async fn variant() {}

#[health_check(level = (3))]
async fn in_parentheses() {}

#[health_check(level: 3)]
async fn colon() {}

#[health_check(3)]
async fn number_alone() {}

#[health_check("3", readiness)]
async fn text_alone() {}

#[health_check(level)]
async fn no_value() {}

#[health_check(level = )]
async fn half_typed() {}

#[health_check(level(5))]
async fn list() {}

fn main() {}
