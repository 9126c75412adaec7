//! Prints how costs grow with the number of checks, connections and streams of events, and the exponent of each growth.
//! `growth [checks|connections|streams]…`; all of them without an argument.

#![allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]

use std::{
    env, fs,
    io::{Error, Result},
};

use health_peers::{case::Case, measure::Cost};

/// Exponent from which on a growth is called steep.
const GOAL: f64 = 1.1;

const CHECKS: [usize; 4] = [10, 100, 1_000, 10_000];
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let is_asked = |subject: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == subject);
    if is_asked("checks") {
        for (name, workload) in [("on demand", "w2"), ("stored", "w3"), ("background", "background-second")] {
            let points = measure(workload, &CHECKS, |case, checks| case.workload.checks.count = checks)?;
            print(&format!("checks {name}, instructions of a request"), "check", &points, |cost, _| cost.all);
        }
    }
    let connections: Vec<_> =
        CONNECTIONS.into_iter().map(|count| Ok(count.min(most_connections()?))).collect::<Result<_>>()?;
    for (subject, workload) in [("connections", "w1"), ("streams", "events")] {
        if is_asked(subject) {
            let points = measure(workload, &connections, |case, count| case.connections = count)?;
            print(
                &format!("{subject}, instructions of one request or change on each"),
                subject,
                &points,
                |cost, count| cost.all * count,
            );
            print(&format!("{subject}, bytes held"), subject, &points, |cost, count| cost.held_bytes * count);
        }
    }
    Ok(())
}

/// Client and server are one process, which needs two descriptors for each connection.
fn most_connections() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let limit =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    Ok((limit.unwrap_or(1_024_usize) - 200) / 2)
}

#[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
fn measure(workload: &str, counts: &[usize], set: impl Fn(&mut Case, usize)) -> Result<Vec<(f64, Cost)>> {
    let measure = |count: &usize| {
        let mut case = Case::new(workload, "ours", 1)?;
        set(&mut case, *count);
        Ok((
            *count as f64,
            Cost::measure(&case).map_err(|error| Error::other(format!("{workload}, {count}: {error}")))?,
        ))
    };
    counts.iter().map(measure).collect()
}

/// Prints the cost of all and of one, the fitted exponent, and the steepest step between two counts.
fn print(subject: &str, one: &str, points: &[(f64, Cost)], total: impl Fn(&Cost, f64) -> f64) {
    println!("\n{subject}");
    let totals: Vec<_> = points.iter().map(|(count, cost)| (*count, total(cost, *count))).collect();
    for (count, total) in &totals {
        println!("{count:>8.0} {total:>14.0} {:>10.0} per {}", total / count, one.trim_end_matches('s'));
    }
    let steps = totals.windows(2).map(exponent).fold(f64::MIN, f64::max);
    let exponent = exponent(&totals);
    let verdict = if exponent <= GOAL { "kept" } else { "MISSED" };
    println!("exponent {exponent:.2}, steepest step {steps:.2}; goal {GOAL}: {verdict}");
}

/// Fits a line to the logarithms.
#[allow(clippy::cast_precision_loss, reason = "these are few points")]
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logarithms: Vec<_> = points.iter().map(|(count, total)| (count.ln(), total.max(1.0).ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / logarithms.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = logarithms.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    covariance / logarithms.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponent_of_a_power_is_found() {
        let points = [10.0_f64, 100.0, 1_000.0].map(|count| (count, 7.0 * count.powf(1.5)));
        assert!((exponent(&points) - 1.5).abs() < 1e-9);
    }
}
