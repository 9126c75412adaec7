//! Durations without quotes, without a unit, or in another form.

use health_runtime::health_check;

#[health_check(level = 5, timeout = "2")]
async fn no_unit() {}

#[health_check(level = 5, timeout = 2)]
async fn not_quoted() {}

#[health_check(level = 5, timeout = 2s)]
async fn unit_not_quoted() {}

#[health_check(level = 5, timeout = 500ms)]
async fn milliseconds_not_quoted() {}

#[health_check(level = 5, timeout = 1.5)]
async fn fraction_not_quoted() {}

#[health_check(level = 5, timeout = Duration::from_secs(2))]
async fn call() {}

#[health_check(level = 5, max_age = std::time::Duration::from_millis(1_500))]
async fn call_by_its_path() {}

#[health_check(level = 5, max_age = "")]
async fn empty() {}

#[health_check(level = 5, max_age = "soon")]
async fn word() {}

#[health_check(level = 5, max_age = "2 fortnights")]
async fn unknown_unit() {}

#[health_check(level = 5, max_age = "1,5s")]
async fn comma() {}

#[health_check(level = 5, max_age = "5M")]
async fn months() {}

#[health_check(level = 5, max_age = "99999999999999999999h")]
async fn too_long() {}

#[health_check(level = 5, timeout)]
async fn no_value() {}

#[health_check(level = 5, timeout = true)]
async fn boolean() {}

#[health_check(level = 5, timeout = seconds)]
async fn word_not_quoted() {}

fn main() {}
