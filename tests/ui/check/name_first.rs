//! Values without a key, and texts for levels and groups.

use health_runtime::health_check;

#[health_check("db", level = 3)]
async fn name_first() {}

#[health_check(level = 3, "db")]
async fn name_last() {}

#[health_check("db")]
async fn name_alone() {}

#[health_check(level = 3, "30s")]
async fn duration() {}

#[health_check(Level::L3)]
async fn variant() {}

#[health_check(level = "deep")]
async fn word() {}

#[health_check(level = 1..=3)]
async fn range() {}

#[health_check(level = Level::Three)]
async fn variant_spelt_out() {}

#[health_check(levels(1, 2))]
async fn several() {}

#[health_check(level == 3)]
async fn comparison() {}

#[health_check(level = 3, groups("readiness", "startup"))]
async fn groups() {}

#[health_check(level = 3, probe = "readiness")]
async fn probe() {}

#[health_check(level = 3, group(readiness))]
async fn group() {}

#[health_check(level = 3, readiness("db"))]
async fn group_with_a_value() {}

fn main() {}
