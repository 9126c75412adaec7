//! The unit of systemd that this process is the service of: when it is ready, alive, draining, and what fails.

#[cfg(target_os = "linux")]
mod notifier;
#[cfg(target_os = "linux")]
mod notify_socket;
#[cfg(target_os = "linux")]
mod settings;
#[cfg(target_os = "linux")]
mod status_text;
#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(target_os = "linux")]
use crate::model::{Group, Levels};
use crate::{
    http::{Endpoint, Offer},
    monitor::Monitor,
};

impl Endpoint {
    /// Keeps systemd informed, from now on and until the monitor is gone. Without `NOTIFY_SOCKET`, which systemd sets for units
    /// of `Type=notify` or with `WatchdogSec=`, it does nothing; so it may always be called.
    ///
    /// Call it once, when the service accepts requests, because systemd may start others that need it:
    ///
    /// ```no_run
    /// use std::{error::Error, time::Duration};
    ///
    /// use health_runtime::{health_endpoint, probes};
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn Error>> {
    ///     let health = health_endpoint! { checks: [probes::runtime_lag()] }?;
    ///     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    ///     health.notify_systemd();
    ///     let shutdown = health.monitor().graceful_shutdown(Duration::from_secs(5));
    ///     axum::serve(listener, axum::Router::new().merge(health)).with_graceful_shutdown(shutdown).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// | message | sent |
    /// |---|---|
    /// | `READY=1` | once, when the startup group passes; it is asked each second. Without a check in it, at once |
    /// | `WATCHDOG=1` | twice in each `WatchdogSec=` while the liveness group passes. A group that fails or hangs is asked again after a tenth of it |
    /// | `STATUS=` | when the text changes: readiness, which is asked every 10 s, and the names of the checks that fail or warn with their causes, in 512 bytes at most |
    /// | `STOPPING=1` | once, when a drain begins |
    /// | `EXTEND_TIMEOUT_USEC=` | with it, if [`graceful_shutdown`](Monitor::graceful_shutdown) drains: its delay and 30 s, so that a shorter `TimeoutStopSec=` does not cut the drain off |
    ///
    /// Nothing is sent for liveness that fails: systemd restarts the service once `WatchdogSec=` has passed. The messages are sent
    /// from the runtime of the checks, so that a runtime that is stuck sends none.
    ///
    /// The status has what a caller without credentials sees at this endpoint, because every user of the machine can read it:
    /// `health.levels(Level::L4..=Level::L5).notify_systemd()` shows these levels alone.
    ///
    /// Sockets of the file system and abstract ones are known. Mistakes in `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    /// `WATCHDOG_PID` are logged.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn notify_systemd(&self) {
        start(self.monitor(), self.offer(None));
    }
}

impl Monitor {
    /// Keeps systemd informed like [`Endpoint::notify_systemd`], for a service without an endpoint. The status has the names of
    /// all checks.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[cfg(target_os = "linux")]
    pub fn notify_systemd(&self) {
        start(self, Offer { levels: Levels::ALL, groups: Group::ALL.to_vec() });
    }

    /// Does nothing: there is no systemd on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn notify_systemd(&self) {}
}

#[cfg(not(target_os = "linux"))]
fn start(_: &Monitor, _: Offer) {}

/// Reads the environment, and starts to notify.
#[cfg(target_os = "linux")]
fn start(monitor: &Monitor, shown: Offer) {
    use settings::Settings;

    // Also where systemd is absent, so that a mistake does not wait for it.
    let _ = tokio::runtime::Handle::current();
    let (settings, problems) = Settings::from_environment();
    for problem in problems {
        tracing::warn!(problem, "setting of systemd ignored");
    }
    if let Some(Settings { socket, watchdog }) = settings {
        let watchdog_sec = watchdog.map(|period| period.as_secs_f64());
        tracing::info!(watchdog_sec, "systemd is notified");
        notifier::start(monitor, shown, socket, watchdog);
    }
}
