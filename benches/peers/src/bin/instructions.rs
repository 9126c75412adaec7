//! Prints instructions and allocations per request, and checks their budgets.
//!
//! `instructions [WORKLOAD…]` measures these workloads or all; `instructions --budgets FILE` checks a file of budgets, and
//! `instructions --update-budgets FILE` writes it. It runs itself under callgrind, with `--serve` and a case.

#![allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]

use std::{
    env,
    io::{Error, Result},
    path::Path,
    process::ExitCode,
};

use health_peers::{
    budgets,
    case::{Case, named},
    drive::Run,
    measure::Cost,
    subjects::is_built,
    workload::WORKLOADS,
};

fn main() -> Result<ExitCode> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", ..] => serve(&arguments[1..])?,
        ["--budgets", file] => {
            if !budgets::check(Path::new(file), false)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        ["--update-budgets", file] => {
            budgets::check(Path::new(file), true)?;
        }
        [] => print(&WORKLOADS.map(|workload| workload.name))?,
        ref names => print(names)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures the subjects of these workloads that the build has.
fn print(names: &[&str]) -> Result<()> {
    let workloads = names.iter().map(|name| named(name)).collect::<Result<Vec<_>>>()?;
    println!("{}", Cost::HEAD);
    for workload in workloads {
        println!("{}: {}", workload.name, workload.purpose);
        for subject in workload.subjects.iter().filter(|subject| is_built(&workload, subject)) {
            for &connections in workload.connections {
                let case = Case::new(workload.name, subject, connections)?;
                println!("{case} {}", Cost::measure(&case)?);
            }
        }
    }
    Ok(())
}

/// Serves a case in this process, which callgrind watches.
fn serve(arguments: &[String]) -> Result<()> {
    let (requests, case) =
        arguments.split_last().ok_or_else(|| Error::other("give a case and a number of requests"))?;
    let mut run = Run::start(&Case::parse(case)?)?;
    run.send(requests.parse().map_err(Error::other)?)?;
    if env::var_os("SHOW").is_some() {
        println!("{}", String::from_utf8_lossy(run.response()));
    }
    Ok(())
}
