//! Probes of files and folders: traces that jobs and queues leave.

mod directory;
mod file;

use std::{
    fs::Metadata,
    io,
    path::Path,
    time::{Duration, SystemTime},
};

pub use directory::{DirectoryProbe, directory};
pub use file::{FileProbe, file};

/// Longest time by which a change may lie in the future: clocks of machines that share a file system differ.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Returns the name of a check on a path: the kind, and the last part of the path.
fn check_name(kind: &str, path: &Path) -> String {
    path.file_name().map_or_else(|| kind.to_owned(), |name| format!("{kind}_{}", name.to_string_lossy()))
}

/// Returns why no file can have this path.
fn path_fault(path: &Path) -> Option<String> {
    match path.as_os_str().as_encoded_bytes() {
        [] => Some("its path is empty".to_owned()),
        bytes if bytes.contains(&0) => Some(format!("`{}` is not a valid path; it contains NUL", path.display())),
        _ => None,
    }
}

/// Returns the text about a path that cannot be examined.
fn inaccessible(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match path.read_link() {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => {
            format!("`{shown}` is a symbolic link to `{}`, which does not exist", target.display())
        }
        _ if error.kind() == io::ErrorKind::NotFound => format!("`{shown}` does not exist"),
        _ => format!("`{shown}` is not accessible: {error}"),
    }
}

/// Returns the time since the last change; `None` if that lies in the future, or is not known.
fn age(metadata: &Metadata) -> Option<Duration> {
    age_at(SystemTime::now(), metadata.modified().ok()?)
}

fn age_at(now: SystemTime, changed: SystemTime) -> Option<Duration> {
    match now.duration_since(changed) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= MAX_CLOCK_SKEW).then_some(Duration::ZERO),
    }
}

fn milliseconds(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

/// Formats an age as people say it: to the second from a minute on.
fn readable(age: Duration) -> humantime::FormattedDuration {
    let millis = if age.as_secs() < 60 { age.subsec_millis() } else { 0 };
    humantime::format_duration(Duration::from_secs(age.as_secs()) + Duration::from_millis(millis.into()))
}

/// Formats an age like [`readable`], and to the nanosecond if it would look like the limit that it exceeds.
fn readable_apart(age: Duration, limit: Duration) -> humantime::FormattedDuration {
    let text = readable(age);
    if text.to_string() == readable(limit).to_string() { humantime::format_duration(age) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn age_tolerates_a_minute_of_clock_skew() {
        let now = SystemTime::now();
        assert_eq!(age_at(now, now - SECOND * 5), Some(SECOND * 5));
        assert_eq!(age_at(now, now), Some(Duration::ZERO));
        assert_eq!(age_at(now, now + MAX_CLOCK_SKEW), Some(Duration::ZERO));
        assert_eq!(age_at(now, now + MAX_CLOCK_SKEW + SECOND), None);
    }

    #[test]
    fn ages_are_readable() {
        for (millis, text) in [(0, "0s"), (1_250, "1s 250ms"), (61_250, "1m 1s"), (93_784_005, "1day 2h 3m 4s")] {
            assert_eq!(readable(Duration::from_millis(millis)).to_string(), text);
        }
    }

    #[test]
    fn age_never_looks_like_the_limit_that_it_exceeds() {
        for (age, limit, text) in
            [(61_400, 61_000, "1m 1s 400ms"), (62_400, 61_000, "1m 2s"), (61_900, 61_400, "1m 1s 900ms")]
        {
            let [age, limit] = [age, limit].map(Duration::from_millis);
            assert_eq!(readable_apart(age, limit).to_string(), text);
        }
    }

    #[test]
    fn name_is_that_of_the_last_part() {
        for (path, name) in [("/var/log/backup.log", "file_backup.log"), ("/", "file"), ("", "file"), ("a/", "file_a")]
        {
            assert_eq!(check_name("file", Path::new(path)), name);
        }
    }
}
