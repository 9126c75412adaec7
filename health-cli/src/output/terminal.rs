use std::io::{self, IsTerminal as _, Write as _};

use anstream::AutoStream;
use terminal_size::{Width, terminal_size_of};

use super::table::cut_text;

/// The two streams of the program. Styles reach terminals alone; a stream that is closed takes the rest silently.
pub(crate) struct Terminal {
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
    /// Columns of the terminal behind the standard output, if it is one.
    pub(crate) width: Option<usize>,
    /// Columns of the terminal behind the standard error, if it is one, for a line that replaces itself.
    progress_width: Option<usize>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let columns = |size: Option<(Width, _)>| size.map(|(Width(columns), _)| usize::from(columns));
        let (out, err) = (io::stdout(), io::stderr());
        Self {
            width: out.is_terminal().then(|| columns(terminal_size_of(&out)).unwrap_or(80)),
            progress_width: err.is_terminal().then(|| columns(terminal_size_of(&err)).unwrap_or(80)),
            out: AutoStream::auto(out),
            err: AutoStream::auto(err),
        }
    }

    /// Writes a line to the standard output.
    pub(crate) fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Writes a line to the standard error.
    pub(crate) fn error(&mut self, line: &str) {
        self.end_progress();
        let _ = writeln!(self.err, "{line}");
    }

    /// Writes a text as it is.
    pub(crate) fn text(&mut self, text: &str, is_error: bool) {
        let _ = if is_error { write!(self.err, "{text}") } else { write!(self.out, "{text}") };
    }

    /// Replaces the line of progress, where a terminal reads it.
    pub(crate) fn progress(&mut self, line: &str) {
        if let Some(width) = self.progress_width {
            // Past the stream, which takes the sequence away where colours are off.
            let mut err = io::stderr();
            let _ = write!(err, "\r\u{1b}[2K{}", cut_text(line, width.saturating_sub(1)));
            let _ = err.flush();
        }
    }

    /// Returns whether progress replaces its own line.
    pub(crate) const fn has_progress(&self) -> bool {
        self.progress_width.is_some()
    }

    /// Removes the line of progress.
    pub(crate) fn end_progress(&mut self) {
        self.progress("");
    }
}
