//! Counts the allocations of each request: `allocations WORKLOAD SUBJECT CONNECTIONS`.

#![allow(clippy::disallowed_macros, reason = "the driver reads the figures")]

use std::{
    alloc::System,
    io::{Error, Result},
};

use health_peers::{drive::Run, workload::Workload};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, subject, connections] = &arguments[..] else {
        return Err(Error::other("give a workload, a subject and a number of connections"));
    };
    let workload = Workload::named(name).ok_or_else(|| Error::other(format!("there is no workload named `{name}`")))?;
    let mut run = Run::start(workload, subject, connections.parse().map_err(Error::other)?)?;
    let [before, until] = workload.requests;
    run.send(before)?;
    let region = Region::new(ALLOCATOR);
    let requests = run.send(until - before)? as f64;
    let change = region.change();
    let count = change.allocations + change.reallocations;
    println!("{:.2} {:.0}", count as f64 / requests, change.bytes_allocated as f64 / requests);
    Ok(())
}
