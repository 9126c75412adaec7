//! The problems of a start or of an update.

use std::{error::Error as StdError, io, panic::Location, sync::Arc};

/// One problem that stops a start, or an update of the checks.
///
/// Its [`source`](StdError::source) is the error of the operating system or of a library behind it, if there is one.
/// The problem's own text holds the text of its source already.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// Two checks have one name.
    #[non_exhaustive]
    DuplicateName {
        /// The name of both.
        name: String,
        /// The location of the first check.
        first: &'static Location<'static>,
        /// The location of the second check.
        second: &'static Location<'static>,
        /// The crates that declare them, if two different ones do.
        crates: Option<[&'static str; 2]>,
    },
    /// The name of a check is not valid.
    #[non_exhaustive]
    InvalidName {
        /// The name.
        name: String,
        /// The location of the check.
        location: &'static Location<'static>,
    },
    /// `depends_on` names a check that does not exist.
    #[non_exhaustive]
    UnknownDependency {
        /// The check that depends on it.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
        /// The unknown name.
        dependency: String,
        /// The most similar name of a check.
        suggestion: Option<String>,
    },
    /// A check depends on a check that is off.
    #[non_exhaustive]
    OffDependency {
        /// The check that depends on it.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
        /// The name of the check that is off.
        dependency: String,
        /// Whether `without` leaves it out.
        is_left_out: bool,
    },
    /// `enable` or `enable_crates` names nothing that is off.
    #[non_exhaustive]
    NotOff {
        /// The builder's method.
        key: &'static str,
        /// The name of the check or of the crate.
        name: String,
        /// Whether it exists and takes part anyway.
        is_on: bool,
        /// The most similar name of a check that is off.
        suggestion: Option<String>,
    },
    /// `crates` or `enable_crates` names a crate that declares no check in this program.
    #[non_exhaustive]
    UnknownCrate {
        /// The builder's method.
        key: &'static str,
        /// The name of the crate.
        name: String,
        /// The most similar name of a crate with checks.
        suggestion: Option<String>,
        /// The crates with checks.
        available: Vec<&'static str>,
    },
    /// The prefix for the checks of a crate is not valid.
    #[non_exhaustive]
    InvalidPrefix {
        /// The name of the crate.
        name: String,
        /// The prefix.
        prefix: String,
        /// The rule that the prefix breaks.
        reason: &'static str,
    },
    /// Checks depend on each other in a circle.
    #[non_exhaustive]
    DependencyCycle {
        /// The names along the circle, without a repetition of the first.
        path: Vec<String>,
    },
    /// A check takes a value that the state does not hold.
    #[non_exhaustive]
    MissingState {
        /// The check.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
        /// The type of the parameter.
        type_name: &'static str,
        /// The types that the state holds.
        available: Vec<&'static str>,
    },
    /// The state holds two values of one type.
    #[non_exhaustive]
    RepeatedState {
        /// The type.
        type_name: &'static str,
    },
    /// A check in the liveness group is not at level 5.
    #[non_exhaustive]
    DeepLiveness {
        /// The check.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
    },
    /// A check has a timeout of zero.
    #[non_exhaustive]
    ZeroTimeout {
        /// The check.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
    },
    /// A check cannot work with its settings.
    #[non_exhaustive]
    Misconfigured {
        /// The check.
        check: String,
        /// The location of the check.
        location: &'static Location<'static>,
        /// The fault of the settings.
        fault: String,
    },
    /// Checks run for a fleet, and the endpoint has none.
    #[non_exhaustive]
    MissingFleet {
        /// The names of the checks.
        checks: Vec<String>,
    },
    /// An update or a method of the builder names a check that does not exist.
    #[non_exhaustive]
    UnknownCheck {
        /// The verb for what happens to the check: `remove`, `replace`, `adjust` or `leave out`.
        action: &'static str,
        /// The unknown name.
        name: String,
        /// The most similar name of a check.
        suggestion: Option<String>,
    },
    /// An update removes a check that others depend on.
    #[non_exhaustive]
    RemainingDependents {
        /// The check to remove.
        name: String,
        /// The checks that depend on it.
        dependents: Vec<String>,
    },
    /// A path of the endpoint is not a valid route.
    #[non_exhaustive]
    InvalidPath {
        /// The builder's method, such as `base_path`.
        key: &'static str,
        /// The path.
        path: String,
        /// The rule that the path breaks.
        reason: &'static str,
    },
    /// The access rules cannot work.
    #[non_exhaustive]
    InvalidAccess {
        /// The fault of the rules.
        fault: String,
    },
    /// A status code is not valid for a report.
    #[non_exhaustive]
    InvalidStatusCode {
        /// The number.
        code: u16,
    },
    /// The server cannot listen on an address or a socket.
    #[non_exhaustive]
    CannotListen {
        /// The address, or the path of the socket.
        address: String,
        /// The error, in most cases from the operating system.
        source: Arc<io::Error>,
    },
    /// The server cannot run.
    #[non_exhaustive]
    CannotServe {
        /// The reason.
        fault: String,
    },
    /// A file cannot be used for TLS.
    #[non_exhaustive]
    UnusableTls {
        /// The file's path.
        file: String,
        /// The fault of the file. It repeats nothing of the file's content, which may be a key.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// Settings at deploy time cannot be used.
    #[non_exhaustive]
    InvalidOverrides {
        /// Where the settings come from: a variable, a file or the key `overrides`.
        origin: String,
        /// The fault of the settings.
        fault: String,
    },
    /// A receiver of alerts cannot work with its settings.
    #[non_exhaustive]
    InvalidReceiver {
        /// The type of the receiver, such as `Webhook`.
        receiver: &'static str,
        /// The fault of the settings. It repeats no secret.
        fault: String,
    },
    /// A setting for a load balancer is not valid.
    #[non_exhaustive]
    InvalidSetting {
        /// The method, such as `EnvoyHeaders::cluster`.
        key: &'static str,
        /// The value that it was given.
        value: String,
        /// The rule that the value breaks.
        reason: &'static str,
    },
}

impl Problem {
    #[cfg(any(feature = "server", feature = "haproxy-agent"))]
    pub(crate) fn cannot_listen(address: impl Into<String>, error: io::Error) -> Self {
        Self::CannotListen { address: address.into(), source: Arc::new(error) }
    }

    #[cfg(feature = "server-tls")]
    pub(crate) fn unusable_tls(file: impl Into<String>, fault: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::UnusableTls { file: file.into(), source: Arc::from(fault.into()) }
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::CannotListen { source, .. } => Some(&**source),
            Self::UnusableTls { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
