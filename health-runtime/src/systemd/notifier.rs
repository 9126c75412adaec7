//! The task that keeps systemd informed.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, join, select};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{notify_socket::NotifySocket, status_text::status_text};
use crate::{
    http::Offer,
    model::{Group, Status},
    monitor::{Monitor, Selection, WeakMonitor},
    time::after,
};

/// Shortest time between two looks: at changes, at the startup group until it passes, and after an outage of the socket.
const MIN_PERIOD: Duration = Duration::from_secs(1);

/// Period in which readiness is asked, like that of a kubelet.
const READINESS_PERIOD: Duration = Duration::from_secs(10);

/// Shortest pause between two looks at liveness, for a watchdog of microseconds.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// Time for the requests in flight after the delay of a drain.
const TIME_FOR_REQUESTS: Duration = Duration::from_secs(30);

/// Starts the task, which ends with the monitor.
pub(super) fn start(monitor: &Monitor, shown: Offer, socket: NotifySocket, watchdog: Option<Duration>) {
    let notifier = Notifier { monitor: monitor.downgrade(), wakeups: monitor.wakeups(), shown, socket };
    monitor.spawn(async move {
        // Side by side, so that a readiness that hangs does not starve the watchdog.
        let watchdog = async {
            if let Some(period) = watchdog {
                notifier.feed_watchdog(period).await;
            }
        };
        join(watchdog, notifier.inform()).await;
    });
}

struct Notifier {
    monitor: WeakMonitor,
    /// Ends with the monitor.
    wakeups: watch::Receiver<()>,
    shown: Offer,
    socket: NotifySocket,
}

impl Notifier {
    /// Sends `WATCHDOG=1` while liveness passes, until the monitor is gone.
    async fn feed_watchdog(&self, period: Duration) {
        let mut wakeups = self.wakeups.clone();
        let selection = Selection::group(Group::Liveness).with_deadline(period / 2);
        while let Some(monitor) = self.monitor.upgrade() {
            let began = Instant::now();
            let is_alive = monitor.report(&selection).await.status() != Status::Fail;
            drop(monitor);
            let is_fed = is_alive && self.socket.send("WATCHDOG=1");
            let pause = if is_fed { period / 2 } else { period / 10 };
            let until = after(began, pause.max(MIN_PAUSE));
            while wait(until, &mut wakeups).await == Waited::Woken {}
        }
    }

    /// Sends everything else, until the monitor is gone.
    async fn inform(&self) {
        let mut wakeups = self.wakeups.clone();
        let mut sent = Sent::default();
        while let Some(monitor) = self.monitor.upgrade() {
            let began = Instant::now();
            wakeups.mark_unchanged();
            let period = self.look(&monitor, &mut sent).await;
            drop(monitor);
            if wait(after(began, period), &mut wakeups).await == Waited::Woken {
                // A change is looked at soon, and a drain at once.
                let earliest = after(began, MIN_PERIOD);
                while !self.has_begun_drain(&sent) && wait(earliest, &mut wakeups).await == Waited::Woken {}
            }
        }
    }

    /// Asks for the group that matters at this moment, and sends the differences. Returns the time until the next look.
    async fn look(&self, monitor: &Monitor, sent: &mut Sent) -> Duration {
        let (mut lines, mut next) = (Vec::new(), sent.clone());
        let state = if monitor.is_draining() {
            next.stopping = true;
            "draining"
        } else if sent.ready || passes(monitor, Group::Startup).await {
            next.ready = true;
            if passes(monitor, Group::Readiness).await { "ready" } else { "not ready" }
        } else {
            "starting"
        };
        let Some(known) = self.monitor.known() else { return MIN_PERIOD };
        next.status = status_text(state, &known, &self.shown);
        if next.ready && !sent.ready {
            lines.push("READY=1".to_owned());
        }
        if next.stopping && !sent.stopping {
            lines.push("STOPPING=1".to_owned());
            let time = monitor.drain_delay().map(|delay| delay.saturating_add(TIME_FOR_REQUESTS).as_micros());
            lines.extend(time.map(|micros| format!("EXTEND_TIMEOUT_USEC={}", micros.min(u64::MAX.into()))));
        }
        if next.status != sent.status {
            lines.push(format!("STATUS={}", next.status));
        }
        if !lines.is_empty() && !self.socket.send(&lines.join("\n")) {
            return MIN_PERIOD;
        }
        *sent = next;
        if sent.ready || sent.stopping { READINESS_PERIOD } else { MIN_PERIOD }
    }

    fn has_begun_drain(&self, sent: &Sent) -> bool {
        !sent.stopping && self.monitor.upgrade().is_some_and(|monitor| monitor.is_draining())
    }
}

/// The parts of the messages that have arrived.
#[derive(Clone, Default)]
struct Sent {
    ready: bool,
    stopping: bool,
    status: String,
}

async fn passes(monitor: &Monitor, group: Group) -> bool {
    monitor.report(&Selection::group(group)).await.status() != Status::Fail
}

#[derive(PartialEq, Eq)]
enum Waited {
    Woken,
    /// The time has come, or the monitor is gone.
    Over,
}

/// Waits until this time, for a change of a check, or for the end of the monitor.
async fn wait(until: Instant, wakeups: &mut watch::Receiver<()>) -> Waited {
    match select(pin!(sleep_until(until)), pin!(wakeups.changed())).await {
        Either::Right((Ok(()), _)) => Waited::Woken,
        _ => Waited::Over,
    }
}
