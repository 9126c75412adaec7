use anstyle::{AnsiColor, Style};

use crate::status::Status;

/// Returns a text in the colour of a status.
pub(crate) fn painted(status: Status, text: &str) -> String {
    let colour = match status {
        Status::Pass => AnsiColor::Green,
        Status::Warn => AnsiColor::Yellow,
        Status::Unknown => AnsiColor::Magenta,
        Status::Fail => AnsiColor::Red,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let style = if status == Status::Pass { style } else { style.bold() };
    format!("{style}{text}{style:#}")
}

/// Returns the sign and the word of a status in its colour.
pub(crate) fn status_word(status: Status) -> String {
    painted(status, &format!("{} {}", status.sign(), status.word()))
}

/// Returns a text that is less important than others.
pub(crate) fn dim(text: &str) -> String {
    let style = Style::new().dimmed();
    format!("{style}{text}{style:#}")
}

/// Returns a text that stands out.
pub(crate) fn bold(text: &str) -> String {
    let style = Style::new().bold();
    format!("{style}{text}{style:#}")
}
