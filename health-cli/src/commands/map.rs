//! `healthctl map`

use crate::{
    args::MapArgs,
    client::Deadline,
    exit::Exit,
    failure::Failure,
    output::{Node, Terminal, dot, to_line, tree_lines},
    question::{Answered, Question, Subject},
    report::{Entry, Report},
    status::Status,
};

/// Level at which a service asks other services.
const SERVICES_LEVEL: u8 = 3;

/// Most names below one service.
const MAX_NAMES: usize = 64;

pub(super) async fn run(args: &MapArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = args.service.target()?;
    let client = args.connection.client()?;
    let question = Question::new(Subject::Everything);
    let Answered { report, target, .. } = question.ask(&client, &target, Deadline::after(args.report.timeout)).await?;
    let root = map(&report, &target.to_string());
    if args.dot {
        terminal.line(&dot(&root));
    } else if args.report.json {
        terminal.line(&to_line(&root));
    } else {
        for line in tree_lines(&root, terminal.width) {
            terminal.line(&line);
        }
    }
    Ok(Exit::of_status(report.status, args.report.strict))
}

/// Returns the service with the services behind it: those that its checks ask, and behind these the root causes.
fn map(report: &Report, url: &str) -> Node {
    let mut root = Node::new(report.title().unwrap_or_else(|| url.to_owned()), report.status);
    root.note.clone_from(&report.cause);
    root.children = report.checks.iter().filter(|check| is_service(check)).map(service).collect();
    // The checks of this very service that are at fault.
    let is_own = |path: &&String| {
        !path.contains('/') && report.checks.iter().any(|check| check.name == **path && !is_service(check))
    };
    for path in report.causes().iter().filter(is_own).take(MAX_NAMES) {
        let check = report.checks.iter().find(|check| check.name == *path);
        let mut node = Node::new(path.clone(), check.map_or(Status::Fail, |check| check.status));
        node.is_check = true;
        node.note = check.map(Entry::reason).filter(|reason| !reason.is_empty());
        root.children.push(node);
    }
    root
}

/// Returns whether a check asks another service: it says so in its data, names root causes behind it, or stands at the level of
/// services.
fn is_service(check: &Entry) -> bool {
    let is_behind = check.root_causes.iter().any(|path| path.contains('/'));
    check.datum("service").is_some() || is_behind || check.level == Some(SERVICES_LEVEL)
}

fn service(check: &Entry) -> Node {
    let text = |key| check.datum(key).and_then(serde_json::Value::as_str);
    let version = text("version").map(|version| format!(" {version}")).unwrap_or_default();
    let service = text("service").unwrap_or(&check.name);
    let mut node = Node::new(format!("{service}{version}"), check.status);
    let name = (service != check.name).then(|| format!("check {}", check.name));
    let is_explained = !check.root_causes.is_empty();
    let reason = Some(
        check
            .cause
            .as_deref()
            .map_or_else(|| check.message.clone().unwrap_or_default(), |cause| cause.replace('_', " ")),
    );
    let reason = reason.filter(|reason| check.status != Status::Pass && !is_explained && !reason.is_empty());
    let notes: Vec<_> = [name, check.muted.then(|| "muted".to_owned()), reason].into_iter().flatten().collect();
    node.note = Some(notes.join(", ")).filter(|note| !note.is_empty());
    for path in check.root_causes.iter().take(MAX_NAMES) {
        let mut names = path.split('/').peekable();
        // The first name is that of this service.
        if names.peek().is_some_and(|first| *first == service || path.contains('/')) {
            names.next();
        }
        node.insert(names.collect::<Vec<_>>().as_slice());
    }
    for (key, status) in [("failing", Status::Fail), ("warning", Status::Warn)] {
        let names = check.datum(key).and_then(serde_json::Value::as_array).into_iter().flatten();
        for name in names.filter_map(serde_json::Value::as_str).take(MAX_NAMES) {
            if !node.children.iter().any(|child| child.name == name) {
                let mut child = Node::new(name.to_owned(), status);
                child.is_check = true;
                node.children.push(child);
            }
        }
    }
    node
}
