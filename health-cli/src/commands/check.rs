//! `healthctl check`

use crate::{
    args::CheckArgs,
    client::Deadline,
    exit::Exit,
    failure::Failure,
    output::{Terminal, dim, failure_json, plugin_failure, plugin_report, report_json, report_lines},
    question::Answered,
};

pub(super) async fn run(args: &CheckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let answered = ask(args).await;
    if args.nagios {
        let (state, line) = match &answered {
            Ok(answered) => plugin_report(answered, args.strict),
            Err(failure) => plugin_failure(failure, args.unreachable_state()),
        };
        terminal.line(&line);
        return Ok(Exit::Plugin(state));
    }
    if args.json {
        return Ok(match &answered {
            Ok(answered) => {
                terminal.line(&report_json(answered));
                Exit::of_status(answered.report.status, args.strict)
            }
            Err(failure) => {
                // A URL that cannot be used is not shown.
                let url = args.service.target().map(|target| target.to_string()).unwrap_or_default();
                terminal.line(&failure_json(&url, failure));
                Exit::of_failure(failure)
            }
        });
    }
    let answered = answered?;
    for line in report_lines(&answered, terminal.width) {
        terminal.line(&line);
    }
    if answered.report.checks.is_empty() && answered.report.cause.is_none() {
        terminal.line(&dim("The service names no checks."));
    }
    Ok(Exit::of_status(answered.report.status, args.strict))
}

async fn ask(args: &CheckArgs) -> Result<Answered, Failure> {
    let target = args.service.target()?;
    let client = args.connection.client()?;
    args.question().ask(&client, &target, Deadline::after(args.timeout)).await
}
