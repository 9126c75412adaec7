//! One check.

use std::time::SystemTime;

use maud::{Markup, html};

use super::{
    super::{view::CheckView, wire::overridden},
    history,
    shell::PageLinks,
    words::{badge, duration, time},
};
use crate::{model::Status, text::floor_char_boundary};

/// The extent of a card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// A card among others.
    Short,
    /// The whole check.
    Whole,
}

/// A message longer than this is folded.
const MAX_OPEN_MESSAGE_BYTES: usize = 200;

/// Renders the card of a check. Time lines end at `made_at`.
pub(super) fn card(
    check: &CheckView<'_>,
    index: usize,
    extent: Extent,
    made_at: SystemTime,
    links: &PageLinks,
) -> Markup {
    let id = format!("check-{index}");
    let time_line = history::time_line(&check.history, made_at, &id);
    html! {
        article class={ "check " (check.status) } id=(id) aria-labelledby={ (id) "-name" } data-check=(check.name)
            data-status=(check.status) {
            @match extent {
                Extent::Short => details class="card" id={ (id) "-card" } open[is_open(check)] {
                    summary {
                        (badge(check.status))
                        h3 id={ (id) "-name" } { (title(check)) }
                        (signs(check))
                        (time_line)
                        span class="took" { @if !check.is_blocked() { (duration(check.duration)) } }
                    }
                    (body(check, &id))
                    (facts(check, extent, links))
                    (controls(check, &id, links))
                    @if let Some(link) = links.check(check.name, Some(check.level)) {
                        p { a href=(link) { "All about " bdi { (check.title()) } } }
                    }
                },
                Extent::Whole => {
                    div class="head" {
                        (badge(check.status))
                        h2 id={ (id) "-name" } { (title(check)) }
                        (signs(check))
                    }
                    (body(check, &id))
                    (facts(check, extent, links))
                    (controls(check, &id, links))
                    (time_line)
                    @if let Some(data) = check.data {
                        h3 { "Data" }
                        // JSON cannot fail to serialize.
                        pre tabindex="0" role="region" aria-label="Data" { (serde_json::to_string_pretty(data).unwrap_or_default()) }
                    }
                    (history::list(&check.history))
                },
            }
        }
    }
}

/// Returns whether a card starts unfolded. A blocked check has no message of its own.
fn is_open(check: &CheckView<'_>) -> bool {
    !matches!(check.status, Status::Pass) && !check.is_blocked() && check.muted.is_none()
}

/// Renders the name for people, and behind it the check's key in every format.
fn title(check: &CheckView<'_>) -> Markup {
    html! {
        bdi { (check.title()) }
        @if check.display.is_some() { " " bdi class="key" { (check.name) } }
    }
}

fn signs(check: &CheckView<'_>) -> Markup {
    html! {
        @if let Some(cause) = check.cause { " " code class="cause" { (cause) } }
        @if check.muted.is_some() { " " span class="muted" { "muted" } }
        @if check.drill.is_some() { " " span class="drill" { "drill" } }
    }
}

fn body(check: &CheckView<'_>, id: &str) -> Markup {
    html! {
        @if let Some(description) = check.description { p class="description" { bdi { (description) } } }
        @if let Some(text) = check.message { (message(text, id)) }
    }
}

/// Links a text to a page, if there is one.
fn linked(link: Option<String>, text: &str) -> Markup {
    html! {
        @match link {
            Some(link) => a href=(link) { bdi { (text) } },
            None => bdi { (text) },
        }
    }
}

fn message(text: &str, id: &str) -> Markup {
    if text.len() <= MAX_OPEN_MESSAGE_BYTES {
        return html! { p class="message" { bdi { (text) } } };
    }
    html! {
        details id={ (id) "-message" } {
            summary {
                span class="closed" { bdi { (text[..floor_char_boundary(text, MAX_OPEN_MESSAGE_BYTES)]) } "…" }
                span class="open" { "Message" }
            }
            p class="message" { bdi { (text) } }
        }
    }
}

