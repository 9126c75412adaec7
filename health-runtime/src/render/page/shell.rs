//! The frame of a page: everything but the report.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{
    super::page_context::PageContext,
    words::{icon, of_group, of_level},
};
use crate::model::{Group, Level, Levels, Status};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Permits the page's own style and script, inline pictures, and requests to the same server. A script that a name or a message
/// smuggles in does not run.
pub(crate) static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// Links to other pages, relative to this one, so that they keep any prefix that a proxy adds.
pub(super) struct PageLinks {
    base: String,
    levels: String,
    levels_in_scope: Levels,
    operate: Levels,
    has_groups: bool,
    has_events: bool,
    json: String,
}

impl PageLinks {
    pub(super) fn new(page: &PageContext<'_>) -> Self {
        let root = if page.depth == 0 { "./".to_owned() } else { "../".repeat(page.depth) };
        let link = |path: &str| format!("{root}{}", path.trim_start_matches('/'));
        Self {
            base: link(page.base),
            levels: link(page.levels_path),
            levels_in_scope: page.levels,
            operate: page.operate,
            has_groups: page.has_groups,
            has_events: page.has_events,
            json: format!("?{}", page.json_query),
        }
    }

    /// Returns `None` if the scope has no overview: a page links only to routes in its scope.
    fn overview(&self) -> Option<&str> {
        (!self.levels_in_scope.is_empty()).then_some(&*self.base)
    }

    fn events(&self) -> Option<String> {
        self.has_events.then(|| format!("{}/events", self.base))
    }

    /// Returns the page of a check. Without its level the page must be known to exist, so every level has to be in scope.
    pub(super) fn check(&self, name: &str, level: Option<Level>) -> Option<String> {
        let is_there = level.map_or(self.levels_in_scope == Levels::ALL, |level| self.levels_in_scope.contains(level));
        is_there.then(|| format!("{}/checks/{}", self.base, utf8_percent_encode(name, NON_ALPHANUMERIC)))
    }

    /// Returns the path before the operations on a check, if the caller may operate it.
    pub(super) fn operations(&self, name: &str, level: Level) -> Option<String> {
        if self.operate.contains(level) { self.check(name, Some(level)) } else { None }
    }

    pub(super) fn group(&self, group: Group) -> Option<String> {
        self.has_groups.then(|| format!("{}/{}?format=html", self.base, of_group(group)))
    }

    pub(super) fn level(&self, level: Level) -> Option<String> {
        self.levels_in_scope.contains(level).then(|| format!("{}/{level}", self.levels))
    }
}

pub(super) fn document(title: &str, status: Status, links: &PageLinks, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, status))
            body data-events=[links.events()] {
                (icons())
                header {
                    @if let Some(overview) = links.overview() {
                        nav aria-label="Levels" {
                            a href=(overview) { "Overview" }
                            @for (level, link) in Level::ALL.into_iter().filter_map(|level| Some((level, links.level(level)?))) {
                                a href=(link) title=(of_level(level)) { "Level " (level) }
                            }
                        }
                    }
                }
                // The script shows it on pages with enough checks.
                div id="filter" role="search" aria-label="Checks" hidden {
                    label for="filter-words" { "Filter" }
                    input id="filter-words" type="search" placeholder="name, tag, cause …" autocomplete="off" spellcheck="false";
                    label { input id="filter-troubled" type="checkbox"; " only checks that do not pass" }
                    output id="filter-count" for="filter-words filter-troubled" {}
                }
                (main)
                @if !links.operate.is_empty() { section id="notice" aria-label="Latest operation" {} }
                footer {
                    p id="live" { a href="" { "Refresh" } }
                    p { a href=(links.json) { "View as JSON" } }
                }
                // Outside of the part that changes, so that screen readers announce it.
                p id="news" class="unseen" role="status" {}
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Renders a problem for people.
pub(crate) fn problem(page: &PageContext<'_>, status: u16, title: &str, detail: &str) -> Vec<u8> {
    let links = PageLinks::new(page);
    let title = format!("{status} {title}");
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&title, Status::Warn))
            body {
                main id="main" {
                    h1 { (title) }
                    p { bdi { (detail) } }
                    @if let Some(overview) = links.overview() { p { a href=(overview) { "To the overview" } } }
                }
            }
        }
    };
    page.into_string().into_bytes()
}

fn head(title: &str, status: Status) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" id="icon" href=(icon(status));
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// Defines the icons of badges: a disc with a tick, a triangle with a mark, a square with a cross.
fn icons() -> Markup {
    html! {
        svg class="unseen" aria-hidden="true" {
            symbol id="icon-pass" viewBox="0 0 16 16" {
                path fill-rule="evenodd" d="M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0zM6.8 11.9 3 8.1l1.5-1.5 2.3 2.3 4.8-4.8 1.5 1.5z" {}
            }
            symbol id="icon-warn" viewBox="0 0 16 16" {
                path fill-rule="evenodd" d="M8 .5 16 15.5H0zM7 6v4.5h2V6zM7 11.7v2h2v-2z" {}
            }
            symbol id="icon-fail" viewBox="0 0 16 16" {
                path fill-rule="evenodd" d="M1 1h14v14H1zM4 5.4 6.6 8 4 10.6 5.4 12 8 9.4l2.6 2.6 1.4-1.4L9.4 8 12 5.4 10.6 4 8 6.6 5.4 4z" {}
            }
        }
    }
}
