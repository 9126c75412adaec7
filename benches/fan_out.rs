//! Measures a report whose checks all sleep: they run concurrently, and each one costs little.
//!
//! `cargo bench -p health-benches --bench fan_out`; fails if a median is above its limit.

use std::{
    io::{Error, Result},
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use health_benches::{client::Connection, server};
use health_runtime::{Check, Endpoint, Level};
use tokio::{
    runtime::Runtime,
    time::{Duration, Instant, sleep},
};

/// Sleep of each check.
const SLEEP: Duration = Duration::from_millis(10);

const CASES: [Case; 2] =
    [Case { checks: 100, limit: Duration::from_millis(25) }, Case { checks: 1000, limit: Duration::from_millis(60) }];

/// Number of checks, spread over the five levels, and the limit for their report.
#[derive(Clone, Copy)]
struct Case {
    checks: usize,
    limit: Duration,
}

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<ExitCode> {
    // `cargo test` passes no `--bench`, and only checks that the bench still works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 60 } else { 1 };
    let runtime = Runtime::new()?;
    let mut exit_code = ExitCode::SUCCESS;
    for case in CASES {
        let floor = bare_sleep(&runtime, rounds)?;
        let measured = cold_reports(&runtime, case, rounds)?;
        let is_kept = measured.median() <= case.limit;
        println!("{} checks: limit {:?}, measured {}: {}", case.checks, case.limit, measured.summary(), word(is_kept));
        println!("{} checks: floor {SLEEP:?}, a bare sleep {}", case.checks, floor.summary());
        if is_bench && !is_kept {
            exit_code = ExitCode::FAILURE;
        }
    }
    Ok(exit_code)
}

const fn word(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "MISSED" }
}

/// Runs the same sleep without a check around it, in a task as checks do.
fn bare_sleep(runtime: &Runtime, rounds: usize) -> Result<Times> {
    Times::measure(rounds, || runtime.block_on(runtime.spawn(async { sleep(SLEEP).await })).map_err(Error::other))
}

/// Requests full reports through a socket; no result is young enough to be reused.
fn cold_reports(runtime: &Runtime, case: Case, rounds: usize) -> Result<Times> {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut connection = Connection::open(serve(runtime, case, &runs)?, "/health/levels/1")?;
    // The first request connects and grows buffers, which is not part of a report.
    connection.ask()?;
    runs.store(0, Ordering::Relaxed);
    let times = Times::measure(rounds, || {
        let status = connection.ask()?.status;
        if status == 200 { Ok(()) } else { Err(Error::other(format!("answered {status}"))) }
    })?;
    if runs.load(Ordering::Relaxed) == rounds * case.checks {
        Ok(times)
    } else {
        Err(Error::other("each report has to run each check once"))
    }
}

fn serve(runtime: &Runtime, case: Case, runs: &Arc<AtomicUsize>) -> Result<SocketAddr> {
    let checks = Level::ALL.into_iter().cycle().take(case.checks).enumerate().map(|(number, level)| {
        let runs = Arc::clone(runs);
        let check = Check::new(format!("check_{number}"), level, move || {
            let runs = Arc::clone(&runs);
            async move {
                sleep(SLEEP).await;
                runs.fetch_add(1, Ordering::Relaxed);
            }
        });
        check.max_age(Duration::ZERO)
    });
    let endpoint = Endpoint::builder().checks(checks).build().map_err(Error::other)?;
    runtime.block_on(server::listen(endpoint.router()))
}

/// Times in ascending order.
struct Times(Vec<Duration>);

impl Times {
    fn measure(rounds: usize, mut round: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut times = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start = Instant::now();
            round()?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(Self(times))
    }

    /// Returns a percentile.
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100) - 1]
    }

    fn median(&self) -> Duration {
        self.percentile(50)
    }

    fn summary(&self) -> String {
        format!("{:.1?} (p90 {:.1?}, worst {:.1?})", self.median(), self.percentile(90), self.percentile(100))
    }
}
