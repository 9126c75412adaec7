//! State without a size.

use health_runtime::health_check;

struct Tail {
    bytes: [u8],
}

#[health_check(level = 5)]
async fn tail(tail: &Tail, other: Option<&Tail>) -> bool {
    tail.bytes.is_empty() && other.is_none()
}

fn main() {}
