//! Types that a macro recognizes by the last segment of a path, or not at all.

#![allow(unused_parens)]

use std::sync::Arc;

use health_runtime::{IntoOutcome, health_check};

type Shared = Arc<dyn Fn() -> bool + Send + Sync>;

#[health_check(level = 5)]
async fn alias(shared: &Shared) -> bool {
    shared()
}

#[health_check(level = 5)]
async fn option_by_its_path(_: std::option::Option<&(Shared)>, _: ::core::option::Option<&u8>) {}

#[health_check(level = 5)]
async fn in_parentheses(_: (&Shared), (): &(), Pair(_, _): &Pair) {}

#[allow(dead_code, reason = "a type for the pattern")]
struct Pair(u8, u8);

#[health_check(level = 5)]
async fn of_references(text: &&'static str) -> bool {
    text.is_empty()
}

#[health_check(level = 5)]
async fn hidden_lifetime(_: &std::borrow::Cow<'_, str>) {}

#[health_check(level = 5)]
async fn hidden_answer() -> impl IntoOutcome {
    true
}

#[health_check(level = 5)]
fn borrowed_error(text: &String) -> Result<(), &str> {
    Err(text)
}

#[health_check(level = 5)]
async fn borrowed_asynchronous_error(text: &String) -> Result<(), &str> {
    Err(text)
}

#[health_check(level = 5)]
async fn of_a_lifetime(connection: &Connection<'_>) -> bool {
    connection.0.is_empty()
}

struct Connection<'a>(&'a str);

#[health_check(level = 5)]
const fn constant() -> bool {
    true
}

fn main() {}
