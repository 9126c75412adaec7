//! Functions that were handlers of requests, and results whose value is not an outcome.

use std::net::TcpStream;

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use health_runtime::health_check;

/// Like that of axum, which is behind a feature.
struct Json<T>(T);

#[health_check(level = 5)]
async fn status_code() -> StatusCode {
    StatusCode::OK
}

#[health_check(level = 5)]
async fn html() -> Html<u32> {
    Html(5)
}

#[health_check(level = 5)]
async fn json() -> Json<Vec<u8>> {
    Json(Vec::new())
}

#[health_check(level = 5)]
async fn whole_response() -> Response {
    "ok".into_response()
}

#[health_check(level = 5)]
async fn json_in_result() -> Result<Json<u8>, StatusCode> {
    Ok(Json(5))
}

#[health_check(level = 5)]
async fn response() -> impl IntoResponse {
    "ok"
}

#[health_check(level = 5)]
async fn error_of_a_handler() -> Result<(), (StatusCode, String)> {
    Ok(())
}

#[health_check(level = 5)]
fn connection() -> Result<TcpStream, std::io::Error> {
    TcpStream::connect("127.0.0.1:1")
}

#[health_check(level = 5)]
async fn answer_of_a_client() -> Result<Response, std::io::Error> {
    Ok("ok".into_response())
}

#[health_check(level = 5)]
async fn status_in_result() -> Result<StatusCode, String> {
    Ok(StatusCode::OK)
}

#[health_check(level = 5)]
fn error_without_value() -> Result<bool, ()> {
    Ok(true)
}

#[health_check(level = 5)]
async fn option_in_result() -> Result<Option<u8>, String> {
    Ok(None)
}

fn main() {}
