//! A report for people: a heading, a table, and the root causes.

use std::time::Duration;

use super::{
    json::tally,
    style::{bold, dim, painted, status_word},
    table::{Table, cut_line},
};
use crate::{
    question::Answered,
    report::{Entry, Report},
    status::Status,
    text::{age, short_duration},
};

/// Returns the lines of a report, failures first.
pub(crate) fn report_lines(answered: &Answered, width: Option<usize>) -> Vec<String> {
    let Answered { report, target, elapsed } = answered;
    let heading = heading(report, &target.to_string(), *elapsed);
    let mut lines = vec![width.map_or_else(|| heading.clone(), |width| cut_line(&heading, width))];
    let mut checks: Vec<_> = report.checks.iter().collect();
    // A check that counts for nothing stands with the passing ones.
    checks.sort_by_key(|check| {
        let rank = if check.counts() { check.status } else { Status::Pass };
        (std::cmp::Reverse(rank), std::cmp::Reverse(check.level))
    });
    if !checks.is_empty() {
        let mut table = Table::default();
        table.row(["LEVEL", "CHECK", "STATUS", "SINCE", "TOOK", "MESSAGE"].map(|word| (word.to_owned(), dim(word))));
        for check in checks {
            table.row(row(check));
        }
        lines.extend(table.lines(width));
    }
    if report.status != Status::Pass && !report.root_causes.is_empty() {
        lines.push(format!("{} {}", bold("Root causes:"), report.root_causes.join(", ")));
    }
    lines
}

/// Returns the line above the table.
fn heading(report: &Report, url: &str, elapsed: Duration) -> String {
    let title = report.title().map(|title| format!("{}  ", bold(&title))).unwrap_or_default();
    let cause = report.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let status = painted(report.status, &format!("{} {}{cause}", report.status.sign(), report.status.word()));
    let tally = if report.checks.is_empty() { String::new() } else { format!("{}  ", tally(report)) };
    format!("{title}{status}  {tally}{}", dim(&format!("{url}  {}", short_duration(elapsed))))
}

fn row(check: &Entry) -> [(String, String); 6] {
    let level = check.level.map(|level| level.to_string()).unwrap_or_default();
    let name =
        check.display.as_ref().map_or_else(|| check.name.clone(), |display| format!("{} ({display})", check.name));
    let word = format!("{} {}", check.status.sign(), check.status.word());
    let uncounted = |text: String| (text.clone(), dim(&text));
    let status = match check {
        check if check.is_disabled() => uncounted("– disabled".to_owned()),
        check if check.muted => uncounted(format!("{word}, muted")),
        check => (word, status_word(check.status)),
    };
    let since = check.since.as_deref().and_then(age).map(short_age).unwrap_or_default();
    let took = check.duration_ms.filter(|millis| millis.is_finite() && (0.0..1e12).contains(millis));
    let took = took.map(|millis| short_duration(Duration::from_secs_f64(millis / 1e3))).unwrap_or_default();
    let overridden = Some(check.overridden.join(", ")).filter(|keys| !keys.is_empty());
    let overridden = overridden.map(|keys| format!("overridden: {keys}"));
    let parts = [Some(check.reason()).filter(|reason| !reason.is_empty()), overridden];
    let reason = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let plain = |text: String| (text.clone(), text);
    [plain(level), plain(name), status, plain(since), plain(took), plain(reason)]
}

/// Returns an age without fractions, because it grows while somebody reads it.
fn short_age(age: Duration) -> String {
    if age.as_secs() < 1 {
        "now".to_owned()
    } else {
        short_duration(Duration::from_secs(age.as_secs())).replace(".0 ", " ")
    }
}
