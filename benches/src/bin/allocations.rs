//! Counts what the server allocates for each request, on the health endpoint and on the bare routes. The runs of
//! the checks, one a second, are counted in. The client allocates nothing.

use std::{alloc::System, io::Result, net::SocketAddr, sync::mpsc, thread};

use health_benches::{
    client::Connection,
    subject::{self, Addresses, PATHS},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Duration of a round, in which each check runs a few times.
const TIME: Duration = Duration::from_secs(3);

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<()> {
    let Addresses { health, bare } = serve()?;
    for path in PATHS {
        let health = allocations_per_request(health, path)?;
        let bare = allocations_per_request(bare, path)?;
        println!("{path}: {health:.2} allocations per request, a bare route {bare:.2}");
    }
    Ok(())
}

/// Serves on a separate thread.
fn serve() -> Result<Addresses> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // The receiver is gone only when `main` has returned.
            let _ = sender.send(subject::serve().await);
            std::future::pending::<Result<()>>().await
        })
    });
    receiver.recv().map_err(std::io::Error::other)?
}

#[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
fn allocations_per_request(address: SocketAddr, path: &str) -> Result<f64> {
    let mut connection = Connection::open(address, path)?;
    // The first request allocates the buffers of the connection.
    for _ in 0..100 {
        connection.ask()?;
    }
    let region = Region::new(ALLOCATOR);
    let end = Instant::now() + TIME;
    let mut requests = 0_u64;
    while Instant::now() < end {
        connection.ask()?;
        requests += 1;
    }
    let change = region.change();
    Ok((change.allocations + change.reallocations) as f64 / requests as f64)
}
