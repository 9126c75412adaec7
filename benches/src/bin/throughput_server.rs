//! Serves the health endpoint and the bare routes until it is stopped, for a load generator. It runs on one
//! thread (Tokio's `current_thread` runtime), as it is given one core.

use std::{future::pending, io::Result};

use health_benches::subject;

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::disallowed_macros, reason = "the script reads where to send the load")]
async fn main() -> Result<()> {
    let addresses = subject::serve().await?;
    println!("{} {}", addresses.health, addresses.bare);
    pending().await
}
