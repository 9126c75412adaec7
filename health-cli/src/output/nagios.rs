//! The line of a monitoring plugin: `HEALTH OK - text | 'label'=value[unit];[warn];[crit];[min];[max]`.

use std::fmt::Write as _;

use super::json::tally;
use crate::{
    exit::PluginState,
    failure::{Failure, FailureKind},
    question::Answered,
    status::Status,
};

/// Longest line: what NRPE and older monitors read.
const MAX_LINE_BYTES: usize = 4096;

/// Longest text before the performance data, so that there is room for these.
const MAX_TEXT_BYTES: usize = 1024;

/// Returns the state and the line for a report.
pub(crate) fn plugin_report(answered: &Answered, is_strict: bool) -> (PluginState, String) {
    let report = &answered.report;
    let state = match report.status {
        Status::Pass => PluginState::Ok,
        Status::Warn if is_strict => PluginState::Critical,
        Status::Warn => PluginState::Warning,
        Status::Fail => PluginState::Critical,
        Status::Unknown => PluginState::Unknown,
    };
    let mut text = report.title().map(|title| format!("{title}: ")).unwrap_or_default();
    if report.checks.is_empty() {
        text.push_str(report.status.word());
    } else {
        text.push_str(&tally(report));
    }
    if let Some(cause) = &report.cause {
        let _ = write!(text, " ({cause})");
    }
    for status in [Status::Fail, Status::Unknown, Status::Warn] {
        for check in report.with_status(status) {
            let reason = check.reason();
            let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            let _ = write!(text, "; {} {}{reason}", check.name, status.word());
        }
    }
    let mut line = line(state, &text);
    line.push_str(" |");
    let counts = [("fail", Status::Fail), ("warn", Status::Warn), ("pass", Status::Pass)]
        .map(|(label, status)| format!(" {label}={};;;0", report.with_status(status).count()));
    let _ = write!(line, " time={:.6}s;;;0", answered.elapsed.as_secs_f64());
    line.extend(counts);
    for check in &report.checks {
        let Some(millis) = check.duration_ms.filter(|millis| millis.is_finite() && *millis >= 0.0) else { continue };
        let datum = format!(" '{}'={:.6}s;;;0", label(&check.name), millis / 1e3);
        if line.len() + datum.len() > MAX_LINE_BYTES {
            break;
        }
        line.push_str(&datum);
    }
    (state, line)
}

/// Returns the state and the line for a missing report. By the guidelines for plugins a service that is down or too slow is
/// critical; unknown is what says nothing about it.
pub(crate) fn plugin_failure(failure: &Failure, unreachable: PluginState) -> (PluginState, String) {
    let state = match failure.kind {
        FailureKind::Unreachable | FailureKind::Tls => unreachable,
        FailureKind::Usage | FailureKind::Refused | FailureKind::NotAReport => PluginState::Unknown,
    };
    (state, line(state, &failure.to_string()))
}

/// Returns the part of a line before the performance data, which a bar begins.
fn line(state: PluginState, text: &str) -> String {
    let mut text = text.replace('|', "/").replace('\n', " ");
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    format!("HEALTH {} - {text}", state.word())
}

/// Returns a label in quotes: a quote is doubled, and an equals sign, which some monitors split at, replaced.
fn label(name: &str) -> String {
    name.replace('\'', "''").replace(['=', '|'], "_")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::report::{Entry, Report, Shape};

    fn answered(checks: Vec<Entry>) -> Answered {
        let mut report = Report::new(Shape::Native, Status::Fail);
        report.checks = checks;
        let target = "http://h".parse().expect("a URL");
        Answered { report, target, elapsed: Duration::from_millis(12) }
    }

    fn entry(name: &str, status: Status) -> Entry {
        Entry { duration_ms: Some(3.1), message: Some("a|b".to_owned()), ..Entry::new(name, status) }
    }

    /// Splits performance data as the guidelines for plugins write it.
    fn parse(data: &str) -> Vec<(String, String)> {
        let mut rest = data.trim_start();
        let mut parsed = Vec::new();
        while !rest.is_empty() {
            let (label, after) = if let Some(quoted) = rest.strip_prefix('\'') {
                // A doubled quote is a part of the label.
                let quoted = quoted.replace("''", "\u{0}\u{0}");
                let end = quoted.find('\'').expect("a closing quote");
                (quoted[..end].replace("\u{0}\u{0}", "'"), rest[end + 2..].to_owned())
            } else {
                let end = rest.find('=').expect("a value");
                (rest[..end].to_owned(), rest[end..].to_owned())
            };
            let after = after.strip_prefix('=').expect("an equals sign").to_owned();
            let (value, after) = after.split_once(' ').unwrap_or((&after, ""));
            parsed.push((label, value.to_owned()));
            let consumed = rest.len() - after.len();
            rest = rest[consumed..].trim_start();
        }
        parsed
    }

    #[test]
    fn line_has_one_bar_and_valid_performance_data() {
        let checks = vec![entry("it's a = b|c", Status::Fail), entry("db", Status::Pass)];
        let (state, line) = plugin_report(&answered(checks), false);
        assert_eq!((state, line.matches('|').count(), line.contains('\n')), (PluginState::Critical, 1, false));
        let (text, data) = line.split_once(" | ").expect("performance data");
        assert_eq!(text, "HEALTH CRITICAL - 1 fail, 1 pass; it's a = b/c fail (a/b)");
        let data = parse(data);
        let labels: Vec<_> = data.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["time", "fail", "warn", "pass", "it's a _ b_c", "db"]);
        assert_eq!(data[0].1, "0.012000s;;;0");
        assert_eq!(data[5].1, "0.003100s;;;0");
    }

    proptest! {
        #[test]
        fn every_name_gives_a_short_line(name in "[^\\p{C}]{1,200}", number in 0_usize..100) {
            let checks = (0..number).map(|_| entry(&name, Status::Fail)).collect();
            let (_, line) = plugin_report(&answered(checks), false);
            prop_assert_eq!(line.matches('|').count(), 1);
            prop_assert!(line.len() <= MAX_LINE_BYTES, "{}", line.len());
            let (_, data) = line.split_once(" | ").expect("performance data");
            prop_assert!(parse(data).len() >= 4);
        }
    }
}
