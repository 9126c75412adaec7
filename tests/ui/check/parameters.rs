//! Parameters that are not a reference to a type with a size.

use health_runtime::health_check;

trait Store: Send + Sync {}

#[health_check(level = 5)]
async fn owned(_pool: String) {}

#[health_check(level = 5)]
async fn exclusive(_pool: &mut String) {}

#[health_check(level = 5)]
async fn optional_owned(_pool: Option<String>) {}

#[health_check(level = 5)]
async fn optional_exclusive(_pool: Option<&mut String>) {}

#[health_check(level = 5)]
async fn trait_object(_store: &dyn Store) {}

#[health_check(level = 5)]
async fn trait_object_in_parentheses(_store: &(dyn Store + Sync)) {}

#[health_check(level = 5)]
async fn text(_text: &str) {}

#[health_check(level = 5)]
async fn slice(_numbers: &[u32]) {}

#[health_check(level = 5)]
async fn long_lived(_pool: &'static String) {}

#[health_check(level = 5)]
async fn any_store(_store: &impl Store) {}

#[health_check(level = 5)]
async fn any_owned_store(_store: impl Store) {}

#[health_check(level = 5)]
async fn conditional(#[cfg(all())] _pool: &String) {}

#[health_check(level = 5)]
async fn two_at_once(_pool: String, _text: &str) {}

fn main() {}
