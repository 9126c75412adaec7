//! Tags that are not a list of texts.

use health_runtime::health_check;

#[health_check(level = 3, tags("a", "a"))]
async fn twice() {}

#[health_check(level = 3, tags())]
async fn empty() {}

#[health_check(level = 3, tags = ["a"])]
async fn brackets() {}

#[health_check(level = 3, tags = "a")]
async fn one_text() {}

#[health_check(level = 3, tags = ["a", "b"])]
async fn brackets_with_two() {}

#[health_check(level = 3, tags(a))]
async fn not_quoted() {}

fn main() {}
