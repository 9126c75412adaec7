//! Items that are not a function.

use health_runtime::health_check;

#[health_check(level = 5)]
struct Database;

#[health_check(level = 5)]
const UP: bool = true;

#[health_check(level = 5)]
mod checks {}

#[health_check(level = 5)]
impl Database {
    async fn up() {}
}

#[health_check(level = 5)]
trait Checks {}

#[health_check(level = 9)]
pub enum Both {}

fn main() {
    #[health_check(level = 5)]
    let closure = || true;
}
