//! `healthctl levels`

use std::time::Duration;

use crate::{
    args::LevelsArgs,
    client::{Client, Deadline},
    exit::Exit,
    failure::Failure,
    output::{Terminal, dim, failure_json, report_json, status_word, tally},
    question::{Answered, Question, Subject, has_levels},
    status::Status,
    target::Target,
    text::short_duration,
};

/// From the cheapest to the deepest, each with its time limit in seconds.
const LEVELS: [(u8, u64); 5] = [(5, 10), (4, 15), (3, 20), (2, 25), (1, 30)];

pub(super) async fn run(args: &LevelsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = args.service.target()?;
    let client = args.connection.client()?;
    let mut target = target;
    let mut exit = Exit::Pass;
    let mut left = LEVELS.len();
    for (level, seconds) in LEVELS {
        left -= 1;
        let limit = args.timeout.unwrap_or(Duration::from_secs(seconds));
        terminal.progress(&format!("level {level}: asking, for {} at most", short_duration(limit)));
        let answered = ask(&client, &target, level, limit).await;
        terminal.end_progress();
        let level_exit = match &answered {
            Ok(answered) => Exit::of_status(answered.report.status, args.strict),
            Err(failure) => Exit::of_failure(failure),
        };
        if let Some(levels) = answered.as_ref().ok().and_then(|answered| levels_path(&answered.target)) {
            // The next level is asked for where this one answered.
            levels.clone_into(&mut target.path);
        }
        show(&answered, level, &target, args.json, terminal);
        if level_exit == Exit::Pass {
            continue;
        }
        exit = level_exit;
        // Neither a mistake in the command nor refused credentials heal at a deeper level.
        let is_final = answered.is_err_and(|failure| !failure.may_pass());
        if is_final || !args.all {
            if !args.json && left > 0 {
                let deeper = (1..=left).rev().map(|level| level.to_string()).collect::<Vec<_>>().join(", ");
                terminal.line(&dim(&format!("Not asked: {deeper}. `--all` asks every level.")));
            }
            break;
        }
    }
    Ok(exit)
}

/// Returns the path of all levels, if a question knows it as such; another one is found by its link again.
fn levels_path(answered: &Target) -> Option<&str> {
    let (levels, _level) = answered.path.rsplit_once('/').filter(|_| !answered.is_grpc)?;
    has_levels(levels).then_some(levels)
}

async fn ask(client: &Client, target: &Target, level: u8, limit: Duration) -> Result<Answered, Failure> {
    Question::new(Subject::Level(level)).ask(client, target, Deadline::after(limit)).await
}

fn show(answered: &Result<Answered, Failure>, level: u8, target: &Target, is_json: bool, terminal: &mut Terminal) {
    match (answered, is_json) {
        (Ok(answered), true) => terminal.line(&report_json(answered)),
        (Err(failure), true) => terminal.line(&failure_json(&target.to_string(), failure)),
        (Err(failure), false) => terminal.line(&format!("level {level}  {}  {failure}", status_word(Status::Unknown))),
        (Ok(Answered { report, elapsed, .. }), false) => {
            let (status, tally) = (status_word(report.status), tally(report));
            terminal.line(&format!("level {level}  {status}  {tally}  {}", dim(&short_duration(*elapsed))));
            for status in [Status::Fail, Status::Unknown, Status::Warn] {
                for check in report.with_status(status) {
                    let reason = check.reason();
                    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
                    terminal.line(&format!("         {} {}{reason}", status_word(status), check.name));
                }
            }
        }
    }
}
