//! Guards of locks, and errors, that are held across an `.await`.

use std::sync::Mutex;

use health_runtime::health_check;

struct Connection;

impl Connection {
    async fn ping(&mut self) -> bool {
        true
    }
}

#[health_check(level = 3)]
async fn guard(conn: &Mutex<Connection>) -> bool {
    conn.lock().unwrap().ping().await
}

#[health_check(level = 3)]
async fn error() -> Result<(), Box<dyn std::error::Error>> {
    let result: Result<(), Box<dyn std::error::Error>> = Ok(());
    std::future::ready(()).await;
    result
}

fn main() {}
