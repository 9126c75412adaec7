//! Return types that are not an answer.

use health_runtime::health_check;

struct NotDisplay;

#[health_check(level = 5)]
async fn number() -> u32 {
    5
}

#[health_check(level = 5)]
async fn text() -> String {
    "ok".to_owned()
}

#[health_check(level = 5)]
async fn number_in_result() -> Result<i32, String> {
    Ok(5)
}

#[health_check(level = 5)]
async fn error_alone() -> Box<dyn std::error::Error> {
    "down".into()
}

#[health_check(level = 5)]
fn option() -> Option<bool> {
    None
}

#[health_check(level = 5)]
async fn error_without_text() -> Result<(), NotDisplay> {
    Err(NotDisplay)
}

#[health_check(level = 5)]
fn answer_in_result() -> Result<std::collections::HashMap<String, u32>, std::fmt::Error> {
    Err(std::fmt::Error)
}

#[health_check(level = 5)]
async fn hidden() -> impl Sized {
    5
}

#[health_check(level = 5)]
async fn never() -> ! {
    loop {}
}

fn main() {}
