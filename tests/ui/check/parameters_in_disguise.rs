//! Parameters that hold several values, or a pointer.

use std::sync::Arc;

use health_runtime::health_check;

struct Pool;
struct Queue;

#[health_check(level = 3)]
async fn optional_pointer(_pool: Option<Arc<Pool>>) {}

#[health_check(level = 3)]
async fn optional_object(_pool: Option<Arc<dyn Send + Sync>>) {}

#[health_check(level = 3)]
async fn tuple(_state: (&Pool, Queue)) {}

#[health_check(level = 3)]
async fn pattern((_pool, _queue): (&Pool, &Queue)) {}

fn main() {}
