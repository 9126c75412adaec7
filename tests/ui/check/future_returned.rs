//! Functions that return a future instead of being `async`.

use std::pin::Pin;

use health_runtime::health_check;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[health_check(level = 5)]
fn hidden() -> impl Future<Output = bool> {
    async { true }
}

#[health_check(level = 5)]
fn boxed() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
    Box::pin(async { Ok(()) })
}

#[health_check(level = 5)]
fn alias() -> BoxFuture<'static, bool> {
    Box::pin(async { true })
}

#[health_check(level = 5)]
async fn twice() -> impl Future<Output = bool> {
    async { true }
}

fn main() {}
