//! Extractors of axum and actix-web as parameters.

use axum::{Extension, extract::State, http::HeaderMap};
use health_runtime::health_check;

// axum has these with its features.
struct Json<T>(T);
struct Path<T>(T);
struct Query<T>(T);
struct Pool;

#[health_check(level = 3)]
async fn state(State(_pool): State<Pool>) {}

#[health_check(level = 3)]
async fn state_behind_a_pointer(State(_pool): axum::extract::State<std::sync::Arc<Pool>>) {}

#[health_check(level = 3)]
async fn extension(Extension(_pool): Extension<Pool>) {}

#[health_check(level = 3)]
async fn body(Json(_body): Json<u32>) {}

#[health_check(level = 3)]
async fn query_and_path(_: Query<u32>, _: Path<String>) {}

#[health_check(level = 3)]
async fn headers(_headers: HeaderMap) {}

#[health_check(level = 3)]
async fn shared(_pool: std::sync::Arc<Pool>) {}

fn main() {}
