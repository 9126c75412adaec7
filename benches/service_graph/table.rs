//! The measured values with their goals.

use std::{process::ExitCode, time::Duration};

use crate::{MAX_AGE, REPORT_LIMIT, clients::Figures, graph::Graph};

pub(crate) fn print(graph: &Graph, figures: &Figures, phase: Duration) -> ExitCode {
    let edges = graph.edge_count();
    #[allow(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    let [edges_f64, runs] = [edges as f64, figures.runs as f64];
    let bound = edges_f64 / MAX_AGE.as_secs_f64();
    let rate = runs / figures.duration.as_secs_f64();
    println!("{} services, {edges} edges, phases of {phase:?}: no fault, faults, mended", graph.edges.len());
    println!("| subject | goal | measured |");
    println!("|---|---|---|");
    let of_reports =
        format!("{} of {} reports, {} fail", figures.false_failures.len(), figures.reports, figures.failing);
    println!("| false failures | 0 | {of_reports} |");
    println!("| false warnings | 0 | {} |", figures.warnings);
    println!("| runs per second | {bound:.0}: edges ÷ max_age | {rate:.0} |");
    println!("| worst time of a report | {REPORT_LIMIT:?} | {:.2?} |", figures.worst_time);
    for distance in 1..=4 {
        let mut times: Vec<_> =
            figures.named.iter().filter(|(named, _)| *named == distance).map(|(_, time)| *time).collect();
        times.sort_unstable();
        if let (Some(median), Some(worst)) = (times.get(times.len() / 2), times.last()) {
            println!(
                "| root cause named over {distance} hops | | median {median:.1?}, worst {worst:.1?} ({} services) |",
                times.len()
            );
        }
    }
    println!("| services that named it | {} within four hops | {} |", figures.expected_to_name, figures.named.len());
    figures.false_failures.iter().take(10).for_each(|failure| println!("false: {failure}"));
    let is_good = figures.false_failures.is_empty() && rate <= bound * 1.05 && figures.worst_time <= REPORT_LIMIT;
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
