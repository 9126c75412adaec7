//! `healthctl wait`

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    args::{WaitArgs, WaitState},
    client::{Client, Deadline},
    exit::Exit,
    failure::Failure,
    output::{Terminal, tally},
    question::{Answered, Group, Question, Subject},
    status::Status,
    target::Target,
    text::short_duration,
};

/// Pause before the second try; each one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest time for one try, so that one that hangs does not use up the whole time.
const TRY_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run(args: &WaitArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = args.service.target()?;
    let client = args.connection.client()?;
    let (begin, deadline) = (Instant::now(), Deadline::after(args.timeout));
    let state = args.state.word();
    let mut pause = FIRST_PAUSE;
    let mut shown = String::new();
    let mut last: Option<String> = None;
    loop {
        let reason = match ask(args, &client, &target, deadline).await {
            Ok(answered) if is_reached(args, answered.report.status) => {
                terminal.end_progress();
                if !args.quiet {
                    terminal.line(&format!("{target} is {state} after {}", short_duration(begin.elapsed())));
                }
                return Ok(Exit::Pass);
            }
            Ok(answered) => reason(&answered),
            // The end of the whole time cut this try short, so the one before says more.
            Err(failure) if failure.may_pass() && deadline.left().is_zero() => {
                last.take().unwrap_or_else(|| failure.to_string())
            }
            Err(failure) if failure.may_pass() => failure.to_string(),
            Err(failure) => return Err(failure),
        };
        let left = deadline.left();
        if left.is_zero() {
            return Err(Failure::unreachable(format!(
                "{target} is not {state} after {}: {reason}",
                short_duration(args.timeout)
            )));
        }
        if !args.quiet {
            show(&format!("waiting for {target} to be {state}"), &reason, begin, &mut shown, terminal);
        }
        last = Some(reason);
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(args.interval);
    }
}

async fn ask(args: &WaitArgs, client: &Client, target: &Target, deadline: Deadline) -> Result<Answered, Failure> {
    let subject = match args.state.group() {
        // A gRPC server says by the name in the URL whether it can take requests.
        Some(_) if target.is_grpc && !target.path.is_empty() => Subject::Everything,
        Some(Group::Ready) if target.is_grpc => Subject::Everything,
        Some(group) => Subject::Group(group),
        None => Subject::Everything,
    };
    Question::new(subject).ask(client, target, deadline.within(TRY_LIMIT)).await
}

fn is_reached(args: &WaitArgs, status: Status) -> bool {
    args.state == WaitState::Answering || Exit::of_status(status, args.strict) == Exit::Pass
}

/// Returns why the state is not reached: the checks at fault.
fn reason(answered: &Answered) -> String {
    let report = &answered.report;
    let causes = report.causes();
    let causes =
        if causes.is_empty() { report.cause.clone().unwrap_or_else(|| tally(report)) } else { causes.join(", ") };
    format!("it reports {} because of {causes}", report.status.word())
}

/// Shows the progress in a line that replaces itself; in a log, a line whenever the reason changes.
fn show(what: &str, reason: &str, begin: Instant, shown: &mut String, terminal: &mut Terminal) {
    if terminal.has_progress() {
        terminal.progress(&format!("{what} for {}: {reason}", short_duration(begin.elapsed())));
    } else if reason != shown {
        terminal.error(&format!("{what}: {reason}"));
        reason.clone_into(shown);
    }
}
