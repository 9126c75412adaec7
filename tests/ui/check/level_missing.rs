//! A missing level.

use health_runtime::health_check;

#[health_check(readiness)]
async fn up() -> bool {
    true
}

#[health_check]
async fn bare() -> bool {
    true
}

// One mistake: the key is misspelt, and not missing as well.
#[health_check(levle = 5)]
async fn misspelt() -> bool {
    true
}

#[health_check(5)]
async fn without_key() -> bool {
    true
}

fn main() {}
