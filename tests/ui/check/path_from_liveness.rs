//! Liveness checks whose dependencies reach outside of the process.

use health_runtime::{Level, health_check};

#[health_check(level = 1)]
async fn db() {}

#[health_check(level = 5, depends_on(db))]
async fn through_another() {}

const DEEP: Level = Level::L2;

#[health_check(level = DEEP)]
async fn of_a_constant_level() {}

#[health_check(level = 5)]
async fn shallow() {}

#[health_check(level = 5, liveness, depends_on(shallow, db))]
async fn direct() {}

#[health_check(level = 5, liveness, depends_on(through_another))]
async fn transitive() {}

#[health_check(level = 5, liveness, depends_on(of_a_constant_level))]
async fn by_a_constant() {}

fn main() {}
