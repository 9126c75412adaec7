//! Generic functions.

use health_runtime::health_check;

#[health_check(level = 5)]
async fn of_type<T: Send + Sync + 'static>(value: &T) {
    drop(value);
}

#[health_check(level = 5)]
async fn of_value<const N: usize>() {}

#[health_check(level = 5)]
async fn of_lifetime<'a>(value: &'a u32) -> bool {
    *value > 0
}

#[health_check(level = 5)]
async fn with_clause()
where
    String: Clone,
{
}

fn main() {}
