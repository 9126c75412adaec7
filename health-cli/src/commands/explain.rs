//! `healthctl explain`

use serde::Serialize;
use serde_json::Value;

use crate::{
    args::ExplainArgs,
    client::{Client, Deadline, Method},
    exit::Exit,
    failure::Failure,
    output::{Terminal, bold, dim, painted, status_word, to_line},
    question::{Answered, Question, Subject, check_path},
    report::{Entry, Report, Shape},
    status::Status,
    target::Target,
    text::{age, count, printable_value, short_duration},
};

/// Number of latest changes that are shown of a check.
const MAX_CHANGES: usize = 3;

/// Maximum number of root causes whose changes are asked for.
const MAX_HISTORIES: usize = 16;

#[derive(Serialize)]
struct Explanation<'a> {
    url: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    root_causes: Vec<RootCause<'a>>,
}

/// A check at fault.
#[derive(Serialize)]
struct RootCause<'a> {
    /// Name, behind the services that lead to it: `billing/ledger/db`.
    path: String,
    /// The check of this service: the one at fault, or the one that asks the next service.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a Entry>,
    /// Checks that this one keeps from running.
    blocks: Vec<&'a str>,
    /// Latest changes, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    at: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub(super) async fn run(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = args.service.target()?;
    let client = args.connection.client()?;
    let deadline = Deadline::after(args.report.timeout);
    let answered = Question::new(Subject::Everything).ask(&client, &target, deadline).await?;
    let Answered { report, target, .. } = &answered;
    let mut root_causes = Vec::new();
    for (index, path) in report.causes().into_iter().enumerate() {
        let check = reporter(report, &path);
        let is_own = check.is_some_and(|check| check.name == path);
        let has_history = is_own && report.shape == Shape::Native && index < MAX_HISTORIES;
        let changes = if has_history { changes(&client, target, &path, deadline).await } else { Vec::new() };
        let name = check.map(|check| check.name.as_str());
        let is_blocked = |entry: &&Entry| entry.blocked_by.iter().any(|by| Some(by.as_str()) == name);
        let blocks = report.checks.iter().filter(is_blocked).map(|entry| entry.name.as_str()).collect();
        root_causes.push(RootCause { path, check, blocks, changes });
    }
    if args.report.json {
        let (url, cause) = (target.to_string(), report.cause.as_deref());
        terminal.line(&to_line(&Explanation { url, status: report.status, cause, root_causes }));
    } else {
        show(report, target, &root_causes, client.has_credentials(), terminal);
    }
    Ok(Exit::of_status(report.status, args.report.strict))
}

/// Returns the check that names a root cause: the check itself, or the one that asks the service it is behind.
fn reporter<'a>(report: &'a Report, path: &str) -> Option<&'a Entry> {
    let own = report.checks.iter().find(|check| check.name == path);
    own.or_else(|| report.checks.iter().find(|check| check.root_causes.iter().any(|cause| cause == path)))
}

/// Asks for the latest changes of a check. A service without them is explained all the same.
async fn changes(client: &Client, target: &Target, name: &str, deadline: Deadline) -> Vec<Change> {
    let target = target.at(&check_path(target, name), "format=json");
    let answer = client.send(&Method::Get, &target, &[("accept", "application/json")], deadline).await;
    let body = answer.ok().and_then(|answer| serde_json::from_slice(&answer.body).ok()).map(printable_value);
    let history = body.as_ref().and_then(|body: &Value| body.get("history")?.as_array()).map_or(&[][..], Vec::as_slice);
    let text = |change: &Value, key: &str| change.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let change = |value: &Value| {
        Some(Change {
            at: text(value, "at")?,
            to: text(value, "to")?,
            message: text(value, "message").or_else(|| text(value, "cause")),
        })
    };
    history[history.len().saturating_sub(MAX_CHANGES)..].iter().filter_map(change).collect()
}

fn show(
    report: &Report,
    target: &Target,
    root_causes: &[RootCause<'_>],
    has_credentials: bool,
    terminal: &mut Terminal,
) {
    let title = report.title().unwrap_or_else(|| target.to_string());
    let cause = report.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let verdict = painted(report.status, &format!("{}{cause}", report.status.word()));
    if root_causes.is_empty() {
        let checks = count(report.checks.len(), "check");
        terminal.line(&format!("{} {verdict}: {checks}, none of them at fault", bold(&format!("{title} reports"))));
        return;
    }
    let causes = count(root_causes.len(), "root cause");
    terminal.line(&format!("{} {verdict} because of {causes}", bold(&format!("{title} reports"))));
    for RootCause { path, check, blocks, changes } in root_causes {
        terminal.line("");
        let (status, level) = check.map_or((report.status, None), |check| (check.status, check.level));
        let level = level.map(|level| format!("  level {level}")).unwrap_or_default();
        terminal.line(&format!("{}  {}{}", status_word(status), bold(path), dim(&level)));
        let mut fact = |name: &str, text: &str| terminal.line(&format!("    {} {text}", dim(&format!("{name:<8}"))));
        let Some(check) = check else { continue };
        if check.name != *path {
            fact("through", &format!("check {} of this service", check.name));
        }
        if let Some(since) = &check.since {
            let ago = age(since).map(|age| format!(" ({} ago)", short_duration(age))).unwrap_or_default();
            fact("since", &format!("{since}{ago}"));
        }
        if let Some(drill) = check.drill_text() {
            fact("drill", drill.trim_start_matches("drill").trim_start_matches([',', ' ']));
        }
        if let Some(cause) = &check.cause {
            fact("cause", &cause.replace('_', " "));
        }
        if let Some(message) = &check.message {
            fact("message", message);
        }
        if !blocks.is_empty() {
            fact("blocks", &blocks.join(", "));
        }
        if !check.overridden.is_empty() {
            fact("settings", &format!("overridden: {}", check.overridden.join(", ")));
        }
        for (name, text) in [("owner", &check.owner), ("runbook", &check.runbook)] {
            if let Some(text) = text {
                fact(name, text);
            }
        }
        for change in changes {
            let message = change.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            fact("change", &format!("{} to {}{message}", change.at, change.to));
        }
    }
    let is_silent = |cause: &RootCause<'_>| cause.check.is_some_and(|check| check.message.is_none());
    if !has_credentials && report.shape == Shape::Native && root_causes.iter().all(is_silent) {
        terminal.line("");
        terminal.line(&dim(
            "The service shows messages only to callers with a right to details; see `healthctl help explain`.",
        ));
    }
}
