//! The variables that systemd sets for a service.

use std::{env, ffi::OsStr, os::unix::ffi::OsStrExt, process, time::Duration};

use super::notify_socket::NotifySocket;
use crate::text::escape_controls;

/// The wishes of systemd.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) socket: NotifySocket,
    /// Time after which systemd kills a service that sent no `WATCHDOG=1`.
    pub(super) watchdog: Option<Duration>,
}

impl Settings {
    /// Reads the environment. Returns `None` where systemd wants no messages, and the problems of what it set.
    pub(super) fn from_environment() -> (Option<Self>, Vec<String>) {
        let [socket, period, pid] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].map(env::var_os);
        Self::parse([&socket, &period, &pid].map(|value| value.as_deref().unwrap_or_default()), process::id())
    }

    /// Parses the variables `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, which are empty where they are not set.
    pub(super) fn parse([socket, period, pid]: [&OsStr; 3], own_pid: u32) -> (Option<Self>, Vec<String>) {
        if socket.is_empty() {
            return (None, Vec::new());
        }
        let socket = match NotifySocket::parse(socket.as_bytes()) {
            Ok(socket) => socket,
            Err(problem) => return (None, vec![problem]),
        };
        let [period, pid] = [("WATCHDOG_USEC", period), ("WATCHDOG_PID", pid)].map(|(name, value)| number(name, value));
        let mut problems = Vec::new();
        let mut or_problem = |number: Result<Option<u64>, String>| {
            number.unwrap_or_else(|problem| {
                problems.push(problem);
                None
            })
        };
        let (period, pid) = (or_problem(period), or_problem(pid));
        let is_own = pid.is_none_or(|pid| pid == u64::from(own_pid));
        let watchdog = period.filter(|period| *period > 0 && is_own).map(Duration::from_micros);
        (Some(Self { socket, watchdog }), problems)
    }
}

fn number(name: &str, value: &OsStr) -> Result<Option<u64>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let value = value.to_string_lossy();
    let parsed = value.parse().map(Some);
    parsed.map_err(|_| format!("{name}: `{}` is not a valid number", escape_controls(&value)))
}
