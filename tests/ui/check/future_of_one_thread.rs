//! A value that is not `Send` across an `.await`.

use health_runtime::health_check;

use std::rc::Rc;

#[health_check(level = 5)]
async fn held_too_long() -> bool {
    let count = Rc::new(3);
    std::future::ready(()).await;
    *count == 3
}

fn main() {}
