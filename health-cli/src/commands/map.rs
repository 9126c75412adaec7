//! `healthctl map`

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    args::{MapArgs, parse_target},
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

/// Most services on the way to a check at fault.
const MAX_DEPTH: usize = 32;

pub(super) async fn run(args: &MapArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let targets = args.urls.iter().map(|url| parse_target(url)).collect::<Result<Vec<_>, _>>()?;
    let client = Arc::new(args.connection.client()?);
    let deadline = Deadline::after(args.report.timeout);
    let asking = targets.into_iter().map(|target| {
        let client = Arc::clone(&client);
        tokio::spawn(async move {
            let answered = Question::new(Subject::Everything).ask(&client, &target, deadline).await;
            Service { url: target.to_string(), answered }
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut services = Vec::new();
    for task in asking {
        services.push(task.await.map_err(|_| Failure::unreachable("a question ended without an answer"))?);
    }
    if let [Service { answered: Err(failure), .. }] = &*services {
        return Err(failure.clone());
    }
    let trees = Map::new(&services).trees();
    if args.dot {
        terminal.line(&dot(&trees));
    } else {
        for tree in &trees {
            if args.report.json {
                terminal.line(&to_line(tree));
                continue;
            }
            for line in tree_lines(tree, terminal.width) {
                terminal.line(&line);
            }
        }
    }
    let exit = |service: &Service| {
        service.report().map_or(Exit::Fail, |report| Exit::of_status(report.status, args.report.strict))
    };
    Ok(services.iter().map(exit).find(|exit| *exit != Exit::Pass).unwrap_or(Exit::Pass))
}

/// A service of the command line.
struct Service {
    url: String,
    answered: Result<Answered, Failure>,
}

impl Service {
    const fn report(&self) -> Option<&Report> {
        match &self.answered {
            Ok(answered) => Some(&answered.report),
            Err(_) => None,
        }
    }
}

/// The services of the command line, joined by the names that they have in each other's reports.
struct Map<'a> {
    services: &'a [Service],
    by_name: BTreeMap<&'a str, usize>,
    /// Services that stand in a tree with everything behind them. Each does once, so that no circle is followed.
    drawn: BTreeSet<usize>,
}

impl<'a> Map<'a> {
    fn new(services: &'a [Service]) -> Self {
        let mut by_name = BTreeMap::new();
        for (index, service) in services.iter().enumerate() {
            if let Some(name) = service.report().and_then(|report| report.service.as_deref()) {
                by_name.entry(name).or_insert(index);
            }
        }
        Self { services, by_name, drawn: BTreeSet::new() }
    }

    /// Returns a tree for each service that no other one asks, and for each that is in none of these trees.
    fn trees(mut self) -> Vec<Node> {
        let reports = self.services.iter().filter_map(Service::report);
        let asked = reports.flat_map(|report| report.checks.iter().filter_map(service_name));
        let asked: BTreeSet<_> = asked.filter_map(|name| self.by_name.get(name).copied()).collect();
        let (inner, roots): (Vec<_>, Vec<_>) = (0..self.services.len()).partition(|index| asked.contains(index));
        let mut trees: Vec<_> = roots.into_iter().map(|index| self.tree(index)).collect();
        for index in inner {
            if !self.drawn.contains(&index) {
                trees.push(self.tree(index));
            }
        }
        trees
    }

    fn tree(&mut self, index: usize) -> Node {
        self.drawn.insert(index);
        let Service { url, answered } = &self.services[index];
        let report = match answered {
            Ok(answered) => &answered.report,
            Err(failure) => {
                let mut root = Node::new(url.clone(), Status::Unknown);
                root.note = Some(failure.to_string());
                return root;
            }
        };
        let mut root = Node::new(report.title().unwrap_or_else(|| url.clone()), report.status);
        // Another service of the same name stands for it behind others.
        let is_first = |name: &String| self.by_name.get(name.as_str()) == Some(&index);
        root.service = report.service.clone().filter(is_first);
        root.note.clone_from(&report.cause);
        root.children =
            report.checks.iter().filter(|check| is_service(check)).map(|check| self.service(check)).collect();
        // The checks of this very service that are at fault.
        let own = |path: &String| report.checks.iter().find(|check| check.name == *path && !is_service(check));
        for check in report.causes().iter().filter_map(own).take(MAX_NAMES) {
            let mut node = Node::check(&check.name, check.status);
            node.note = Some(check.reason()).filter(|reason| !reason.is_empty());
            root.children.push(node);
        }
        root
    }

    /// Returns the service that a check asks: with its own report if that is known, else with the root causes behind it.
    fn service(&mut self, check: &Entry) -> Node {
        let version = datum(check, "version").map(|version| format!(" {version}")).unwrap_or_default();
        let service = service_name(check).unwrap_or(&check.name);
        let mut node = Node::new(format!("{service}{version}"), check.status);
        node.service = service_name(check).map(ToOwned::to_owned);
        let mut notes: Vec<String> = Vec::new();
        notes.extend((service != check.name).then(|| format!("check {}", check.name)));
        notes.extend(check.muted.then(|| "muted".to_owned()));
        match service_name(check).and_then(|name| self.by_name.get(name).copied()) {
            Some(index) if self.drawn.contains(&index) => {
                node.is_repeated = true;
                notes.push("drawn above".to_owned());
            }
            Some(index) => {
                let own = self.tree(index);
                // The check asks for another part of the service than this program.
                notes.extend((own.status != check.status).then(|| format!("as a whole {}", own.status.word())));
                notes.extend(own.note);
                node.children = own.children;
            }
            None => behind(check, service, &mut node),
        }
        let is_explained = !node.children.is_empty() || node.is_repeated;
        let reason = match (&check.cause, &check.message) {
            _ if check.drill.is_some() => check.drill_text(),
            (Some(cause), _) if check.status != Status::Pass || check.is_disabled() => Some(cause.replace('_', " ")),
            (None, Some(message)) if check.status != Status::Pass && !is_explained => Some(message.clone()),
            _ => None,
        };
        notes.extend(reason);
        let circles = names(check, "ignored_root_causes");
        notes.extend((!circles.is_empty()).then(|| format!("goes round: {}", circles.join(", "))));
        node.note = Some(notes.join(", ")).filter(|note| !note.is_empty());
        node
    }
}

/// Adds the services and checks at fault behind a service, as far as the one that asks it knows them.
fn behind(check: &Entry, service: &str, node: &mut Node) {
    for path in check.root_causes.iter().take(MAX_NAMES) {
        let mut names = path.split('/').peekable();
        // The first name is that of this service.
        if names.peek().is_some_and(|first| *first == service || path.contains('/')) {
            names.next();
        }
        node.insert(names.take(MAX_DEPTH).collect::<Vec<_>>().as_slice(), check.status);
    }
    if !node.children.is_empty() {
        return;
    }
    // Without root causes, all checks that do not pass may be at fault.
    for (key, status) in [("failing", Status::Fail), ("warning", Status::Warn), ("unknown", Status::Unknown)] {
        node.children.extend(names(check, key).into_iter().map(|name| Node::check(name, status)));
    }
}

/// Returns whether a check asks another service: it says so in its data, names root causes behind it, or stands at the level of
/// services.
fn is_service(check: &Entry) -> bool {
    let is_behind = check.root_causes.iter().any(|path| path.contains('/'));
    check.datum("service").is_some() || is_behind || check.level == Some(SERVICES_LEVEL)
}

/// Returns the name that the service behind a check has in its own reports.
fn service_name(check: &Entry) -> Option<&str> {
    datum(check, "service")
}

fn datum<'a>(check: &'a Entry, key: &str) -> Option<&'a str> {
    check.datum(key).and_then(Value::as_str)
}

fn names<'a>(check: &'a Entry, key: &str) -> Vec<&'a str> {
    let names = check.datum(key).and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).take(MAX_NAMES).collect()
}
