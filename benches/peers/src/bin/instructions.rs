//! Prints instructions and allocations per request: `instructions [WORKLOAD…]`.
//!
//! It runs itself under callgrind, once for each workload, subject, number of connections and number of requests. The
//! difference of two runs is the cost of the requests, without that of the start.

#![allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]

use std::{
    env,
    io::{Error, Result},
    path::Path,
    process::Command,
};

use health_peers::{
    callgrind::{self, Instructions},
    drive::Run,
    subjects::is_built,
    workload::{WORKLOADS, Workload},
};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let [first, name, subject, connections, requests] = &arguments[..]
        && first == "--serve"
    {
        let [connections, requests] = [connections, requests].map(|number| number.parse::<usize>());
        return serve(named(name)?, subject, connections.map_err(Error::other)?, requests.map_err(Error::other)?);
    }
    let workloads = if arguments.is_empty() {
        WORKLOADS.iter().collect()
    } else {
        arguments.iter().map(|name| named(name)).collect::<Result<Vec<_>>>()?
    };
    println!(
        "{:<14} {:<13} {:>5} {:>9} {:>9} {:>8} {:>8}",
        "workload", "subject", "conn.", "Ir", "own Ir", "allocs", "bytes"
    );
    for workload in workloads {
        for &subject in workload.subjects.iter().filter(|subject| is_built(subject)) {
            for &connections in workload.connections {
                let row = measure(workload, subject, connections)?;
                println!("{:<14} {subject:<13} {connections:>5} {row}", workload.name);
            }
        }
    }
    Ok(())
}

fn named(name: &str) -> Result<&'static Workload> {
    Workload::named(name).ok_or_else(|| {
        let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        Error::other(format!("there is no workload named `{name}`; there are {}", names.join(", ")))
    })
}

/// Runs under callgrind.
fn serve(workload: &Workload, subject: &str, connections: usize, requests: usize) -> Result<()> {
    let mut run = Run::start(workload, subject, connections)?;
    let sent = run.send(requests)?;
    println!("{sent}");
    if env::var_os("SHOW").is_some() {
        println!("{}", String::from_utf8_lossy(run.response()));
    }
    Ok(())
}

/// Returns the columns of one row.
#[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
fn measure(workload: &Workload, subject: &str, connections: usize) -> Result<String> {
    let program = env::current_exe()?;
    let count = |requests: usize| -> Result<(usize, Instructions)> {
        let arguments = ["--serve", workload.name, subject, &connections.to_string(), &requests.to_string()];
        let sent = requests.div_ceil(connections) * connections;
        Ok((sent, callgrind::count(&program, &arguments.map(str::to_owned))?))
    };
    let ((first, before), (last, until)) = (count(workload.requests[0])?, count(workload.requests[1])?);
    let requests = (last - first) as f64;
    let per_request = |before: u64, until: u64| until.saturating_sub(before) as f64 / requests;
    let (all, own) = (per_request(before.all, until.all), per_request(before.own, until.own));
    let allocations = allocations(&program, workload, subject, connections)?;
    Ok(format!("{all:>9.0} {own:>9.0} {allocations}"))
}

fn allocations(program: &Path, workload: &Workload, subject: &str, connections: usize) -> Result<String> {
    let output = Command::new(program.with_file_name("allocations"))
        .args([workload.name, subject, &connections.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let (count, bytes) = line.trim().split_once(' ').ok_or_else(|| Error::other("no allocations were counted"))?;
    Ok(format!("{count:>8} {bytes:>8}"))
}