/// Renders the controls, for a caller that may operate the check. The script shows them: nothing works without it.
fn controls(check: &CheckView<'_>, id: &str, links: &PageLinks) -> Markup {
    let Some(link) = links.operations(check.name, check.level) else { return html! {} };
    let whose = html! { span class="unseen" { " (" (check.title()) ")" } };
    html! {
        div class="operate" data-operate=(link) hidden {
            button type="button" name="run" { "Run now" (whose) }
            @if check.muted.is_some() { button type="button" name="unmute" { "Unmute" (whose) } }
            form name="mute" {
                label for={ (id) "-for" } { "Mute for" }
                input id={ (id) "-for" } name="for" value="1h" size="6" required autocomplete="off" spellcheck="false";
                label for={ (id) "-reason" } { "because" }
                input id={ (id) "-reason" } name="reason" required maxlength="256" autocomplete="off";
                button name="mute" { "Mute" (whose) }
            }
        }
    }
}

fn facts(check: &CheckView<'_>, extent: Extent, links: &PageLinks) -> Markup {
    html! {
        dl class="facts" {
            @if check.observed != check.status { div { dt { "observed" } dd { (badge(check.observed)) } } }
            div { dt { (check.status) " since" } dd { (time(check.since)) } }
            div { dt { "checked" } dd { (time(check.checked_at)) } }
            @if !check.is_blocked() { div { dt { "took" } dd { (duration(check.duration)) } } }
            @if let Some(since) = check.running_since { div { dt { "running since" } dd { (time(since)) } } }
            @if let Some(until) = check.held_until { div { dt { "hold ends" } dd { (time(until)) } } }
            @if let Some(count) = check.consecutive { div { dt { "in a row" } dd { (count) } } }
            @if let Some(names) = check.blocked_by {
                div { dt { "blocked by" } dd {
                    @for (index, name) in names.iter().enumerate() {
                        @if index > 0 { ", " }
                        (linked(links.check(name, None), name))
                    }
                } }
            }
            @if !check.root_causes.is_empty() {
                div { dt { "because of" } dd {
                    @for (index, cause) in check.root_causes.iter().enumerate() {
                        @if index > 0 { ", " }
                        bdi { (cause.as_str()) }
                    }
                } }
            }
            @if let Some(mute) = &check.muted {
                div { dt { "muted" } dd {
                    @match mute.until {
                        // The script turns it into an age: "in 2 hours".
                        Some(until) => { "ends " (time(until)) },
                        None => "until the process ends",
                    }
                    @if let Some(reason) = mute.reason { ": " bdi { (reason) } }
                    @if let Some(caller) = mute.caller { " (by " bdi { (caller) } ")" }
                } }
            }
            @if let Some(drill) = &check.drill {
                div { dt { "drill" } dd {
                    code { (drill.behavior) } " ends " (time(drill.until))
                    @if let Some(reason) = drill.reason { ": " bdi { (reason) } }
                    @if let Some(by) = drill.by { " (by " bdi { (by) } ")" }
                } }
            }
            @if let Some(keys) = overridden(check) {
                div { dt { "set at deploy time" } dd { (keys.join(", ")) } }
            }
            @if let Some(owner) = check.owner { div { dt { "owner" } dd { bdi { (owner) } } } }
            // The registry admits `http` and `https` URLs alone.
            @if let Some(runbook) = check.runbook {
                div { dt { "runbook" } dd { a href=(runbook) rel="external noopener noreferrer" { bdi { (runbook) } } } }
            }
            @if !check.is_critical { div { dt { "critical" } dd { "no" } } }
            @if extent == Extent::Whole {
                div { dt { "level" } dd { (linked(links.level(check.level), &check.level.to_string())) } }
                @if !check.groups.is_empty() {
                    div { dt { "groups" } dd {
                        (check.groups.iter().map(|group| group.as_str()).collect::<Vec<_>>().join(", "))
                    } }
                }
                @if !check.tags.is_empty() { div { dt { "tags" } dd { bdi { (check.tags.join(", ")) } } } }
            }
        }
    }
}
