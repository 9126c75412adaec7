//! Readers of changes and of the latest results, which run nothing.

#[cfg(feature = "events")]
mod change_cursor;
#[cfg(any(feature = "alerts", feature = "events", feature = "mcp", feature = "systemd"))]
mod known;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "mcp")]
mod stored;
#[cfg(any(feature = "alerts", feature = "systemd"))]
mod weak_monitor;

#[cfg(feature = "events")]
pub(crate) use change_cursor::{ChangeCursor, CheckSetChange, KnownChecks};
#[cfg(any(feature = "alerts", feature = "systemd"))]
pub(crate) use weak_monitor::WeakMonitor;
