//! The page for people, `text/html`: a whole document, or the part of an open one that changes.
//!
//! It holds times and no ages, like every format; its script turns them into ages.

#[cfg(feature = "availability")]
pub(crate) mod availability;
mod check;
mod history;
mod shell;
mod summary;
mod words;

use maud::{Markup, html};
pub(crate) use shell::{CONTENT_SECURITY_POLICY, problem};

use self::{
    check::{Extent, card},
    shell::{PageLinks, document},
    summary::{summary, verdict},
    words::{badge, icon, time},
};
use super::{
    context::{Context, ReportSubject},
    format::{Format, FormatOption, Render},
    view::{CheckView, ReportView, worst_status},
    visibility::DetailLevel,
};
use crate::model::Level;

pub(super) static FORMAT: Format = Format {
    options: &[FormatOption::Fragment],
    is_page: true,
    ..Format::new("html", "text/html; charset=utf-8", Render::Report(render))
};

fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    let links = PageLinks::new(&context.page);
    let main = main(view, context, &links);
    let (_, tone) = verdict(view, context);
    let page = if context.page.is_fragment { main } else { document(&title(view, context), tone, &links, &main) };
    page.into_string().into_bytes()
}

fn title(view: &ReportView<'_>, context: &Context<'_>) -> String {
    format!("{}: {}", verdict(view, context).0, heading(view, context))
}

fn service<'a>(context: &Context<'a>) -> &'a str {
    context.build.map_or("this service", |build| build.name())
}

fn heading(view: &ReportView<'_>, context: &Context<'_>) -> String {
    let service = service(context);
    match (&context.subject, view.levels, view.checks.as_slice()) {
        (ReportSubject::Check, _, [check, ..]) => format!("{} of {service}", check.title()),
        (ReportSubject::Group { probe, .. }, _, _) => format!("{probe} of {service}"),
        (ReportSubject::Levels { .. }, [level], _) => format!("Level {level} of {service}"),
        _ => format!("Health of {service}"),
    }
}

/// Renders the part that changes with the report: everything but the frame. `data-` is for the script.
fn main(view: &ReportView<'_>, context: &Context<'_>, links: &PageLinks) -> Markup {
    let title = title(view, context);
    let (_, tone) = verdict(view, context);
    html! {
        main id="main" data-title=(title) data-icon=(icon(tone)) {
            h1 { bdi { (heading(view, context)) } }
            (summary(view, context, links))
            @if let (ReportSubject::Check, [check, ..]) = (&context.subject, view.checks.as_slice()) {
                (card(check, 0, Extent::Whole, view.made_at(), links))
                @for (_, bars) in &context.page.availability { (bars) }
            } @else if view.levels.is_empty() {
                section aria-labelledby="members" {
                    h2 id="members" { "Checks" }
                    (cards(&view.checks, view, links))
                }
            } @else {
                @for level in view.levels { (of_level(view, *level, context, links)) }
            }
            (off(view))
            @if let ReportSubject::Overview { .. } = &context.subject { (build(context)) }
        }
    }
}

fn of_level(view: &ReportView<'_>, level: Level, context: &Context<'_>, links: &PageLinks) -> Markup {
    let checks = view.of_level(level);
    let id = format!("level-{level}");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) {
                "Level " (level) " " small { (words::of_level(level)) }
                @if !checks.is_empty() { " " (badge(worst_status(checks))) }
            }
            @for (_, bars) in context.page.availability.iter().filter(|(other, _)| *other == level) { (bars) }
            (cards(checks, view, links))
        }
    }
}

/// Numbers the checks as in the whole report.
fn cards(checks: &[CheckView<'_>], view: &ReportView<'_>, links: &PageLinks) -> Markup {
    let first =
        checks.first().map_or(0, |first| view.checks.iter().position(|check| check.name == first.name).unwrap_or(0));
    html! {
        @if checks.is_empty() {
            p class="empty" { "No checks." }
        } @else {
            ul class="checks" {
                @for (index, check) in checks.iter().enumerate() {
                    li { (card(check, first + index, Extent::Short, view.made_at(), links)) }
                }
            }
        }
    }
}

/// Lists the checks that take no part, in the overview of callers who see details.
fn off(view: &ReportView<'_>) -> Markup {
    html! {
        @if !view.off.is_empty() {
            section aria-labelledby="off" {
                h2 id="off" { "Off " small { "not turned on by this service" } }
                ul { @for name in &view.off { li { bdi { (name) } } } }
            }
        }
    }
}

fn build(context: &Context<'_>) -> Markup {
    let ReportSubject::Overview { runtime, .. } = &context.subject else { return html! {} };
    html! {
        section aria-labelledby="build" {
            h2 id="build" { "Build" }
            dl class="facts" {
                @if let Some(build) = context.build {
                    div { dt { "name" } dd { (build.name()) } }
                    div { dt { "version" } dd { (build.version()) } }
                    @if let Some(repo) = build.repo() { div { dt { "repository" } dd { (repo) } } }
                    @if let Some((short, full)) = build.revision_short().zip(build.revision()) {
                        div { dt { "revision" } dd { code title=(full) { (short) } @if build.dirty() == Some(true) { ", with changes" } } }
                    }
                    @if let Some(date) = build.build_date() { div { dt { "built" } dd { (time(date)) } } }
                    @if let Some(profile) = build.profile() { div { dt { "profile" } dd { (profile) } } }
                    @if let Some(language) = build.language().filter(|_| context.info == Some(DetailLevel::Details)) {
                        div { dt { "language" } dd { (language) } }
                    }
                }
                @if let Some(environment) = runtime.environment { div { dt { "environment" } dd { (environment) } } }
                div { dt { "build type" } dd { (runtime.build_type) } }
                @if let Some(deployed_at) = runtime.deployed_at { div { dt { "deployed" } dd { (time(deployed_at)) } } }
                div { dt { "started" } dd { (time(runtime.started_at)) } }
            }
        }
    }
}
