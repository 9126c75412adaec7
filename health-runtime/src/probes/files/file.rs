//! Probe of a file that somebody keeps writing.

use std::{
    fs::{File, FileType},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;

use super::{age, check_name, inaccessible, milliseconds, path_fault, readable, readable_apart};
use crate::{
    details::Details,
    model::{IntoOutcome, Level, Outcome},
    probes::probe::{excerpt, idle_check, probe},
};

/// Longest part of a file that is read, from its end.
const MAX_TAIL_BYTES: u64 = 64 * 1024;

probe! {
    /// The probe of [`probes::file`](file()).
    pub struct FileProbe {
        path: PathBuf,
        changed_within: Option<Duration>,
        min_bytes: u64,
        max_bytes: Option<u64>,
        last_line: Option<String>,
        last_line_contains: Option<String>,
    }

    /// Examines the file once. It blocks until the file system answers.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 2)]` above it.
    /// fn backup() -> Outcome {
    ///     probes::file("/var/log/backup.log").changed_within(Duration::from_secs(26 * 3600)).last_line("done").observe()
    /// }
    /// # let _ = backup();
    /// ```
    blocking fn observe;
}

/// Checks a file: that it exists, and by its settings its age, its size and its last line. A job that runs once a day leaves a log, an
/// export or a backup, and nothing else tells that it ran.
///
/// Name `file_` and the file's name (`file_backup.log`), level 2, blocking, in no group. A symbolic link counts as the
/// file that it leads to. Anything that is not a regular file fails, and is never opened: a FIFO would block its reader.
///
/// | data | |
/// |---|---|
/// | `bytes` | the size of the file |
/// | `age_ms` | milliseconds since the last change of its content; `null` if that is not known |
///
/// Every setting that the file breaks stands in the message. A time of change up to a minute in the future counts as now,
/// because clocks differ. Beyond that the age is not known, which warns if there is a [`changed_within`](FileProbe::changed_within).
///
/// A file that does not exist fails at run time, because a job may not have run yet. It is a start-up error if the path is
/// empty or contains NUL, or if no file can satisfy the settings.
///
/// ```
/// use std::time::Duration;
///
/// use health_runtime::{Registry, probes};
///
/// let day = Duration::from_secs(24 * 3600);
/// let backup = probes::file("/var/backups/orders.dump").changed_within(day + day / 12).min_bytes(1_000_000);
/// let registry = Registry::builder().check(backup.name("backup")).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn file(path: impl Into<PathBuf>) -> FileProbe {
    let path = path.into();
    FileProbe {
        check: idle_check(check_name("file", &path), Level::L2),
        path,
        changed_within: None,
        min_bytes: 0,
        max_bytes: None,
        last_line: None,
        last_line_contains: None,
    }
}

impl FileProbe {
    /// Sets the time since the last change of the content beyond which it fails. Default: any. For a daily job take a day and
    /// the time that it needs. Zero is a start-up error. ([`max_age`](Self::max_age) is about results of the check.)
    pub fn changed_within(mut self, age: Duration) -> Self {
        self.changed_within = Some(age);
        self
    }

    /// Sets the size below which it fails, in bytes. Default: 0, so that an empty file passes.
    pub fn min_bytes(mut self, bytes: u64) -> Self {
        self.min_bytes = bytes;
        self
    }

    /// Sets the size above which it fails, in bytes. Default: any. A size below [`min_bytes`](Self::min_bytes) is a start-up error.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Sets the text that the last line has to be, without white space around it. Default: any. An empty text, or one of
    /// several lines, is a start-up error.
    ///
    /// Lines without text are passed over, and at most 64 KiB are read, from the end of the file. A line that is being written counts as it stands; with
    /// [`failure_threshold(2)`](Self::failure_threshold) a second look decides.
    pub fn last_line(mut self, line: impl Into<String>) -> Self {
        self.last_line = Some(line.into());
        self
    }

    /// Sets a text that the last line has to contain, like [`last_line`](Self::last_line). Upper and lower case differ.
    pub fn last_line_contains(mut self, text: impl Into<String>) -> Self {
        self.last_line_contains = Some(text.into());
        self
    }

    fn look(&self) -> Result<FileFacts, String> {
        let metadata = self.path.metadata().map_err(|error| inaccessible(&self.path, &error))?;
        if !metadata.is_file() {
            let kind = kind(metadata.file_type());
            return Err(format!("`{}` is {kind}, not a regular file", self.path.display()));
        }
        let reads = self.last_line.is_some() || self.last_line_contains.is_some();
        let last_line = if reads {
            let read = LastLine::read(&self.path);
            Some(read.map_err(|error| format!("`{}` cannot be read: {error}", self.path.display()))?)
        } else {
            None
        };
        Ok(FileFacts { bytes: metadata.len(), age: age(&metadata), last_line })
    }

    fn faults(&self) -> Vec<String> {
        let age = self
            .changed_within
            .filter(Duration::is_zero)
            .map(|_| "its longest age is zero, which every file exceeds".to_owned());
        let size = self
            .max_bytes
            .filter(|max| *max < self.min_bytes)
            .map(|max| format!("no file has at least {} and at most {max} bytes", self.min_bytes));
        let lines = [&self.last_line, &self.last_line_contains].into_iter().flatten();
        let lines = lines.filter(|text| text.trim().is_empty() || text.contains('\n'));
        let lines = lines.map(|text| format!("{text:?} is not a valid part of a last line; write one line with text"));
        path_fault(&self.path).into_iter().chain(age).chain(size).chain(lines).collect()
    }

