//! Constants that do not exist.

use health_runtime::health_check;

mod levels {}

#[health_check(level = levels::DEEP, timeout = timeouts::DB)]
async fn not_there() {}

#[health_check(level = Level::L3, timeout = DB)]
async fn not_imported() {}

fn main() {}
