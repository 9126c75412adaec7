//! The top of a page: the instance, the verdicts, and the checks that need attention.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    super::{
        context::{Context, ReportSubject},
        view::{CheckView, ReportView},
        visibility::DetailLevel,
    },
    shell::PageLinks,
    words::{Tone, badge, badge_with, of_group, sentence, time},
};
use crate::{model::Status, text::floor_char_boundary};

/// A list of blocked checks longer than this is folded.
const MAX_BLOCKED_OPEN: usize = 5;

/// A message longer than this many bytes is cut: the check's card has all of it.
const MAX_MESSAGE_BYTES: usize = 160;

/// Returns the word for the page as a whole, and its tone. An instance that drains does not pass, even if its checks do.
pub(super) fn verdict(view: &ReportView<'_>, context: &Context<'_>) -> (&'static str, Tone) {
    match view.status {
        Status::Fail => (Status::Fail.as_str(), Status::Fail),
        _ if context.is_draining => ("draining", Status::Warn),
        status => (status.as_str(), status),
    }
}

pub(super) fn summary(view: &ReportView<'_>, context: &Context<'_>, links: &PageLinks) -> Markup {
    let (word, tone) = verdict(view, context);
    html! {
        (identity(context))
        p class="verdict" { (badge_with(tone, word)) " " (sentence(view)) }
        (groups(context, links))
        @if context.is_draining {
            p class="note" { strong { "Draining." } " This service is shutting down: it is no longer ready, and answers until it stops." }
        }
        (attention(view, links))
    }
}

/// Identifies the instance, for callers who may see what is running.
fn identity(context: &Context<'_>) -> Markup {
    html! {
        @if let (Some(detail_level), Some(runtime)) = (context.info, &context.page.runtime) {
            dl class="facts identity" {
                @if let (DetailLevel::Details, Some(instance)) = (detail_level, context.page.instance) {
                    div { dt { "instance" } dd { bdi { (instance) } } }
                }
                @if let Some(build) = context.build {
                    div { dt { "version" } dd { (build.version()) @if let Some(revision) = build.revision_short() { " (" (revision) ")" } } }
                }
                @if let Some(environment) = runtime.environment { div { dt { "environment" } dd { (environment) } } }
                // The script turns it into an age, the uptime.
                div { dt { "started" } dd { (time(runtime.started_at)) } }
            }
        }
    }
}

/// The verdict of each group that the report covers, on pages about more than one group or check.
fn groups(context: &Context<'_>, links: &PageLinks) -> Markup {
    let is_of_levels = matches!(context.subject, ReportSubject::Overview { .. } | ReportSubject::Levels { .. });
    html! {
        @if is_of_levels && !context.page.groups.is_empty() {
            ul class="groups" aria-label="Groups" {
                @for verdict in context.page.groups {
                    li {
                        @match links.group(verdict.group) {
                            Some(link) => a href=(link) { (of_group(verdict.group)) },
                            None => (of_group(verdict.group)),
                        }
                        " " (badge(verdict.status))
                        @if let Some(cause) = &verdict.cause { " " code class="cause" { (cause.as_str()) } }
                    }
                }
            }
        }
    }
}

/// Lists the checks that do not pass, each root cause with the checks that it blocks. Not on the page of one check.
fn attention(view: &ReportView<'_>, links: &PageLinks) -> Markup {
    let is_troubled = |check: &CheckView<'_>| !matches!(check.status, Status::Pass) && check.muted.is_none();
    let troubled = || view.checks.iter().enumerate().filter(|(_, check)| is_troubled(check));
    let mut roots: Vec<_> = troubled().filter(|(_, check)| !check.is_blocked()).collect();
    roots.sort_by_key(|(_, check)| std::cmp::Reverse(check.status));
    // By name, because one failure may block thousands.
    let all_blocked: BTreeMap<_, _> =
        view.checks.iter().filter(|check| check.is_blocked()).map(|check| (check.name, check)).collect();
    let mut blocked: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (index, check) in troubled().filter(|(_, check)| check.is_blocked()) {
        blocked.entry(root_cause(check, &all_blocked)).or_default().push(index);
    }
    let unexplained: Vec<_> =
        blocked.iter().filter(|(root, _)| !roots.iter().any(|(_, check)| Some(check.name) == **root)).collect();
    html! {
        @if view.checks.len() > 1 && troubled().next().is_some() {
            section class="attention" aria-labelledby="attention" {
                h2 id="attention" { "Needs attention" }
                ul {
                    @for (index, check) in &roots {
                        li {
                            (badge(check.status)) " "
                            a href={ "#check-" (index) } { bdi { (check.title()) } }
                            @if let Some(cause) = check.cause { " " code class="cause" { (cause) } }
                            " " span class="quiet" { (time(check.since)) }
                            @if let Some(message) = check.message { " " bdi class="excerpt" { (excerpt(message)) } }
                            @for cause in check.root_causes { " " bdi class="key" { (cause.as_str()) } }
                            @if let Some(blocked) = blocked.get(&Some(check.name)) { (dependents(blocked, view, &format!("blocked-{index}"))) }
                        }
                    }
                    @for (at, (root, blocked)) in unexplained.into_iter().enumerate() {
                        li {
                            (badge(Status::Fail)) " "
                            @match root {
                                Some(name) => @match links.check(name, None) {
                                    Some(link) => a href=(link) { bdi { (name) } },
                                    None => bdi { (name) },
                                },
                                None => "A check that is not shown here",
                            }
                            (dependents(blocked, view, &format!("blocked-by-{at}")))
                        }
                    }
                }
            }
        }
    }
}

/// Follows a blocked check to the failure behind it; `None` where the caller may not see what blocks.
fn root_cause<'a>(check: &CheckView<'a>, all_blocked: &BTreeMap<&str, &CheckView<'a>>) -> Option<&'a str> {
    let mut root = check.blocked_by?.first()?.as_str();
    // Dependencies have no circles, so this ends.
    while let Some(deeper) = all_blocked.get(root) {
        root = deeper.blocked_by?.first()?.as_str();
    }
    Some(root)
}

fn dependents(blocked: &[usize], view: &ReportView<'_>, id: &str) -> Markup {
    html! {
        details id=(id) open[blocked.len() <= MAX_BLOCKED_OPEN] {
            summary { "blocks " (blocked.len()) @if blocked.len() == 1 { " check" } @else { " checks" } }
            ul class="blocked" {
                @for index in blocked { li { a href={ "#check-" (index) } { bdi { (view.checks[*index].title()) } } } }
            }
        }
    }
}

/// The beginning of the first line of a message.
fn excerpt(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let start = &line[..floor_char_boundary(line, MAX_MESSAGE_BYTES)];
    if start.len() == message.len() { start.to_owned() } else { format!("{start}…") }
}
