//! Counts the allocations of a request: `allocations WORKLOAD SUBJECT CONNECTIONS CHECKS`. Prints their number and bytes,
//! and the bytes that each connection holds between requests.

#![allow(clippy::disallowed_macros, reason = "the driver reads the figures")]

use std::{alloc::System, env, io::Result};

use health_peers::{case::Case, drive::Run};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let case = Case::parse(&arguments)?;
    let mut run = Run::start(&case)?;
    let [before, until] = case.requests();
    let opened = Region::new(ALLOCATOR);
    run.send(before)?;
    let held = opened.change();
    let held = held.bytes_allocated.saturating_sub(held.bytes_deallocated) as f64 / case.connections as f64;
    let region = Region::new(ALLOCATOR);
    run.send(until - before)?;
    let change = region.change();
    let requests = (until - before) as f64;
    let count = (change.allocations + change.reallocations) as f64 / requests;
    println!("{count:.2} {:.0} {held:.0}", change.bytes_allocated as f64 / requests);
    Ok(())
}
