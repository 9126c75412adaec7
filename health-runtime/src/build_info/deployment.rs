//! When this version was deployed, which the process cannot know: a restart looks the same.

use std::time::{Duration, SystemTime};

use super::metadata::LATEST_DATE;

/// Variables that hold the time of the deployment: the service's own, then those that platforms set.
const VARIABLES: [&str; 2] = ["DEPLOYED_AT", "HEROKU_RELEASE_CREATED_AT"];

/// Returns the time that the first variable with a valid one holds. Logs those that hold something else.
pub(super) fn deployed_at(variable: impl Fn(&str) -> Option<String>) -> Option<SystemTime> {
    VARIABLES.into_iter().find_map(|name| {
        let value = variable(name).filter(|value| !value.trim().is_empty())?;
        let time = parse(value.trim());
        if time.is_none() {
            tracing::warn!(
                variable = name,
                ?value,
                "not a valid RFC 3339 time, so it is not reported as `deployed_at`; write one such as \
                 2026-11-20T20:00:00Z or 2026-11-20T22:00:00+02:00"
            );
        }
        time
    })
}

/// Parses RFC 3339 with any offset, which humantime lacks. `None` also before 1970 and after 9999.
fn parse(text: &str) -> Option<SystemTime> {
    let (local, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, "+00:00"),
        None => text.split_at_checked(text.len().checked_sub("+00:00".len())?)?,
    };
    // humantime takes a second offset for the end.
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
    (since_epoch.as_secs() <= LATEST_DATE).then_some(time)
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
    fn malformed_times_and_times_without_a_written_form_are_absent() {
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
        assert_eq!(seconds("9999-12-31T23:59:59Z"), Some(LATEST_DATE));
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
