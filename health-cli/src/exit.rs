//! Exit codes.

use std::process::ExitCode;

use crate::{
    failure::{Failure, FailureKind},
    status::Status,
};

/// The way in which the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The report passes.
    Pass,
    /// The report fails, or there is none.
    Fail,
    /// The command line is not valid: `EX_USAGE` of sysexits.h. Docker reserves 2.
    Usage,
    /// A state of a monitoring plugin.
    Plugin(PluginState),
}

/// The states of monitoring plugins (Nagios, Icinga, Naemon).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PluginState {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl PluginState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Exit {
    /// Returns the exit code of a status; a warning counts as a failure where it is strict.
    pub(crate) const fn of_status(status: Status, is_strict: bool) -> Self {
        match status {
            Status::Pass => Self::Pass,
            Status::Warn if !is_strict => Self::Pass,
            Status::Warn | Status::Unknown | Status::Fail => Self::Fail,
        }
    }

    pub(crate) fn of_failure(failure: &Failure) -> Self {
        if failure.kind == FailureKind::Usage { Self::Usage } else { Self::Fail }
    }

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Pass | Self::Plugin(PluginState::Ok) => 0,
            Self::Fail | Self::Plugin(PluginState::Warning) => 1,
            Self::Plugin(PluginState::Critical) => 2,
            Self::Plugin(PluginState::Unknown) => 3,
            Self::Usage => 64,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
