//! Dependencies that are not a list of other checks.

use health_runtime::health_check;

#[health_check(level = 3, depends_on("own_name"))]
async fn own_name() {}

#[health_check(level = 3, name = "given", depends_on("given"))]
async fn given_name() {}

#[health_check(level = 3, depends_on("a", "b", "a"))]
async fn twice() {}

#[health_check(level = 3, depends_on())]
async fn empty() {}

#[health_check(level = 3, depends_on)]
async fn bare() {}

#[health_check(level = 3, depends_on = "a")]
async fn equals() {}

#[health_check(level = 3, depends_on(3, ""))]
async fn two_that_are_no_names() {}

fn main() {}
