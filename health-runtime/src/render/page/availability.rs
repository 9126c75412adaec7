//! Availability: bars for each window, with the figures in words.

use std::{fmt::Write, time::Duration};

use maud::{Markup, html};

use super::words::{duration, moment_in_words, time};
use crate::{
    availability::{Availability, Latency, Span, Window, WindowSummary},
    model::Level,
};

/// Size of the bars of a window in the page's pixels.
const WIDTH: usize = 168;
const HEIGHT: u8 = 24;

/// Gap between two bars.
const GAP: usize = 1;

/// Shows the availability of the only check of a page.
pub(crate) fn of_check(availability: &Availability) -> Markup {
    html! {
        section class="availability" aria-labelledby="availability" {
            h2 id="availability" { "Availability" }
            ul {
                @for window in &availability.windows {
                    li {
                        (figures(window, availability))
                        span class="quiet" {
                            "since " (time(availability.before_end(window.total.length))) ", "
                            (percent(window.total.known_share())) " of it known; " (runs(window.latency))
                        }
                    }
                }
            }
        }
    }
}

/// Shows the availability of a level below its title.
pub(crate) fn of_level(level: Level, own: &Availability) -> Markup {
    html! {
        ul class="availability" aria-label={ "Availability of level " (level) } {
            @for window in &own.windows { li { (figures(window, own)) } }
        }
    }
}

fn figures(window: &WindowSummary, availability: &Availability) -> Markup {
    html! {
        span class="window" { (window.window.as_str()) } " " (bars(window, availability))
        span class="share" { (available(window.total)) } " "
    }
}

fn runs(latency: Option<Latency>) -> String {
    let Some(Latency { runs, median, p95, max }) = latency else { return "no run".to_owned() };
    let word = if runs == 1 { "run" } else { "runs" };
    let [median, p95, max] = [median, p95, max].map(duration);
    format!("{runs} {word}: median {median}, 95 % within {p95}, longest {max}")
}

/// Draws the bars of a window: the worse a bar, the higher.
fn bars(window: &WindowSummary, availability: &Availability) -> Markup {
    html! {
        svg class="history" role="img" aria-label=(in_words(window, availability))
            width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
            @for look in [Look::Unknown, Look::Pass, Look::Warn, Look::Fail] {
                @if window.bars.iter().any(|bar| look.is_of(*bar)) {
                    path class=(look.class()) d=(path(&window.bars, look)) {}
                }
            }
        }
    }
}

/// The look of a bar, by the worst that is known about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Unknown,
    Pass,
    Warn,
    Fail,
}

impl Look {
    const fn of(bar: Span) -> Self {
        match (bar.fail, bar.warn, bar.pass) {
            (1.., ..) => Self::Fail,
            (_, 1.., _) => Self::Warn,
            (_, _, 1..) => Self::Pass,
            _ => Self::Unknown,
        }
    }

    /// Returns whether a bar has this look. The current bar may have no length yet.
    fn is_of(self, bar: Span) -> bool {
        bar.length > 0 && Self::of(bar) == self
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    const fn height(self) -> u8 {
        match self {
            Self::Unknown => 2,
            Self::Pass => 6,
            Self::Warn => 14,
            Self::Fail => HEIGHT,
        }
    }
}

/// One path for all bars of a look.
fn path(bars: &[Span], look: Look) -> String {
    let (step, height) = (WIDTH / bars.len().max(1), look.height());
    let width = step - GAP;
    let mut path = String::new();
    for (index, _) in bars.iter().enumerate().filter(|(_, bar)| look.is_of(**bar)) {
        // Writing to a String cannot fail.
        let _ = write!(path, "M{} {}h{width}v{height}h-{width}z", index * step, HEIGHT - height);
    }
    path
}

/// Describes the bars for people who do not see them, with the worst one.
fn in_words(window: &WindowSummary, availability: &Availability) -> String {
    let count = |look: Look| window.bars.iter().filter(|bar| look.is_of(**bar)).count();
    let [unknown, pass, warn, fail] = [Look::Unknown, Look::Pass, Look::Warn, Look::Fail].map(count);
    let since = moment_in_words(availability.before_end(window.total.length));
    let mut text = format!(
        "{} since {since}, by {}: {pass} passed, {warn} warned, {fail} failed for some of the time, {unknown} unknown.",
        available(window.total),
        bar_name(window.window),
    );
    let worst = window.bars.iter().enumerate().filter(|(_, bar)| bar.fail > 0).max_by_key(|(_, bar)| bar.fail);
    if let Some((position, bar)) = worst {
        let begin = moment_in_words(availability.before_end(window.millis_from(position)));
        let failed = duration(Duration::from_millis(bar.fail));
        // Writing to a String cannot fail.
        let _ = write!(text, " The longest failure in one began after {begin}: {failed}.");
    }
    text
}

const fn bar_name(window: Window) -> &'static str {
    match window {
        Window::Hour => "5 minutes",
        Window::Day => "hour",
        Window::Week => "12 hours",
    }
}

fn available(span: Span) -> String {
    span.available().map_or_else(|| "unknown".to_owned(), |share| format!("{} available", percent(share)))
}

/// Formats a share, rounded down: nothing but 1 is 100 %.
fn percent(share: f64) -> String {
    let percent = (share * 1e4).floor() / 100.0;
    format!("{percent} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_down() {
        for (share, text) in [(1.0, "100 %"), (0.999_999, "99.99 %"), (0.5, "50 %"), (0.0, "0 %"), (0.983_4, "98.34 %")]
        {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn bars_show_the_worst_that_is_known() {
        let span = |pass, warn, fail| Span { length: 10, pass, warn, fail };
        let bars = [span(0, 0, 0), span(10, 0, 0), span(5, 5, 0), span(9, 0, 1), Span::default()];
        let looks = bars.map(Look::of);
        assert!(looks[..4] == [Look::Unknown, Look::Pass, Look::Warn, Look::Fail]);
        assert_eq!(path(&bars, Look::Fail), "M99 0h32v24h-32z");
        assert_eq!(path(&bars, Look::Unknown), "M0 22h32v2h-32z", "the current bar has no length");
    }
}
