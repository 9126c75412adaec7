//! Measures what 1,000 scraped instances of 20 checks cost a real Prometheus, with and without the histogram of durations.
//!
//! `cargo bench -p health-benches --profile dev --bench prometheus`; fails if a limit is exceeded. Linux only: it reads `/proc`.
//! `scripts/peers prometheus` installs the server. The connections of the scrapes need `ulimit -n 4096`.
//!
//! One process serves every instance at a path of its own, from an endpoint of its own.

mod fleet;
mod server;

use std::{process::ExitCode, thread::sleep, time::Duration};

use server::Prometheus;
use tokio::runtime::Runtime;

const CHECKS: usize = 20;
/// Time in which every instance is scraped twice, and the memory settles.
const WARM_UP: Duration = Duration::from_secs(40);
const MEASURED: Duration = Duration::from_mins(1);

/// Limit for the series without the histogram, as a share of those with it: 12 of 27, and a few of each instance.
const SERIES_LIMIT: f64 = 0.46;
/// Limit for memory and CPU time, as shares.
const COST_LIMIT: f64 = 0.75;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The cost of one fleet.
struct Cost {
    series: f64,
    memory_bytes: f64,
    cpu_share: f64,
    scrape_seconds: f64,
    body_bytes: usize,
}

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<ExitCode> {
    // `cargo test` passes no `--bench`, and only checks that the bench still works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (instances, warm_up, measured) =
        if is_bench { (1_000, WARM_UP, MEASURED) } else { (10, Duration::from_secs(3), Duration::from_secs(1)) };
    if !is_bench && !Prometheus::is_installed() {
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = Runtime::new()?;
    let mut costs = Vec::new();
    for (name, has_histogram, has_rules) in [
        ("with the histogram", true, false),
        ("without the histogram", false, false),
        ("without the histogram, with the rules of the examples", false, true),
    ] {
        let fleet = runtime.block_on(fleet::serve(instances, CHECKS, has_histogram))?;
        let server = Prometheus::start(&fleet, if is_bench { "15s" } else { "1s" }, has_rules)?;
        sleep(warm_up);
        let before = server.cpu_seconds()?;
        sleep(measured);
        let cost = Cost {
            cpu_share: (server.cpu_seconds()? - before) / measured.as_secs_f64(),
            memory_bytes: server.resident_bytes()?,
            series: server.series()?,
            scrape_seconds: server.value("avg(scrape_duration_seconds)")?,
            body_bytes: fleet.body_bytes,
        };
        let up = server.value("sum(up)")?;
        println!(
            "{instances} instances × {CHECKS} checks {name}: {up} scraped, {:.0} series, {:.0} MiB, {:.1} % of a core, {:.1} ms and {} KiB a scrape",
            cost.series,
            cost.memory_bytes / f64::from(1 << 20),
            cost.cpu_share * 100.0,
            cost.scrape_seconds * 1_000.0,
            cost.body_bytes >> 10
        );
        costs.push(cost);
    }
    let [with, without, ..] = &costs[..] else { return Err("three fleets".into()) };
    let mut exit_code = ExitCode::SUCCESS;
    for (subject, limit, ratio) in [
        ("series", SERIES_LIMIT, without.series / with.series),
        ("memory", COST_LIMIT, without.memory_bytes / with.memory_bytes),
        ("CPU time", COST_LIMIT, without.cpu_share / with.cpu_share),
    ] {
        let is_kept = ratio <= limit;
        let word = if is_kept { "kept" } else { "MISSED" };
        println!("{subject} without the histogram: limit {limit}, measured {ratio:.2}: {word}");
        if is_bench && !is_kept {
            exit_code = ExitCode::FAILURE;
        }
    }
    Ok(exit_code)
}
