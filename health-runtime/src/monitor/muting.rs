//! Mutes of single checks, and the list of them in `HEALTH_MUTE`.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    log::{self, Topic},
    mask::mask_credentials,
    model::Mute,
    sync::lock,
    time::{after, parse_duration, wall_clock_after},
};

/// One check's mute, beside its slot: a check runs whether it is muted or not.
#[derive(Debug, Default)]
pub(super) struct Muting {
    current: Mutex<Option<Muted>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Muted {
    pub(super) mute: Arc<Mute>,
    /// `None` as long as the process lives.
    pub(super) expires: Option<Instant>,
}

impl Muted {
    pub(super) fn new(for_how_long: Option<Duration>, why: &str, by: String) -> Self {
        Self {
            mute: Arc::new(Mute {
                until: for_how_long.map(wall_clock_after),
                why: mask_credentials(why).into_owned(),
                by,
            }),
            expires: for_how_long.map(|length| after(Instant::now(), length)),
        }
    }

    /// Returns the one that ends first.
    pub(super) fn sooner(self, other: Self) -> Self {
        match (self.expires, other.expires) {
            (None, Some(_)) => other,
            (Some(one), Some(two)) if two < one => other,
            _ => self,
        }
    }

    /// Returns the same mute as it covers a check that the muted one blocks. The reason stays behind, because not
    /// everybody who sees details of one check sees those of the other.
    pub(super) fn of_dependent(self) -> Self {
        let Mute { until, by, .. } = &*self.mute;
        let why = "every check that blocks it is muted".to_owned();
        Self { mute: Arc::new(Mute { until: *until, why, by: by.clone() }), ..self }
    }

    /// To be asked under the lock: a time taken before it could be earlier than the mute itself.
    fn is_over(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Instant::now())
    }
}

impl Muting {
    /// Mutes in place of what was said before.
    pub(super) fn set(&self, muted: Muted) {
        *lock(&self.current) = Some(muted);
    }

    /// Takes the mute away, and says whether there was one.
    pub(super) fn clear(&self) -> bool {
        lock(&self.current).take().is_some_and(|muted| !muted.is_over())
    }

    pub(super) fn is_muted(&self) -> bool {
        lock(&self.current).as_ref().is_some_and(|muted| !muted.is_over())
    }

    /// The mute that holds now; one that is over is taken away, and who takes it away says so.
    pub(super) fn current(&self, check: &str) -> Option<Muted> {
        let over = {
            let mut current = lock(&self.current);
            if !current.as_ref()?.is_over() {
                return current.clone();
            }
            current.take()
        };
        let check = check.to_owned();
        log::write(Topic::Checks, move || {
            let by = over.as_ref().map(|over| over.mute.by());
            tracing::info!(check, by, "health check is no longer muted: its time is over");
        });
        None
    }
}

/// One entry: a name, and for how long; without a time it is as long as the process lives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MuteEntry<'a> {
    pub(super) check: &'a str,
    pub(super) for_how_long: Option<Duration>,
}

/// Parses a list like `billing,legacy=2h`.
///
/// # Errors
/// For each entry without a valid duration, the entry and its fault.
pub(super) fn parse_list(list: &str) -> impl Iterator<Item = Result<MuteEntry<'_>, String>> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| match entry.rsplit_once('=') {
        None => Ok(MuteEntry { check: entry, for_how_long: None }),
        Some((check, time)) => match parse_duration(time) {
            Ok(time) => Ok(MuteEntry { check: check.trim(), for_how_long: Some(time) }),
            Err(fault) => Err(format!("`{entry}`: {fault}")),
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
        ] {
            assert_eq!(parse_list(list).collect::<Vec<_>>(), entries, "{list}");
        }
        for (entry, duration) in [("billing=soon", "soon"), ("db=2", "2"), ("c=", "")] {
            let fault =
                format!("`{entry}`: `{duration}` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`");
            assert_eq!(parse_list(entry).collect::<Vec<_>>(), [Err(fault)]);
        }
    }
}
