//! The latest changes of a check: as a small picture, and as a list.

use std::fmt::Write;

use maud::{Markup, html};

use super::{
    super::view::ChangeView,
    words::{badge, moment_in_words, time},
};
use crate::model::Status;

/// How wide a change is drawn, with the gap behind it, and how high the picture is.
const STEP: usize = 8;
const HEIGHT: usize = 24;

/// A bar for each status that the check had, the latest on the right: the worse, the higher. One change alone is none.
pub(super) fn picture(history: &[ChangeView<'_>], id: &str) -> Markup {
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return html! {} };
    let bars = [Status::Pass, Status::Warn, Status::Fail].map(|status| (status, bars(history, status)));
    let of = |status| history.iter().filter(|change| change.to == status).count();
    let width = history.len() * STEP;
    html! {
        svg class="history" role="img" aria-labelledby={ (id) "-title " (id) "-text" }
            width=(width) height=(HEIGHT) viewBox={ "0 0 " (width) " " (HEIGHT) } {
            title id={ (id) "-title" } { "Latest changes" }
            desc id={ (id) "-text" } {
                "Since " (moment_in_words(first.at)) ": passed " (of(Status::Pass)) " times, warned " (of(Status::Warn))
                " times, failed " (of(Status::Fail)) " times. It has been " (last.to.as_str()) " since "
                (moment_in_words(last.at)) "."
            }
            @for (status, bars) in bars {
                @if !bars.is_empty() { path class=(status.as_str()) d=(bars) {} }
            }
        }
    }
}

/// One path for all bars of a status: a tenth of what an element for each would take.
fn bars(history: &[ChangeView<'_>], status: Status) -> String {
    let height = match status {
        Status::Pass => 6,
        Status::Warn => 14,
        Status::Fail => HEIGHT,
    };
    let mut path = String::new();
    for (index, _) in history.iter().enumerate().filter(|(_, change)| change.to == status) {
        // Writing to a String cannot fail.
        let _ = write!(path, "M{} {}h6v{height}h-6z", index * STEP, HEIGHT - height);
    }
    path
}

/// Every change that is kept, the latest first.
pub(super) fn list(history: &[ChangeView<'_>]) -> Markup {
    html! {
        table {
            caption { "Latest changes" }
            thead { tr { th scope="col" { "When" } th scope="col" { "Status" } th scope="col" { "Why" } } }
            tbody {
                @for change in history.iter().rev() {
                    tr {
                        td { (time(change.at)) }
                        td { @if let Some(from) = change.from { (from.as_str()) " to " } (badge(change.to)) }
                        td {
                            @if change.is_muted { "muted " }
                            @if let Some(cause) = change.cause { code { (cause) } " " }
                            @if let Some(message) = change.message { bdi { (message) } }
                        }
                    }
                }
            }
        }
    }
}
