//! The audit: each operation is logged; the first refusals of each address in full, the others as a number.

use std::{
    collections::HashMap,
    mem,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

use super::{
    caller::{Caller, network},
    refusal::{AUDIT_TARGET, RefusalReason},
};
use crate::{
    log::{self, Topic},
    render::Visibility,
    sync::lock,
    text::escape_controls,
    time::timestamp_seconds,
};

/// Maximum number of events of one kind, address and minute that are logged in full.
const MAX_FULL_EVENTS: u64 = 5;

/// Maximum number of addresses with their own counts; further ones share one. The log has room for all these numbers at
/// once.
const MAX_ADDRESSES: usize = 128;

const PERIOD: Duration = Duration::from_secs(60);

/// A caller that may operate a check.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) visibility: Visibility,
    /// Name of a user, or id of a key; `None` if the credentials have none.
    pub(super) name: Option<String>,
    pub(super) caller: Caller,
}

impl Operator {
    /// Returns the name, for everybody who sees what it did.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("a caller without a name")
    }

    /// Logs an operation on a check, with its end and its reason, if it has them. The reason holds no secrets any more.
    pub(crate) fn log(&self, operation: &'static str, check: &str, until: Option<SystemTime>, reason: Option<&str>) {
        let peer = self.caller.peer().filter(|_| self.caller.address().is_none());
        let escaped = |text: &str| escape_controls(text).into_owned();
        let (address, caller) = (self.caller.address(), self.name.as_deref().map(escaped));
        let (check, until, reason) = (check.to_owned(), until.map(timestamp_seconds), reason.map(escaped));
        log::write(Topic::Access, move || {
            tracing::warn!(
                target: AUDIT_TARGET,
                address = address.map(tracing::field::display),
                peer = peer.map(tracing::field::display),
                caller,
                operation,
                check,
                until,
                reason,
                "health check operated by a caller"
            );
        });
    }
}

/// An event that the audit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuditEvent {
    Refused(RefusalReason),
    /// The client disconnected before the decision.
    Abandoned,
}

/// Decides which events are logged in full, and logs the number of the others at the end of the minute.
#[derive(Debug, Default)]
pub(super) struct Audit {
    minute: Arc<Mutex<Minute>>,
}

#[derive(Debug, Default)]
struct Minute {
    /// Time of its first event.
    began: Option<Instant>,
    /// `None` is the key of callers whose address is unknown.
    by_address: HashMap<Option<IpAddr>, Tally>,
    other_addresses: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally([u64; RefusalReason::COUNT + 1]);

impl Audit {
    /// Counts an event. Returns whether to log it in full.
    pub(super) fn admits(&self, address: Option<IpAddr>, event: AuditEvent) -> bool {
        let mut minute = lock(&self.minute);
        let is_over = minute.began.is_some_and(|began| began.elapsed() >= PERIOD);
        // The task that ends a minute may have ended with its runtime.
        let before = is_over.then(|| mem::take(&mut *minute));
        if minute.began.is_none() {
            let now = Instant::now();
            minute.began = Some(now);
            self.end_later(now);
        }
        let number = minute.tally(address.map(network)).count(event);
        drop(minute);
        if let Some(before) = before {
            before.log();
        }
        number <= MAX_FULL_EVENTS
    }

    /// Ends this minute on time, also without further events.
    fn end_later(&self, began: Instant) {
        let Ok(runtime) = Handle::try_current() else { return };
        let minute = Arc::downgrade(&self.minute);
        runtime.spawn(async move {
            sleep(PERIOD).await;
            let Some(minute) = minute.upgrade() else { return };
            let mut minute = lock(&minute);
            // An event may have ended the minute already and begun the next one.
            if minute.began == Some(began) {
                let ended = mem::take(&mut *minute);
                drop(minute);
                ended.log();
            }
        });
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        let last = mem::take(&mut *lock(&self.minute));
        last.log();
        log::flush();
    }
}

impl Minute {
    fn tally(&mut self, address: Option<IpAddr>) -> &mut Tally {
        if self.by_address.len() < MAX_ADDRESSES || self.by_address.contains_key(&address) {
            self.by_address.entry(address).or_default()
        } else {
            &mut self.other_addresses
        }
    }

    fn log(self) {
        for (address, tally) in self.by_address {
            tally.log(address.map(|address| address.to_string()));
        }
        self.other_addresses.log(Some("others".to_owned()));
    }
}

impl Tally {
    /// Returns the number of events of this kind so far.
    fn count(&mut self, event: AuditEvent) -> u64 {
        let number = &mut self.0[match event {
            AuditEvent::Refused(reason) => reason as usize,
            AuditEvent::Abandoned => RefusalReason::COUNT,
        }];
        *number += 1;
        *number
    }

    /// Logs the number of events that were not logged in full, if any.
    fn log(self, address: Option<String>) {
        let omitted = self.0.map(|number| Some(number.saturating_sub(MAX_FULL_EVENTS)).filter(|omitted| *omitted > 0));
        let [unauthenticated, rejected, forbidden, unavailable, limited, abandoned] = omitted;
        if omitted == [None; RefusalReason::COUNT + 1] {
            return;
        }
        log::write(Topic::Access, move || {
            tracing::warn!(
                target: AUDIT_TARGET,
                address,
                unauthenticated,
                rejected,
                forbidden,
                unavailable,
                limited,
                abandoned,
                "more access refusals within a minute"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::{task::yield_now, time::advance};

    use super::*;

    /// Timers have whole milliseconds, so an event may come between the end of a minute and its task.
    #[tokio::test(start_paused = true)]
    async fn task_of_a_minute_does_not_end_the_next_minute() {
        let (audit, event) = (Audit::default(), AuditEvent::Refused(RefusalReason::Rejected));
        let admitted = || (0..2 * MAX_FULL_EVENTS).filter(|_| audit.admits(None, event)).count() as u64;
        advance(Duration::from_micros(500)).await;
        assert_eq!(admitted(), MAX_FULL_EVENTS);
        // The task begins to sleep.
        yield_now().await;
        advance(PERIOD).await;
        assert_eq!(admitted(), MAX_FULL_EVENTS);
        sleep(Duration::from_millis(2)).await;
        assert_eq!(admitted(), 0);
        sleep(PERIOD).await;
        assert_eq!(admitted(), MAX_FULL_EVENTS);
    }
}