    fn judge(&self, facts: FileFacts) -> Outcome {
        let FileFacts { bytes, age, last_line } = facts;
        let mut failures = Vec::new();
        match (self.changed_within, age) {
            (Some(max), Some(age)) if age > max => {
                failures.push(format!("it was changed {} ago, more than {}", readable_apart(age, max), readable(max)));
            }
            _ => {}
        }
        if bytes < self.min_bytes {
            failures.push(format!("it has {bytes} bytes, fewer than {}", self.min_bytes));
        }
        if let Some(max) = self.max_bytes.filter(|max| bytes > *max) {
            failures.push(format!("it has {bytes} bytes, more than {max}"));
        }
        if let Some(line) = &last_line {
            failures.extend(self.judge_line(line));
        }
        let data = FileData { bytes, age_ms: age.map(milliseconds) };
        let message = |text: &str| format!("`{}`: {text}", self.path.display());
        if !failures.is_empty() {
            Details::fail(data, message(&failures.join("; ")))
        } else if self.changed_within.is_some() && age.is_none() {
            Details::warn(data, message("its age is not known, because its time of change lies in the future"))
        } else {
            Details::pass(data)
        }
        .into_outcome()
    }

    fn judge_line(&self, line: &LastLine) -> Option<String> {
        let is_equal = |text: &String| !line.is_cut && line.text == text.trim();
        let fault = if let Some(text) = self.last_line.as_ref().filter(|text| !is_equal(text)) {
            format!("and not `{}`", text.trim())
        } else if let Some(text) = self.last_line_contains.as_ref().filter(|text| !line.text.contains(text.trim())) {
            format!("and does not contain `{}`", text.trim())
        } else {
            return None;
        };
        Some(match (line.text.as_str(), line.is_cut) {
            ("", _) => format!("it has no line with text, {fault}"),
            (text, true) => format!("its last line ends with `{}`, {fault}", excerpt(text)),
            (text, false) => format!("its last line is `{}`, {fault}", excerpt(text)),
        })
    }
}

/// State of a file at one moment.
struct FileFacts {
    bytes: u64,
    age: Option<Duration>,
    /// `None` if nothing depends on it.
    last_line: Option<LastLine>,
}

#[derive(Serialize)]
struct FileData {
    bytes: u64,
    age_ms: Option<u64>,
}

/// The last line with text.
#[derive(Debug, PartialEq)]
struct LastLine {
    text: String,
    /// Whether it begins before the part that was read.
    is_cut: bool,
}

impl LastLine {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(MAX_TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(MAX_TAIL_BYTES).read_to_end(&mut tail)?;
        Ok(Self::of(&tail, start == 0))
    }

    fn of(tail: &[u8], is_whole: bool) -> Self {
        let text = tail.trim_ascii_end();
        let (line, is_cut) = match text.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => (&text[end + 1..], false),
            None => (text, !is_whole),
        };
        Self { text: String::from_utf8_lossy(line.trim_ascii()).into_owned(), is_cut }
    }
}

/// Returns the noun for a file of another kind.
fn kind(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;

        if file_type.is_fifo() {
            return "a FIFO";
        } else if file_type.is_socket() {
            return "a socket";
        } else if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if file_type.is_dir() { "a folder" } else { "a special file" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Status;

    fn line(text: &str, is_cut: bool) -> LastLine {
        LastLine { text: text.to_owned(), is_cut }
    }

    #[test]
    fn last_line_has_text() {
        for (tail, is_whole, expected) in [
            ("", true, line("", false)),
            (" \n\n", true, line("", false)),
            ("done", true, line("done", false)),
            ("begin\ndone\n", true, line("done", false)),
            ("begin\r\ndone\r\n\r\n", true, line("done", false)),
            ("begin\n  done 7  \n", true, line("done 7", false)),
            ("begin\ndo", false, line("do", false)),
            ("egin of a long line", false, line("egin of a long line", true)),
            ("   ", false, line("", true)),
        ] {
            assert_eq!(LastLine::of(tail.as_bytes(), is_whole), expected, "{tail:?}");
        }
        assert_eq!(LastLine::of(b"a\nb\xff\n", true).text, "b\u{fffd}");
    }

    #[test]
    fn message_names_every_broken_setting() {
        let probe = file("/f").changed_within(Duration::from_secs(1)).min_bytes(10).last_line("done");
        let facts = FileFacts { bytes: 9, age: Some(Duration::from_secs(61)), last_line: Some(line("failed", false)) };
        let outcome = probe.judge(facts);
        let message = "`/f`: it was changed 1m 1s ago, more than 1s; it has 9 bytes, fewer than 10; \
                       its last line is `failed`, and not `done`";
        assert_eq!((outcome.status(), outcome.message()), (Status::Fail, Some(message)));
    }

    #[test]
    fn cut_line_contains_but_never_equals() {
        let cut = line("all is done", true);
        assert_eq!(file("/f").last_line_contains("done").judge_line(&cut), None);
        let text = "its last line ends with `all is done`, and not `all is done`";
        assert_eq!(file("/f").last_line("all is done").judge_line(&cut).as_deref(), Some(text));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_have_a_last_line_without_breaks(tail in any::<Vec<u8>>(), is_whole: bool) {
            let line = LastLine::of(&tail, is_whole);
            prop_assert!(!line.text.contains('\n') && line.text.len() <= tail.len() * 3);
        }
    }
}
