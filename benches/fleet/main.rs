//! A thousand instances of one service on a real store: runs of a check, load on the store and memory, with and without faults.
//!
//! `cargo bench --manifest-path tests/drivers/Cargo.toml --target-dir target/drivers --profile dev --bench fleet`; fails if a
//! goal is missed. `STORES=redis,nats` and `INSTANCES` change the size.
#![allow(clippy::expect_used, reason = "benchmarks fail by panicking")]

#[allow(dead_code, reason = "the tests write into entries as well")]
#[path = "../../tests/drivers/tests/fleet/client.rs"]
mod client;
mod counters;
mod instances;
mod phases;
mod processes;
mod table;

use std::{env, process::ExitCode, time::Duration};

use tokio::runtime::Runtime;

const INTERVAL: Duration = Duration::from_secs(10);

const TIMEOUT: Duration = Duration::from_secs(2);

/// Time of a run, so that a fault meets it.
const RUN_TIME: Duration = Duration::from_millis(200);

/// Processes of the fleet. A fault of the leader takes all instances of its process along, as that of a node does.
const PROCESSES: usize = 4;

/// Names the store, its port, and the instances of a process that the benchmark starts of itself.
const PART: &str = "HEALTH_FLEET_PART";

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("a runtime");
    if let Ok(part) = env::var(PART) {
        runtime.block_on(instances::keep(&part));
        return ExitCode::SUCCESS;
    }
    let instances = env::var("INSTANCES").map_or(1_000, |number| number.parse().expect("a number of instances"));
    let stores = env::var("STORES").unwrap_or_else(|_| "redis,nats,postgres".to_owned());
    let mut table = table::Table::new(instances);
    for store in stores.split(',') {
        runtime.block_on(phases::measure(store, instances, &mut table));
    }
    table.print()
}
