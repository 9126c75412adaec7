//! Time of the deployment, which comes from the environment: for the process a restart looks the same.

use std::time::{Duration, SystemTime};

use super::metadata::MAX_UNIX_SECONDS;

/// Variables with the time of the deployment: the service's own, then those of platforms.
const DEPLOYMENT_VARIABLES: [&str; 2] = ["DEPLOYED_AT", "HEROKU_RELEASE_CREATED_AT"];

/// Returns the time in the first variable that has a valid one. Logs invalid values.
pub(super) fn deployed_at(variable: impl Fn(&str) -> Option<String>) -> Option<SystemTime> {
    DEPLOYMENT_VARIABLES.into_iter().find_map(|name| {
        let value = variable(name).filter(|value| !value.trim().is_empty())?;
        let time = parse(value.trim());
        if time.is_none() {
            tracing::warn!(
                variable = name,
                ?value,
                "not a valid RFC 3339 time, so `deployed_at` is not reported; write one such as \
                 2026-11-20T20:00:00Z or 2026-11-20T22:00:00+02:00"
            );
        }
        time
    })
}

/// Parses RFC 3339 with any offset, which humantime lacks. Returns `None` before 1970 and after 9999 as well.
fn parse(text: &str) -> Option<SystemTime> {
    let (local, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, "+00:00"),
        None => text.split_at_checked(text.len().checked_sub("+00:00".len())?)?,
    };
    // humantime ignores a second offset.
    if !local.get("2026-01-01T".len()..)?.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.')) {
        return None;
    }
    let time = humantime::parse_rfc3339(&format!("{}Z", local.to_ascii_uppercase())).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let east_of_utc = Duration::from_secs(two_digits(hours, 24)? * 3_600 + two_digits(minutes, 60)? * 60);
    let time = match offset.as_bytes() {
        [b'+', ..] => time.checked_sub(east_of_utc)?,
        [b'-', ..] => time.checked_add(east_of_utc)?,
        _ => return None,
    };
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (since_epoch.as_secs() <= MAX_UNIX_SECONDS).then_some(time)
}

fn two_digits(text: &str, below: u64) -> Option<u64> {
    let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number < below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        Some(parse(text)?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
    }

    #[test]
    fn offsets_are_subtracted() {
        for text in [
            "2026-01-01T00:00:00Z",
            "2026-01-01t00:00:00z",
            "2026-01-01T00:00:00.999999999Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00-00:00",
            "2026-01-01T05:30:00+05:30",
            "2025-12-31T19:00:00.5-05:00",
        ] {
            assert_eq!(seconds(text), Some(1_767_225_600), "{text}");
        }
    }

    #[test]
    fn malformed_and_unwritable_times_are_absent() {
        for text in [
            "",
            "Z",
            "+00:00",
            "now",
            "1767225600",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+0000",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+00:60",
            "2026-01-01T00:00:00 00:00",
            "2026-01-01T00:00:00++1:00",
            "2026-01-01T00:00:00+é:0",
            "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00:00+00:00Z",
            "2026-01-01T00:00:00Z+00:00",
            "2026-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(seconds(text), None, "{text:?}");
        }
        assert_eq!(seconds("9999-12-31T23:59:59Z"), Some(MAX_UNIX_SECONDS));
    }

    #[test]
    fn first_valid_variable_counts() {
        let at = |own: Option<&str>, platform: Option<&str>| {
            let variable = |name: &str| if name == "DEPLOYED_AT" { own } else { platform }.map(str::to_owned);
            deployed_at(variable).map(|time| humantime::format_rfc3339_seconds(time).to_string())
        };
        let (new, old) = ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z");
        assert_eq!(at(Some(new), Some(old)).as_deref(), Some(new));
        assert_eq!(at(Some("soon"), Some(old)).as_deref(), Some(old));
        assert_eq!(at(Some("  "), Some(old)).as_deref(), Some(old));
        assert_eq!(at(None, None), None);
    }
}
