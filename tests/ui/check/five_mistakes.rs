//! Five mistakes in one declaration.

use health_runtime::health_check;

#[health_check(level = 7, timeout = "2", liveness, tags(), colour = "red")]
async fn up(count: u32) -> bool {
    count > 0
}

// The function is still there, so that nothing else is wrong with what calls it.
fn caller() {
    drop(up(3));
}

fn main() {}
