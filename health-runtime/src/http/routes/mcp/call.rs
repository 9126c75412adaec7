//! Calls of tools: the permission that each needs, and its result.

use std::{sync::Arc, time::SystemTime};

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{
    exchange::{Admission, Exchange},
    tools::Tool,
};
use crate::{
    access::AccessRequest,
    http::{
        peer::{host, original_uri},
        routes::{
            arguments::JsonArguments,
            operations::{MAX_MUTE, OperatedCheck},
            overview,
        },
    },
    model::{CheckSpec, Group, Level, Levels},
    monitor::{Gathered, Selection},
    render::{ChangeView, ReportSubject, mcp},
    suggest::nearest,
};

/// Maximum number of changes in one result.
const MAX_CHANGES: usize = 100;

/// Maximum number of changes in the history of a check. The route has all that are kept.
const MAX_HISTORY: usize = 20;

/// The reason why a call has no result.
#[derive(Debug)]
pub(super) enum ToolFailure {
    /// The response that refuses the client.
    Refused(Response),
    /// A mistake in the arguments, for the model.
    Mistake(String),
}

impl From<Response> for ToolFailure {
    fn from(refusal: Response) -> Self {
        Self::Refused(refusal)
    }
}

impl From<String> for ToolFailure {
    fn from(mistake: String) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Vec<String>> for ToolFailure {
    fn from(mistakes: Vec<String>) -> Self {
        Self::Mistake(mistakes.join("\n"))
    }
}

/// The checks that `health_report` is about.
#[derive(Clone, Copy, Debug)]
enum ReportScope {
    EveryLevel,
    OneLevel(Level),
    Group(Group),
}

/// Calls a tool.
pub(super) async fn call(exchange: &Exchange, tool: Tool, arguments: Map<String, Value>) -> Result<Value, ToolFailure> {
    let mut arguments = JsonArguments::new(arguments);
    match tool {
        Tool::Overview => {
            arguments.finish()?;
            Ok(overview(exchange).await?)
        }
        Tool::Explain => {
            arguments.finish()?;
            Ok(explain(exchange).await?)
        }
        Tool::Report => {
            let (level, group) = (arguments.level(), arguments.group());
            let (tag, is_run) = (arguments.text("tag"), arguments.flag("run", true));
            let scope = match (level, group) {
                (None, None) => ReportScope::EveryLevel,
                (Some(level), None) => ReportScope::OneLevel(level),
                (None, Some(group)) => ReportScope::Group(group),
                (Some(_), Some(_)) => {
                    arguments.mistake("`level` and `group` exclude each other; leave one of them out");
                    ReportScope::EveryLevel
                }
            };
            arguments.finish()?;
            report(exchange, scope, tag, is_run).await
        }
        Tool::Check => {
            let name = arguments.required_text("name");
            arguments.finish()?;
            check(exchange, &name).await
        }
        Tool::Changes => {
            let since = arguments.time("since", SystemTime::now());
            arguments.finish()?;
            Ok(changes(exchange, since).await?)
        }
        Tool::Mute => {
            let name = arguments.required_text("name");
            let (duration, reason) = (arguments.lasting("for", MAX_MUTE), arguments.reason("reason"));
            arguments.finish()?;
            let check = operated(exchange, name).await?;
            let mute = check.mute(duration, &reason).map_err(|problem| problem.detail().to_owned())?;
            Ok(mcp::muted(&check.name, Some(&mute)))
        }
        Tool::Unmute => {
            let name = arguments.required_text("name");
            arguments.finish()?;
            let check = operated(exchange, name).await?;
            check.unmute().map_err(|problem| problem.detail().to_owned())?;
            Ok(mcp::muted(&check.name, None))
        }
    }
}

/// Returns the report on every level that the client may run.
pub(super) async fn report_on_every_level(exchange: &Exchange) -> Result<Value, Response> {
    let (admission, gathered) = every_level(exchange).await?;
    let subject = ReportSubject::Levels { values: false, is_alone: false };
    Ok(admission.render(exchange, mcp::REPORT, &gathered, subject))
}

async fn every_level(exchange: &Exchange) -> Result<(Admission, Gathered), Response> {
    let visibility = exchange.admit(exchange.any_level(true)).await?;
    let gathered = exchange.gather(Selection::levels(visibility.run.iter().collect()), true).await;
    Ok((Admission::new(exchange, visibility, None), gathered))
}

async fn overview(exchange: &Exchange) -> Result<Value, Response> {
    let (admission, gathered) = every_level(exchange).await?;
    let (service, parts) = (&exchange.service, exchange.parts());
    let (host, uri) = (host(parts), original_uri(parts));
    let overview = uri.path().strip_suffix("/mcp").unwrap_or_default();
    let links = overview::links(&service.paths, overview, uri.scheme_str(), host, exchange.scope);
    let runtime = service.runtime_info.facts(host);
    let subject = ReportSubject::Overview { runtime: &runtime, links: &links };
    Ok(admission.render(exchange, mcp::REPORT, &gathered, subject))
}

async fn explain(exchange: &Exchange) -> Result<Value, Response> {
    let (admission, gathered) = every_level(exchange).await?;
    // An answer about a check has histories.
    Ok(admission.render(exchange, mcp::EXPLANATION, &gathered, ReportSubject::Check))
}

async fn report(
    exchange: &Exchange,
    scope: ReportScope,
    tag: Option<String>,
    is_run: bool,
) -> Result<Value, ToolFailure> {
    let in_scope = exchange.scope;
    let (access, shown) = match scope {
        ReportScope::EveryLevel => (exchange.any_level(is_run), Levels::ALL),
        ReportScope::OneLevel(level) => {
            if !in_scope.levels.contains(level) {
                return Err(format!("there is no level {level} at this address").into());
            }
            let shown = if level == Level::L1 { Levels::ALL } else { Levels::one(level) };
            let shown = shown.and(in_scope.levels);
            let access = AccessRequest::Levels { route: "mcp", shown, needed: Some(level), with_info: false, is_run };
            (access, shown)
        }
        ReportScope::Group(group) => {
            if !in_scope.has_groups {
                return Err("there are no groups at this address".to_owned().into());
            }
            (AccessRequest::Group(group), Levels::NONE)
        }
    };
    let admission = Admission::new(exchange, exchange.admit(access).await?, tag);
    let request = admission.request(exchange, mcp::REPORT);
    let selection = match scope {
        ReportScope::Group(group) => request.narrow(Selection::group(group)),
        ReportScope::EveryLevel | ReportScope::OneLevel(_) => request.select_levels(shown),
    };
    let selection = selection.map_err(|problem| ToolFailure::Mistake(problem.detail().to_owned()))?;
    let selected: Vec<_> = exchange.service.monitor.checks().filter(|check| selection.selects(check)).collect();
    let gathered = exchange.gather(selection, is_run).await;
    let subject = match scope {
        ReportScope::Group(_) => ReportSubject::Group { probe: "health", excluded: &[], unmatched: &[] },
        ReportScope::EveryLevel | ReportScope::OneLevel(_) => ReportSubject::Levels { values: false, is_alone: false },
    };
    let mut result = admission.render(exchange, mcp::REPORT, &gathered, subject);
    if !is_run {
        let has_result = |check: &CheckSpec| gathered.report.result(check.name()).is_some();
        let missing: Vec<_> = selected.iter().map(|check| &**check).filter(|check| !has_result(check)).collect();
        note_missing(&mut result, &missing);
    }
    Ok(result)
}

/// Names checks without a result, and leaves out each status that they might change.
fn note_missing(result: &mut Value, missing: &[&CheckSpec]) {
    let Value::Object(result) = result else { return };
    if missing.is_empty() {
        return;
    }
    let is_failing = |object: &Map<String, Value>| object.get("status").and_then(Value::as_str) == Some("fail");
    if !is_failing(result) {
        result.remove("status");
    }
    for check in missing {
        let level = result.get_mut(&format!("level_{}", check.level())).and_then(Value::as_object_mut);
        if let Some(level) = level.filter(|level| !is_failing(level)) {
            level.remove("status");
        }
    }
    result.insert("without_result".to_owned(), missing.iter().map(|check| check.name()).collect());
}

async fn check(exchange: &Exchange, name: &str) -> Result<Value, ToolFailure> {
    let monitor = &exchange.service.monitor;
    let level = level_of(exchange, name);
    let visibility = exchange.admit(AccessRequest::Check(level)).await?;
    let admission = Admission::new(exchange, visibility, None);
    // The level that access was decided about: the check may have been replaced by one of another level.
    let levels = level.map_or(Levels::NONE, Levels::one);
    let gathered = exchange.gather(Selection::check(name).within(levels), true).await;
    if gathered.report.entries().is_empty() {
        return Err(unknown_check(exchange, &admission, name).into());
    }
    let mut result = admission.render(exchange, mcp::REPORT, &gathered, ReportSubject::Check);
    if let Some(Value::Array(history)) = result.get_mut("history") {
        history.drain(..history.len().saturating_sub(MAX_HISTORY));
    }
    // Names of related checks are details, as in `blocked_by`.
    if level.is_some_and(|level| visibility.details.contains(level)) {
        let visible: Vec<_> = monitor.checks().filter(|check| visibility.run.contains(check.level())).collect();
        let is_visible = |name: &&String| visible.iter().any(|check| check.name() == **name);
        let own = visible.iter().find(|check| check.name() == name);
        let depends_on = own.map(|check| check.dependencies()).unwrap_or_default().iter().filter(is_visible);
        result["depends_on"] = depends_on.cloned().collect();
        result["blocks"] = dependents(&visible, name);
    }
    Ok(result)
}

/// Returns a check that the client may operate.
async fn operated(exchange: &Exchange, name: String) -> Result<OperatedCheck, ToolFailure> {
    let level = level_of(exchange, &name);
    let operator = exchange.operator(level).await?;
    let Some(level) = level else {
        let visibility = exchange.service.narrow(operator.visibility, exchange.scope);
        return Err(unknown_check(exchange, &Admission::new(exchange, visibility, None), &name).into());
    };
    let (service, scope) = (Arc::clone(&exchange.service), exchange.scope);
    Ok(OperatedCheck { service, scope, operator, name, level, budget: None })
}

/// Returns the names of the checks that depend on one, directly or through others.
fn dependents(checks: &[Arc<CheckSpec>], name: &str) -> Value {
    let mut found = vec![name];
    let mut next = 0;
    while let Some(dependency) = found.get(next).copied() {
        let depends = |check: &&Arc<CheckSpec>| check.dependencies().iter().any(|name| name == dependency);
        for check in checks.iter().filter(depends) {
            if !found.contains(&check.name()) {
                found.push(check.name());
            }
        }
        next += 1;
    }
    found.into_iter().skip(1).collect()
}

/// Returns the level of a check that exists at this address.
fn level_of(exchange: &Exchange, name: &str) -> Option<Level> {
    let level = exchange.service.monitor.spec(name).map(|check| check.level());
    level.filter(|level| exchange.scope.levels.contains(*level))
}

/// Suggests a name only to a client that may know of every check.
fn unknown_check(exchange: &Exchange, admission: &Admission, name: &str) -> String {
    let checks: Vec<_> = exchange.service.monitor.checks().collect();
    let names = checks.iter().filter(|_| admission.visibility().knows_every_check).map(|check| check.name());
    let meant = nearest(name, names).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    format!("there is no check named {name:?}{meant}")
}

/// Returns the changes since a time, of the levels that the client may run.
async fn changes(exchange: &Exchange, since: Option<SystemTime>) -> Result<Value, Response> {
    let visibility = exchange.admit(exchange.any_level(false)).await?;
    let since = since.unwrap_or(SystemTime::UNIX_EPOCH);
    let (mut changes, complete_since) = exchange.service.monitor.recent_changes(visibility.run);
    changes.retain(|change| change.at() >= since);
    let left_out = changes.len().saturating_sub(MAX_CHANGES);
    let is_complete = left_out == 0 && complete_since.is_none_or(|kept| kept <= since);
    let shown: Vec<_> = changes[left_out..]
        .iter()
        .map(|change| mcp::change(change.check(), change.level(), &ChangeView::new(change, visibility)))
        .collect();
    Ok(json!({ "changes": shown, "complete": is_complete }))
}
