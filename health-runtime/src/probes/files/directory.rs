//! Probe of a folder whose entries wait for somebody.

use std::{fs, io::ErrorKind, path::PathBuf, time::Duration};

use serde::Serialize;

use super::{age, check_name, inaccessible, milliseconds, path_fault, readable, readable_apart};
use crate::{
    details::Details,
    model::{IntoOutcome, Level, Outcome},
    probes::probe::{excerpt, idle_check, probe},
};

/// Number of entries after which a scan ends, unless more are allowed to be there.
const MAX_SCANNED_ENTRIES: usize = 10_000;

probe! {
    /// The probe of [`probes::directory`](directory()).
    pub struct DirectoryProbe { path: PathBuf, max_entries: Option<usize>, max_entry_age: Option<Duration> }

    /// Counts once. It blocks until the file system answers.
    ///
    /// ```
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 2)]` above it.
    /// fn outbox() -> Outcome {
    ///     probes::directory("/var/spool/orders").max_entries(500).observe()
    /// }
    /// # let _ = outbox();
    /// ```
    blocking fn observe;
}

/// Checks the backlog in a folder: the number of its entries, and the age of the oldest.
///
/// Name `directory_` and the folder's name (`directory_orders`), level 2, blocking, in no group. Files, folders and links
/// count, one each; nobody looks into them. Names that begin with a dot do not count, because they are those of `.gitkeep`
/// and of files that are still being copied.
///
/// | data | |
/// |---|---|
/// | `entries` | number of entries that were counted |
/// | `is_complete` | whether these are all entries |
/// | `oldest_age_ms` | milliseconds since the last change of the oldest entry; `null` without [`max_entry_age`](DirectoryProbe::max_entry_age), or without an entry |
///
/// A scan ends after 10,000 entries, or after [`max_entries`](DirectoryProbe::max_entries) if that is more. Then the
/// message says "more than", and if only an age is limited and no old entry was found, the check warns. It ends as well
/// after the same number of names with a dot, and then warns unless what it has seen fails, or nothing is limited. The age
/// costs a system call for each entry. It is the time since the last change of the content, which `mv` does not touch. A
/// time in the future counts as now.
///
/// A folder that does not exist fails at run time. It is a start-up error if the path is empty or contains NUL, or if the
/// longest age is zero.
///
/// ```
/// use std::time::Duration;
///
/// use health_runtime::{Registry, probes};
///
/// let outbox = probes::directory("/var/spool/orders").max_entries(500).max_entry_age(Duration::from_secs(15 * 60));
/// let registry = Registry::builder().check(outbox.name("outbox")).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn directory(path: impl Into<PathBuf>) -> DirectoryProbe {
    let path = path.into();
    DirectoryProbe {
        check: idle_check(check_name("directory", &path), Level::L2),
        path,
        max_entries: None,
        max_entry_age: None,
    }
}

impl DirectoryProbe {
    /// Sets the number of entries above which it fails. Default: any. 0 is for a folder of letters that nobody could deliver.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = Some(entries);
        self
    }

    /// Sets the time since the last change of the oldest entry beyond which it fails. Default: any. Zero is a
    /// start-up error.
    pub fn max_entry_age(mut self, age: Duration) -> Self {
        self.max_entry_age = Some(age);
        self
    }

    fn look(&self) -> Result<Backlog, String> {
        let inaccessible = |error| inaccessible(&self.path, &error);
        let limit = self.max_entries.unwrap_or_default().max(MAX_SCANNED_ENTRIES);
        let (mut backlog, mut dot_names) = (Backlog { entries: 0, end: ScanEnd::Last, oldest: None }, 0);
        for entry in fs::read_dir(&self.path).map_err(inaccessible)? {
            let entry = entry.map_err(inaccessible)?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                dot_names += 1;
                if dot_names > limit {
                    backlog.end = ScanEnd::DotNames(limit);
                    break;
                }
                continue;
            }
            if backlog.entries == limit {
                backlog.end = ScanEnd::Entries;
                break;
            }
            if self.max_entry_age.is_some() {
                let age = match entry.metadata() {
                    Ok(metadata) => age(&metadata).unwrap_or_default(),
                    // Somebody took it meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(inaccessible(error)),
                };
                if backlog.oldest.as_ref().is_none_or(|(_, oldest)| age > *oldest) {
                    backlog.oldest = Some((name.to_string_lossy().into_owned(), age));
                }
            }
            backlog.entries += 1;
        }
        Ok(backlog)
    }

    fn faults(&self) -> Vec<String> {
        let age = self.max_entry_age.filter(Duration::is_zero);
        let age = age.map(|_| "its longest age is zero, which every entry exceeds".to_owned());
        path_fault(&self.path).into_iter().chain(age).collect()
    }

    fn judge(&self, backlog: Backlog) -> Outcome {
        let Backlog { entries, end, oldest } = backlog;
        let has_more = end == ScanEnd::Entries;
        let count = if has_more { "more than " } else { "" };
        let count = format!("it has {count}{entries} entries");
        let mut failures = Vec::new();
        if let Some(max) = self.max_entries.filter(|max| entries > *max || has_more) {
            failures.push(format!("{count}, and at most {max} are allowed"));
        }
        match (self.max_entry_age, &oldest) {
            (Some(max), Some((name, age))) if *age > max => failures.push(format!(
                "its oldest entry, `{}`, was changed {} ago, more than {}",
                excerpt(name),
                readable_apart(*age, max),
                readable(max)
            )),
            _ => {}
        }
        let is_complete = end == ScanEnd::Last;
        let data = DirectoryData { entries, is_complete, oldest_age_ms: oldest.map(|(_, age)| milliseconds(age)) };
        let is_limited = self.max_entries.is_some() || self.max_entry_age.is_some();
        let message = |text: &str| format!("`{}`: {text}", self.path.display());
        match end {
            _ if !failures.is_empty() => Details::fail(data, message(&failures.join("; "))),
            ScanEnd::Entries if is_limited => {
                Details::warn(data, message(&format!("{count}, and the oldest may be among the others")))
            }
            ScanEnd::DotNames(limit) if is_limited => {
                let text =
                    format!("it has more than {limit} names that begin with a dot, so not all entries were seen");
                Details::warn(data, message(&text))
            }
            _ => Details::pass(data),
        }
        .into_outcome()
    }
}

