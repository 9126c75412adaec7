//! Files of `/proc` that describe this process.

use std::{fs, io::ErrorKind, path::Path};

/// Reads a file of the kernel.
pub(super) fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("`{path}` is not readable: {error}"))
}

/// Reads a file of a cgroup, which only some systems have.
pub(super) fn read_optional(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Returns the soft limit of this name in `/proc/self/limits`; `u64::MAX` if there is none.
pub(super) fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let value = limits.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?;
    if value == "unlimited" { Some(u64::MAX) } else { value.parse().ok() }
}

/// Returns the first number behind this key in `/proc/self/status`.
pub(super) fn status_number(status: &str, key: &str) -> Option<u64> {
    let mut values = status.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    values.next()?.split_whitespace().next()?.parse().ok()
}

/// Counts the open descriptors of this process.
pub(super) fn count_descriptors() -> Result<u64, String> {
    const FOLDER: &str = "/proc/self/fd";
    let failure = |error| format!("`{FOLDER}` is not readable: {error}");
    // Since Linux 6.2 it is the size of the folder, which costs no descriptor and no walk.
    let size = fs::metadata(FOLDER).map_err(failure)?.len();
    if size > 0 {
        return Ok(size);
    }
    let mut count = 0;
    for entry in fs::read_dir(FOLDER).map_err(failure)? {
        match entry {
            Ok(_) => count += 1,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failure(error)),
        }
    }
    // One of them is that of this walk.
    Ok(u64::saturating_sub(count, 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
                          Max processes             unlimited            96343                processes \n\
                          Max open files            1024                 524288               files     \n";

    #[test]
    fn soft_limits_are_found_by_name() {
        assert_eq!(soft_limit(LIMITS, "Max open files"), Some(1_024));
        assert_eq!(soft_limit(LIMITS, "Max processes"), Some(u64::MAX));
        assert_eq!(soft_limit(LIMITS, "Max sorrows"), None);
        assert_eq!(soft_limit("Max open files", "Max open files"), None);
    }

    #[test]
    fn numbers_of_the_status_are_found_by_key() {
        let status = "Name:\tThreads: 9\nUid:\t1000\t0\t0\t0\nThreads:\t12\n";
        assert_eq!(status_number(status, "Threads"), Some(12));
        assert_eq!(status_number(status, "Uid"), Some(1_000));
        assert_eq!(status_number(status, "Name"), None);
        assert_eq!(status_number(status, "Thread"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_parsed_without_panic(text in "(Max open files|Threads:|[ \t\n0-9a-z]|\\PC){0,40}") {
            let _ = (soft_limit(&text, "Max open files"), status_number(&text, "Threads"));
        }
    }
}
