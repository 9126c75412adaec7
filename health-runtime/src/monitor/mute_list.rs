//! What stands in `HEALTH_MUTE`.

use std::time::Duration;

/// One entry: a name, and for how long; without a time it is as long as the process lives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MuteEntry<'a> {
    pub(super) check: &'a str,
    pub(super) for_how_long: Option<Duration>,
}

/// Reads `billing,legacy=2h`. An entry whose time cannot be read comes out as it is.
pub(super) fn parse(list: &str) -> impl Iterator<Item = Result<MuteEntry<'_>, &str>> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| match entry.rsplit_once('=') {
        None => Ok(MuteEntry { check: entry, for_how_long: None }),
        Some((check, time)) => match humantime::parse_duration(time.trim()) {
            Ok(time) => Ok(MuteEntry { check: check.trim(), for_how_long: Some(time) }),
            Err(_) => Err(entry),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let muted = |check, hours: Option<u64>| Ok(MuteEntry { check, for_how_long: hours.map(Duration::from_hours) });
        for (list, entries) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("billing", vec![muted("billing", None)]),
            (" billing , legacy=2h,", vec![muted("billing", None), muted("legacy", Some(2))]),
            ("the partner = 1day 1h", vec![muted("the partner", Some(25))]),
            ("a=b=1h", vec![muted("a=b", Some(1))]),
            ("billing=soon,db=2,c=", vec![Err("billing=soon"), Err("db=2"), Err("c=")]),
        ] {
            assert_eq!(parse(list).collect::<Vec<_>>(), entries, "{list}");
        }
    }
}
