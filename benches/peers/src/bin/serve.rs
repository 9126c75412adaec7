//! Serves a case for a load generator: `serve [--all-cores] WORKLOAD SUBJECT CONNECTIONS CHECKS`. Prints the address, and
//! ends with its input.

#![allow(clippy::disallowed_macros, reason = "the script reads where to send the load")]

use std::{
    env,
    io::{Result, stdin},
    sync::mpsc,
    thread,
};

use health_peers::{case::Case, subjects::serve};
use tokio::runtime::{Builder, Runtime};

fn main() -> Result<()> {
    let mut arguments: Vec<_> = env::args().skip(1).collect();
    let has_all_cores = arguments.first().is_some_and(|first| first == "--all-cores");
    if has_all_cores {
        arguments.remove(0);
    }
    let case = Case::parse(&arguments)?;
    let runtime = start(has_all_cores)?;
    let (sender, receiver) = mpsc::channel();
    // The runtime of one core serves on this thread.
    thread::spawn(move || {
        let is_over = stdin().read_line(&mut String::new());
        let _ = sender.send(is_over.map(|_| ()));
    });
    runtime.block_on(async {
        println!("{}", serve(&case.subject, &case.workload).await?);
        tokio::task::spawn_blocking(move || receiver.recv()).await.map_err(std::io::Error::other)?.ok();
        Ok::<_, std::io::Error>(())
    })?;
    print_longest_poll(&runtime);
    Ok(())
}

fn start(has_all_cores: bool) -> Result<Runtime> {
    let mut builder = if has_all_cores { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    #[cfg(tokio_unstable)]
    {
        use tokio::runtime::{HistogramConfiguration, LogHistogram};
        builder.enable_metrics_poll_time_histogram();
        builder.metrics_poll_time_histogram_configuration(HistogramConfiguration::log(LogHistogram::default()));
    }
    builder.enable_all().build()
}

#[cfg(not(tokio_unstable))]
fn print_longest_poll(_: &Runtime) {}

/// Prints the end of the last bucket with a poll, in milliseconds.
#[cfg(tokio_unstable)]
fn print_longest_poll(runtime: &Runtime) {
    let metrics = runtime.metrics();
    let has_polls =
        |bucket| (0..metrics.num_workers()).any(|worker| metrics.poll_time_histogram_bucket_count(worker, bucket) > 0);
    let longest = (0..metrics.poll_time_histogram_num_buckets()).filter(|bucket| has_polls(*bucket)).max();
    let end = longest.map(|bucket| metrics.poll_time_histogram_bucket_range(bucket).end);
    println!("{:.3}", end.unwrap_or_default().as_secs_f64() * 1_000.0);
}
