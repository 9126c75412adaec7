//! Budgets of the gate: a committed line for each case, which a change may not exceed by more than the slack.

use std::{
    fs,
    io::{Error, Result},
    path::Path,
};

use crate::{case::Case, measure::Cost};

/// Share by which a cost may be above its budget, and from which on below a lower budget is proposed.
const SLACK: f64 = 0.03;

/// Lines of the file that no one edits by hand.
const HEAD: &str = "\
# Instructions (of the program itself, without libc) and allocations per request, for health-runtime without features.
# `.ci/run` fails if one is exceeded by 3 %. `benches/instructions --update-budgets` writes the present values: a higher
# one needs its reason in the commit. The values depend on the toolchain, on benches/peers/Cargo.lock, and on an x86-64
# processor with AVX2, which valgrind presents to programs as the same model everywhere.
";

/// A case with its limits.
#[derive(Debug)]
struct Budget {
    case: Case,
    instructions: f64,
    allocations: f64,
}

/// Measures each line of the file, and writes the present values if `is_update`. Returns whether all budgets are kept.
pub fn check(file: &Path, is_update: bool) -> Result<bool> {
    let mut lines = HEAD.to_owned();
    let mut is_kept = true;
    for budget in read(&fs::read_to_string(file)?)? {
        let Budget { case, instructions, allocations } = &budget;
        let cost = Cost::measure(case)?;
        let verdict = verdict(&budget, &cost);
        is_kept &= verdict != "EXCEEDED";
        println!(
            "{case} {:>9.0} of {instructions:>7} Ir {:>7.2} of {allocations:>6} allocations: {verdict}",
            cost.own, cost.allocations
        );
        lines += &line(case, cost.own, cost.allocations);
    }
    if is_update {
        fs::write(file, lines)?;
    }
    Ok(is_kept || is_update)
}

fn verdict(budget: &Budget, cost: &Cost) -> &'static str {
    let shares = [cost.own / budget.instructions, cost.allocations / budget.allocations];
    if shares.iter().any(|share| *share > 1.0 + SLACK) {
        "EXCEEDED"
    } else if shares.iter().any(|share| *share < 1.0 - SLACK) {
        "kept; lower it by `benches/instructions --update-budgets`"
    } else {
        "kept"
    }
}

fn line(case: &Case, instructions: f64, allocations: f64) -> String {
    format!("{:<14} {:>3} {instructions:>8.0} {allocations:>7.2}\n", case.workload.name, case.connections)
}

fn read(text: &str) -> Result<Vec<Budget>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let [workload, connections, instructions, allocations] = line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                return Err(Error::other(format!(
                    "`{line}` is not a valid budget; write a workload and three numbers"
                )));
            };
            let number = |text: &str| text.parse::<f64>().map_err(Error::other);
            Ok(Budget {
                case: Case::new(workload, "ours", connections.parse().map_err(Error::other)?)?,
                instructions: number(instructions)?,
                allocations: number(allocations)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_within_the_slack_keep_a_budget() -> Result<()> {
        let budget = &read("# text\nw1 64 10000 20\n")?[0];
        let cost = |own, allocations| Cost { all: 0.0, own, allocations, bytes: 0.0, held_bytes: 0.0 };
        assert_eq!(verdict(budget, &cost(10_299.0, 20.5)), "kept");
        assert_eq!(verdict(budget, &cost(10_301.0, 20.0)), "EXCEEDED");
        assert_eq!(verdict(budget, &cost(10_000.0, 21.0)), "EXCEEDED");
        assert!(verdict(budget, &cost(10_000.0, 19.0)).starts_with("kept; lower"));
        Ok(())
    }

    #[test]
    fn written_budgets_are_read_again() -> Result<()> {
        let text = HEAD.to_owned() + &line(&Case::new("w2", "ours", 1)?, 286_941.4, 221.0);
        let budget = &read(&text)?[0];
        assert_eq!((budget.instructions, budget.allocations), (286_941.0, 221.0));
        assert!(read("w2 1 286941").is_err());
        Ok(())
    }
}
