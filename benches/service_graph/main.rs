//! Two hundred services that ask each other for their whole reports, in a few processes, with faults.
//!
//! `SERVICES`, `SEED` and `SECONDS` (of each phase) change the size, the graph and the duration.
#![allow(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints figures"
)]

mod clients;
mod graph;
mod hosts;
mod service;
mod table;

use std::{env, process::ExitCode, time::Duration};

use graph::Graph;

/// Age after which a check of another service runs again.
const MAX_AGE: Duration = Duration::from_secs(4);

/// Timeout of a check of another service.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Deadline of a report on levels, plus the time of a busy machine.
const REPORT_LIMIT: Duration = Duration::from_secs(11);

const PROCESSES: usize = 4;

fn main() -> ExitCode {
    let number = |name: &str, default: u64| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let services = usize::try_from(number("SERVICES", 200)).expect("a number of services");
    let graph = Graph::random(services, number("SEED", 15));
    if let Ok(part) = env::var("SERVICE_GRAPH_PART") {
        let part: usize = part.parse().expect("a part");
        service::serve_part(&graph, (0..services).filter(|index| index % PROCESSES == part).collect());
        return ExitCode::SUCCESS;
    }
    let phase = Duration::from_secs(number("SECONDS", 20));
    let mut hosts = hosts::Hosts::start(&graph);
    let figures = clients::measure(&graph, &mut hosts, phase);
    table::print(&graph, &figures, phase)
}
