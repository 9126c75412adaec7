//! The latest changes of a check: as a time line, and as a list.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use maud::{Markup, html};

use super::{
    super::view::ChangeView,
    words::{badge, moment_in_words, time},
};
use crate::model::Status;

/// Size of a time line in the page's pixels.
const WIDTH: f64 = 240.0;
const HEIGHT: u8 = 24;

/// Width below which no status is drawn, so that the shortest failure can be seen.
const MIN_WIDTH: f64 = 2.0;

/// Draws the statuses that a check had, from its first kept change until `end`, in proportion to time: the worse, the
/// higher, and the worst on top. A check that has never changed has no time line.
pub(super) fn time_line(history: &[ChangeView<'_>], end: SystemTime, id: &str) -> Markup {
    let ([first, .., last], [_, rest @ ..]) = (history, history) else { return html! {} };
    let ends = rest.iter().map(|change| change.at).chain([end.max(last.at)]);
    let spans: Vec<_> = history.iter().zip(ends).map(|(change, end)| (change.to, change.at, end)).collect();
    let of = |status| history.iter().filter(|change| change.to == status).count();
    html! {
        svg class="history" role="img" aria-labelledby={ (id) "-title " (id) "-text" }
            width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
            title id={ (id) "-title" } { "Latest changes" }
            desc id={ (id) "-text" } {
                "Since " (moment_in_words(first.at)) ": passed " (of(Status::Pass)) " times, warned " (of(Status::Warn))
                " times, failed " (of(Status::Fail)) " times. It has been " (last.to.as_str()) " since "
                (moment_in_words(last.at)) "."
            }
            @for status in [Status::Pass, Status::Warn, Status::Fail] {
                @if of(status) > 0 { path class=(status.as_str()) d=(bars(&spans, status)) {} }
            }
        }
    }
}

/// One path for all bars of a status: a tenth of what an element for each would take.
fn bars(spans: &[(Status, SystemTime, SystemTime)], status: Status) -> String {
    let height = match status {
        Status::Pass => 6,
        Status::Warn => 14,
        Status::Fail => HEIGHT,
    };
    let (Some(&(_, start, _)), Some(&(_, _, end))) = (spans.first(), spans.last()) else { return String::new() };
    // The wall clock may have been set back meanwhile.
    let since_start = |moment: SystemTime| moment.duration_since(start).unwrap_or_default();
    let total = since_start(end).max(Duration::from_millis(1)).as_secs_f64();
    let position = |moment| (since_start(moment).as_secs_f64() / total * WIDTH).clamp(0.0, WIDTH);
    let mut path = String::new();
    for &(_, from, to) in spans.iter().filter(|span| span.0 == status) {
        let left = position(from).min(WIDTH - MIN_WIDTH);
        let width = (position(to) - left).max(MIN_WIDTH);
        // Writing to a String cannot fail.
        let _ = write!(path, "M{left:.1} {}h{width:.1}v{height}h-{width:.1}z", HEIGHT - height);
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
                            @if change.is_drill { "drill " }
                            @if let Some(cause) = change.cause { code { (cause) } " " }
                            @if let Some(message) = change.message { bdi { (message) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn change(seconds: u64, to: Status) -> ChangeView<'static> {
        ChangeView {
            id: seconds,
            at: at(seconds),
            from: None,
            to,
            cause: None,
            is_muted: false,
            is_drill: false,
            message: None,
            blocked_by: None,
        }
    }

    fn drawn(history: &[ChangeView<'_>], end: SystemTime) -> String {
        time_line(history, end, "x").into_string()
    }

    #[test]
    fn time_line_is_in_proportion_to_time() {
        let history = [change(0, Status::Pass), change(600, Status::Fail), change(900, Status::Pass)];
        let line = drawn(&history, at(1200));
        assert!(line.contains(r#"class="fail" d="M120.0 0h60.0v24h-60.0z""#), "{line}");
        assert!(line.contains(r#"class="pass" d="M0.0 18h120.0v6h-120.0zM180.0 18h60.0v6h-60.0z""#), "{line}");
    }

    #[test]
    fn shortest_failure_stays_visible() {
        let history = [change(0, Status::Pass), change(86_399, Status::Fail)];
        assert!(drawn(&history, at(86_400)).contains(r#"class="fail" d="M238.0 0h2.0v24h-2.0z""#));
        let history = [change(0, Status::Fail), change(1, Status::Pass)];
        assert!(drawn(&history, at(86_400)).contains(r#"class="fail" d="M0.0 0h2.0v24h-2.0z""#));
    }

    #[test]
    fn clock_that_was_set_back_breaks_no_time_line() {
        let history = [change(900, Status::Pass), change(300, Status::Fail), change(100, Status::Warn)];
        let line = drawn(&history, at(50));
        assert!(!line.contains("NaN") && !line.contains("h-2.0v"), "{line}");
        assert_eq!(drawn(&history[..1], at(1_000)), "", "one status is not a change");
    }
}
