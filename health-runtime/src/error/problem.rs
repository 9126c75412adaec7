//! The problems of a start or of an update, and their messages.

use std::{error::Error as StdError, fmt, io, panic::Location, sync::Arc};

use crate::text::escape_controls;

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
    /// An update names a check that does not exist.
    #[non_exhaustive]
    UnknownCheck {
        /// The verb for what the update does to the check: `remove` or `replace`.
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

/// Writes a location as `file:line`.
pub(crate) fn file_and_line(location: &Location<'_>) -> String {
    format!("{}:{}", location.file(), location.line())
}

/// Writes the end of the message about two checks of one name, from these crates if they differ.
fn cure_duplicate(f: &mut fmt::Formatter<'_>, crates: Option<&[&'static str; 2]>) -> fmt::Result {
    match crates {
        None => f.write_str("give one of them another `name = \"…\"`"),
        Some([first, second]) => write!(
            f,
            "they come from two crates, so give the checks of one crate a prefix in `health_endpoint!`: \
             `crates: [{first} as \"{first}\"]` or `crates: [{second} as \"{second}\"]`"
        ),
    }
}

fn cure_missing_fleet(f: &mut fmt::Formatter<'_>, checks: &[String]) -> fmt::Result {
    write!(
        f,
        "the fleet is missing for the checks `{}`; write for example `fleet: Fleet::redis(\"orders\", ask!(redis: manager))`, or \
         remove `fleet` from the checks",
        checks.join("`, `")
    )
}

/// Writes the end of a message about an unknown name.
pub(super) fn suggest(f: &mut fmt::Formatter<'_>, name: Option<&String>) -> fmt::Result {
    name.into_iter().try_for_each(|name| write!(f, "; did you mean `{name}`?"))
}

impl fmt::Display for Problem {
    /// Escapes control characters, so that no name forges a line of the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_controls(&Unescaped(self).to_string()))
    }
}

/// The text of a problem, with names as they are.
struct Unescaped<'a>(&'a Problem);

impl fmt::Display for Unescaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Problem::DuplicateName { name, first, second, crates } => {
                let (first, second) = (file_and_line(first), file_and_line(second));
                write!(f, "two checks are named `{name}`, at {first} and at {second}; ")?;
                cure_duplicate(f, crates.as_ref())
            }
            Problem::InvalidName { name, location } => write!(
                f,
                "the check at {} has the name {name:?}, which is not valid; use one or more characters, and no \
                 control characters",
                file_and_line(location)
            ),
            Problem::UnknownDependency { check, location, dependency, suggestion } => {
                let at = file_and_line(location);
                write!(f, "`{check}` ({at}) depends on `{dependency}`, but there is no check named `{dependency}`")?;
                suggest(f, suggestion.as_ref())
            }
            Problem::OffDependency { check, location, dependency } => write!(
                f,
                "`{check}` ({}) depends on `{dependency}`, which is off; turn it on by `enable: [{dependency:?}]`, or \
                 remove the dependency",
                file_and_line(location)
            ),
            Problem::NotOff { key, name, is_on: true, .. } => {
                write!(f, "`{key}` names `{name}`, which has nothing that is off; remove it")
            }
            Problem::NotOff { key, name, suggestion, .. } => {
                write!(f, "`{key}` names `{name}`, but no check of this name is off")?;
                suggest(f, suggestion.as_ref())
            }
            Problem::UnknownCrate { key, name, suggestion, available } => {
                write!(f, "`{key}` names the crate `{name}`, but it declares no check in this program")?;
                match suggestion {
                    Some(name) => write!(f, "; did you mean `{name}`?"),
                    None if available.is_empty() => f.write_str("; no crate does"),
                    None => write!(f, "; crates with checks are `{}`", available.join("`, `")),
                }
            }
            Problem::InvalidPrefix { name, prefix, reason } => {
                write!(f, "the crate `{name}` has the prefix {prefix:?}, which is not valid; {reason}")
            }
            Problem::DependencyCycle { path } => {
                write!(f, "checks depend on each other in a circle: ")?;
                path.iter().try_for_each(|name| write!(f, "`{name}` → "))?;
                path.first().map_or(Ok(()), |name| write!(f, "`{name}`"))
            }
            Problem::MissingState { check, location, type_name, available } => {
                let at = file_and_line(location);
                write!(
                    f,
                    "`{check}` ({at}) takes a `&{type_name}`, but the state holds no value of this type; add one with \
                     `state: [value]`, or take an `Option<&_>`"
                )?;
                match available.as_slice() {
                    [] => f.write_str(" (the state is empty)"),
                    types => write!(f, " (the state holds `{}`)", types.join("`, `")),
                }
            }
            Problem::RepeatedState { type_name } => write!(
                f,
                "the state holds two values of type `{type_name}`, and a check could not choose between them; wrap \
                 each in a type of its own"
            ),
            Problem::DeepLiveness { check, location } => write!(
                f,
                "`{check}` ({}) is in the liveness group and not at level 5; a liveness check that reaches outside the \
                 process restarts the whole fleet when a dependency fails, so make it `readiness`",
                file_and_line(location)
            ),
            Problem::ZeroTimeout { check, location } => {
                let at = file_and_line(location);
                write!(f, "`{check}` ({at}) has a timeout of zero; set a longer one, such as 2 s")
            }
            Problem::Misconfigured { check, location, fault } => {
                write!(f, "`{check}` ({}) cannot work: {fault}", file_and_line(location))
            }
            Problem::MissingFleet { checks } => cure_missing_fleet(f, checks),
            Problem::UnknownCheck { action, name, suggestion } => {
                write!(f, "cannot {action} `{name}`, because there is no check named `{name}`")?;
                suggest(f, suggestion.as_ref())
            }
            Problem::RemainingDependents { name, dependents } => write!(
                f,
                "cannot remove `{name}`, because other checks depend on it: `{}`; remove or replace them in the same \
                 update",
                dependents.join("`, `")
            ),
            Problem::InvalidPath { key, path, reason } => write!(f, "`{key}` is {path:?}; {reason}"),
            Problem::InvalidAccess { fault } => write!(f, "the access rules cannot work: {fault}"),
            Problem::InvalidStatusCode { code } => {
                write!(f, "{code} is not a valid status code for a report; use one from 200 to 599")
            }
            Problem::CannotListen { address, source } => write!(f, "cannot listen on {address}: {source}"),
            Problem::CannotServe { fault } => write!(f, "the server cannot run: {fault}"),
            Problem::UnusableTls { file, source } => write!(f, "`{file}` cannot be used for TLS: {source}"),
            Problem::InvalidReceiver { receiver, fault } => write!(f, "alerts cannot be sent by `{receiver}`: {fault}"),
            Problem::InvalidSetting { key, value, reason } => write!(f, "`{key}` is {value:?}; {reason}"),
        }
    }
}
