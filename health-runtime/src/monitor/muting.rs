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

/// The mute of one check, apart from its slot: a muted check runs as usual.
#[derive(Debug, Default)]
pub(super) struct Muting {
    current: Mutex<Option<Muted>>,
}

/// A mute with its end on the runtime's clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Muted {
    pub(super) mute: Arc<Mute>,
    /// `None` if it lasts as long as the process.
    pub(super) expires: Option<Instant>,
}

impl Muted {
    pub(super) fn new(duration: Option<Duration>, reason: &str, caller: String) -> Self {
        Self {
            mute: Arc::new(Mute {
                until: duration.map(wall_clock_after),
                reason: mask_credentials(reason).into_owned(),
                caller,
            }),
            expires: duration.map(|length| after(Instant::now(), length)),
        }
    }

    /// Returns the mute that ends first.
    pub(super) fn sooner(self, other: Self) -> Self {
        match (self.expires, other.expires) {
            (None, Some(_)) => other,
            (Some(one), Some(two)) if two < one => other,
            _ => self,
        }
    }

    /// Returns this mute for a dependent of its check. The reason is left out, because callers that see details
    /// of one check need not see those of the other.
    pub(super) fn for_dependent(self) -> Self {
        let Mute { until, caller, .. } = &*self.mute;
        let reason = "every check that blocks it is muted".to_owned();
        Self { mute: Arc::new(Mute { until: *until, reason, caller: caller.clone() }), ..self }
    }

    /// Returns whether it has expired. To be called under the lock: a time taken before could be earlier than the mute.
    fn is_over(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Instant::now())
    }
}

impl Muting {
    /// Replaces the mute.
    pub(super) fn set(&self, muted: Muted) {
        *lock(&self.current) = Some(muted);
    }

    /// Removes the mute. Returns whether one was active.
    pub(super) fn clear(&self) -> bool {
        lock(&self.current).take().is_some_and(|muted| !muted.is_over())
    }

    pub(super) fn is_muted(&self) -> bool {
        lock(&self.current).as_ref().is_some_and(|muted| !muted.is_over())
    }

    /// Returns the active mute. Removes an expired one and logs its removal.
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
            let caller = over.as_ref().map(|over| over.mute.caller());
            tracing::info!(check, caller, "health check mute expired");
        });
        None
    }
}

/// The mutes of the list that was given at start. They also hold for checks that are added later.
#[derive(Debug, Default)]
pub(super) struct ListedMutes {
    mutes: Mutex<Vec<ListedMute>>,
}

#[derive(Debug)]
pub(super) struct ListedMute {
    pub(super) check: String,
    pub(super) muted: Muted,
}

impl ListedMutes {
    pub(super) fn push(&self, mute: ListedMute) {
        lock(&self.mutes).push(mute);
    }

    /// Takes a check off the list, because its mute is decided anew.
    pub(super) fn remove(&self, check: &str) {
        lock(&self.mutes).retain(|listed| listed.check != check);
    }

    /// Returns the mute of a check that is added, unless it has expired.
    pub(super) fn of(&self, check: &str) -> Option<Muted> {
        let mutes = lock(&self.mutes);
        let latest = mutes.iter().rfind(|listed| listed.check == check)?;
        Some(latest.muted.clone()).filter(|muted| !muted.is_over())
    }
}

/// An entry of the list: a name and a duration. Without a duration, the mute lasts as long as the process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MuteEntry<'a> {
    pub(super) check: &'a str,
    pub(super) duration: Option<Duration>,
}

/// Parses a list like `billing,legacy=2h`.
///
/// # Errors
/// For each entry without a valid duration, the entry and its fault.
pub(super) fn parse_list(list: &str) -> impl Iterator<Item = Result<MuteEntry<'_>, String>> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| match entry.rsplit_once('=') {
        None => Ok(MuteEntry { check: entry, duration: None }),
        Some((check, time)) => match parse_duration(time) {
            Ok(time) => Ok(MuteEntry { check: check.trim(), duration: Some(time) }),
            Err(fault) => Err(format!("`{entry}`: {fault}")),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mute_list_is_parsed() {
        let muted = |check, hours: Option<u64>| Ok(MuteEntry { check, duration: hours.map(Duration::from_hours) });
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
        for (entry, text) in [("billing=soon", "soon"), ("db=2", "2"), ("c=", "")] {
            let fault =
                format!("`{entry}`: `{text}` is not a valid duration; write for example `500ms`, `2s` or `1m 30s`");
            assert_eq!(parse_list(entry).collect::<Vec<_>>(), [Err(fault)]);
        }
    }
}
