use std::{
    io::{self, Write as _},
    time::Duration,
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use terminal_size::{Height, Width, terminal_size};

use super::state::{Service, Services};
use crate::{
    output::{bold, cut_line, dim, painted, tally},
    status::Status,
    text::{age, count, short_duration, timestamp},
};

/// Lines of the latest changes, if there is room.
const CHANGE_LINES: usize = 8;

/// Own page of a terminal, which is left when it is dropped.
pub(super) struct Screen {
    has_colours: bool,
}

impl Screen {
    pub(super) fn open() -> Self {
        // Another page, without a cursor.
        write("\u{1b}[?1049h\u{1b}[?25l");
        Self { has_colours: AutoStream::choice(&io::stdout()) != ColorChoice::Never }
    }

    pub(super) fn draw(&self, services: &Services) {
        let (Width(columns), Height(rows)) = terminal_size().unwrap_or((Width(80), Height(24)));
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        let lines = lines(services, rows);
        let shown = |line: &String| {
            let line = cut_line(line, columns);
            if self.has_colours { line } else { strip_str(&line).to_string() }
        };
        let lines: Vec<_> = lines.iter().take(rows).map(shown).collect();
        // Each line replaces an old one, and the rest is removed, so that nothing flickers.
        write(&format!("\u{1b}[H{}\u{1b}[K\u{1b}[J", lines.join("\u{1b}[K\r\n")));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        write("\u{1b}[?25h\u{1b}[?1049l");
    }
}

fn write(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Returns the lines, as many as there are rows: services first, then the changes.
fn lines(services: &Services, rows: usize) -> Vec<String> {
    let number = count(services.services.len(), "service");
    let mut lines = vec![dim(&format!("healthctl watch  {number}  {}  Ctrl-C ends it", timestamp()))];
    let changes = services.changes.len().min(CHANGE_LINES);
    let room = rows.saturating_sub(lines.len() + if changes == 0 { 0 } else { changes + 2 });
    let mut body: Vec<_> = services.services.iter().flat_map(service_lines).collect();
    if body.len() > room {
        let hidden = body.len() - room.saturating_sub(1);
        body.truncate(room.saturating_sub(1));
        body.push(dim(&format!("… {hidden} more lines; a higher window shows them")));
    }
    lines.extend(body);
    if changes > 0 {
        lines.push(String::new());
        lines.push(dim("LATEST CHANGES"));
        lines.extend(services.changes.iter().take(changes).map(super::state::Change::line));
    }
    lines
}

/// Returns the line of a service, and one for each check that does not pass.
fn service_lines(service: &Service) -> Vec<String> {
    let answered = match &service.known {
        None => return vec![format!("{}  {}", dim("…"), dim(&format!("{}  asking", service.url)))],
        Some(Err(failure)) => {
            let sign = painted(Status::Unknown, "? unknown");
            return vec![format!("{sign}  {}  {failure}", bold(&service.url))];
        }
        Some(Ok(answered)) => answered,
    };
    let report = &answered.report;
    let status = painted(report.status, &format!("{} {:<7}", report.status.sign(), report.status.word()));
    let cause = report.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let elapsed = short_duration(answered.elapsed);
    let (title, origin) = match report.title() {
        Some(title) => (bold(&title), format!("{}  {elapsed}", service.url)),
        None => (bold(&service.url), elapsed),
    };
    let mut lines = vec![format!("{status}  {title}  {}{cause}  {}", tally(report), dim(&origin))];
    for status in [Status::Fail, Status::Unknown, Status::Warn] {
        for check in report.with_status(status) {
            let level = check.level.map(|level| format!("{level}  ")).unwrap_or_default();
            let since = check.since.as_deref().and_then(age).map(|age| Duration::from_secs(age.as_secs()));
            let since = since.map(|since| format!("  {}", dim(&short_duration(since)))).unwrap_or_default();
            let word = painted(status, &format!("{} {:<7}", status.sign(), status.word()));
            lines.push(format!("   {word}  {}{}{since}  {}", dim(&level), check.name, check.reason()));
        }
    }
    lines
}