/// The entries of a folder at one moment.
struct Backlog {
    entries: usize,
    end: ScanEnd,
    /// Name and age.
    oldest: Option<(String, Duration)>,
}

/// The reason for which a scan ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScanEnd {
    /// All entries were seen.
    Last,
    /// There are more entries than are counted.
    Entries,
    /// There are more names with a dot than this number, which do not count.
    DotNames(usize),
}

#[derive(Serialize)]
struct DirectoryData {
    entries: usize,
    is_complete: bool,
    oldest_age_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn backlog(entries: usize, end: ScanEnd) -> Backlog {
        Backlog { entries, end, oldest: Some(("a".to_owned(), HOUR)) }
    }

    #[test]
    fn unfinished_scan_is_said() {
        for (probe, status, message) in [
            (directory("/d"), Status::Pass, None),
            (
                directory("/d").max_entries(9),
                Status::Fail,
                Some("`/d`: it has more than 10 entries, and at most 9 are allowed"),
            ),
            (
                directory("/d").max_entries(10),
                Status::Fail,
                Some("`/d`: it has more than 10 entries, and at most 10 are allowed"),
            ),
            (
                directory("/d").max_entry_age(HOUR),
                Status::Warn,
                Some("`/d`: it has more than 10 entries, and the oldest may be among the others"),
            ),
            (
                directory("/d").max_entry_age(HOUR / 2),
                Status::Fail,
                Some("`/d`: its oldest entry, `a`, was changed 1h ago, more than 30m"),
            ),
        ] {
            let outcome = probe.judge(backlog(10, ScanEnd::Entries));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
    }

    #[test]
    fn scan_that_names_with_a_dot_ended_warns() {
        let message = "`/d`: it has more than 7 names that begin with a dot, so not all entries were seen";
        for (probe, status) in [
            (directory("/d"), Status::Pass),
            (directory("/d").max_entries(10), Status::Warn),
            (directory("/d").max_entry_age(HOUR), Status::Warn),
            (directory("/d").max_entries(9), Status::Fail),
        ] {
            let outcome = probe.judge(backlog(10, ScanEnd::DotNames(7)));
            assert_eq!(outcome.status(), status, "{outcome:?}");
            assert_eq!(outcome.message() == Some(message), status == Status::Warn, "{outcome:?}");
        }
    }

    #[test]
    fn number_and_age_are_limited() {
        let probe = directory("/d").max_entries(9).max_entry_age(HOUR / 2);
        let message = "`/d`: it has 10 entries, and at most 9 are allowed; its oldest entry, `a`, was changed 1h ago, more than 30m";
        assert_eq!(probe.judge(backlog(10, ScanEnd::Last)).message(), Some(message));
        let probe = probe.max_entries(10).max_entry_age(HOUR);
        assert_eq!(probe.judge(backlog(10, ScanEnd::Last)).status(), Status::Pass);
    }
}
