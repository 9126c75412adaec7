//! Measures ten thousand background checks without any request: processor time, memory, and the spread of first runs.
//!
//! `cargo bench -p health-benches --bench background`; fails if a limit is exceeded. Linux only: it reads `/proc`.

use std::{
    fs,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use health_runtime::{Check, Level, Monitor, Registry};
use tokio::{
    runtime::Runtime,
    time::{Duration, Instant, sleep},
};

const CHECKS: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(10);

/// Limit for the processor time, in percent of one core.
const PROCESSOR_LIMIT: f64 = 2.0;
const MEMORY_LIMIT: u64 = 40 << 20;

/// Number of first runs in each tenth of the interval if they are spread evenly. The fullest tenth must have less than
/// twice as many.
const FAIR_SHARE: usize = CHECKS / 10;

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    // `cargo test` passes no `--bench`, and only checks that the bench still works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (checks, measured_for) =
        if is_bench { (CHECKS, Duration::from_secs(30)) } else { (10, Duration::from_millis(10)) };
    let runtime = Runtime::new()?;

    let memory_without = resident()?;
    let started: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let start = Instant::now();
    let registry = (0..checks).fold(Registry::builder(), |registry, number| {
        let started = Arc::clone(&started);
        let check = Check::new(format!("check_{number}"), Level::L3, move || {
            let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
            // Only the first round is measured.
            if started.len() < CHECKS {
                started.push(start.elapsed());
            }
            async {}
        });
        registry.check(check.interval(INTERVAL))
    });
    let registry = registry.build()?;
    let monitor = runtime.block_on(async { Monitor::new(registry) });
    let first_round = if is_bench { INTERVAL } else { Duration::ZERO };
    runtime.block_on(async { sleep(first_round).await });

    let (processor_before, since) = (processor_seconds()?, Instant::now());
    runtime.block_on(async { sleep(measured_for).await });
    let processor = (processor_seconds()? - processor_before) / since.elapsed().as_secs_f64() * 100.0;
    let memory = resident()?.saturating_sub(memory_without);
    let fullest = fullest_tenth(&started.lock().unwrap_or_else(PoisonError::into_inner));
    drop(monitor);

    let mut exit_code = ExitCode::SUCCESS;
    for (what, limit, measured, is_kept) in [
        ("of one core", format!("{PROCESSOR_LIMIT} %"), format!("{processor:.2} %"), processor < PROCESSOR_LIMIT),
        ("more memory", mebibytes(MEMORY_LIMIT), mebibytes(memory), memory < MEMORY_LIMIT),
        (
            "first runs in the fullest tenth of the interval",
            (2 * FAIR_SHARE).to_string(),
            fullest.to_string(),
            fullest < 2 * FAIR_SHARE,
        ),
    ] {
        let word = if is_kept { "kept" } else { "MISSED" };
        println!("{checks} background checks every {INTERVAL:?}, {what}: limit {limit}, measured {measured}: {word}");
        if is_bench && !is_kept {
            exit_code = ExitCode::FAILURE;
        }
    }
    Ok(exit_code)
}

fn fullest_tenth(started: &[Duration]) -> usize {
    let tenth = |at: &&Duration| at.as_millis() / (INTERVAL.as_millis() / 10);
    (0..10).map(|number| started.iter().filter(|at| tenth(at) == number).count()).max().unwrap_or_default()
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> Result<u64, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

/// Returns the processor time of this process, to a hundredth of a second.
fn processor_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // User and system time are the 14th and 15th field; parsing begins behind the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
