//! Values that the macro would have to evaluate.

use health_runtime::health_check;

const TIMEOUT: u64 = 2;
const NAME: &str = "database";

#[health_check(level = 5, name = "db".to_owned(), timeout = "2s".into())]
async fn method_calls() {}

#[health_check(level = 2 + 1, failure_threshold = 2 * 2)]
async fn sums() {}

#[health_check(level = 5, name = NAME, owner = concat!("a", "b"))]
async fn constant_and_macro() {}

#[health_check(level = 5, timeout = std::time::Duration::from_secs(TIMEOUT))]
async fn call_with_a_constant() {}

#[health_check(level = 5, depends_on = vec!["a"], tags = &["a", "b"])]
async fn vectors() {}

#[health_check(level = 5, depends_on(["a", "b"]), tags(["a"]))]
async fn brackets() {}

fn main() {}
