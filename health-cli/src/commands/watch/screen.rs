use std::{
    io::{self, Write as _},
    time::Duration,
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use terminal_size::{Height, Width, terminal_size};

use super::state::{Service, Services};
use crate::{
    output::{Table, bold, cut_line, cut_text, dim, painted, tally},
    report::Entry,
    status::Status,
    text::{age, count, short_duration, timestamp},
};

/// Lines of the latest changes, if there is room.
const CHANGE_LINES: usize = 8;

/// Widest name of a check. The columns are those of all services.
const MAX_NAME_WIDTH: usize = 40;

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
    let mut body = service_lines(&services.services);
    // The services have the first call on a low window: without room for all, the changes take a third of it.
    let left = rows.saturating_sub(lines.len() + body.len()).max(rows / 3).saturating_sub(2);
    let changes = services.changes.len().min(CHANGE_LINES).min(left);
    let room = rows.saturating_sub(lines.len() + if changes == 0 { 0 } else { changes + 2 });
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

/// Returns the line of each service, and below it one for each check that does not pass, in columns of all services.
fn service_lines(services: &[Service]) -> Vec<String> {
    let mut table = Table::default();
    for service in services {
        for (status, check) in troubled(service) {
            let level = check.level.map(|level| level.to_string()).unwrap_or_default();
            let since = check.since.as_deref().and_then(age).map(|age| Duration::from_secs(age.as_secs()));
            let since = since.map(short_duration).unwrap_or_default();
            let word = format!("   {} {}", status.sign(), status.word());
            let plain = |text: String| (text.clone(), text);
            let faint = |text: String| (text.clone(), dim(&text));
            let painted = painted(status, &word);
            table.row([
                (word, painted),
                faint(level),
                plain(cut_text(&check.name, MAX_NAME_WIDTH)),
                faint(since),
                plain(check.reason()),
            ]);
        }
    }
    let mut rows = table.lines(None).into_iter();
    let mut lines = Vec::new();
    for service in services {
        lines.push(service_line(service));
        lines.extend(rows.by_ref().take(troubled(service).count()));
    }
    lines
}

/// Returns the checks of a service that count and do not pass, the worst first.
fn troubled(service: &Service) -> impl Iterator<Item = (Status, &Entry)> {
    let report = service.known.as_ref().and_then(|known| known.as_ref().ok()).map(|answered| &answered.report);
    report.into_iter().flat_map(|report| {
        [Status::Fail, Status::Unknown, Status::Warn]
            .into_iter()
            .flat_map(|status| report.with_status(status).map(move |check| (status, check)))
    })
}

fn service_line(service: &Service) -> String {
    let answered = match &service.known {
        None => return format!("{}  {}", dim("…"), dim(&format!("{}  asking", service.url))),
        Some(Err(failure)) => {
            let sign = painted(Status::Unknown, "? unknown");
            return format!("{sign}  {}  {failure}", bold(&service.url));
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
    format!("{status}  {title}  {}{cause}  {}", tally(report), dim(&origin))
}
