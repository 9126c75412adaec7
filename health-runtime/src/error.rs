//! What stops a service from starting. A failing check is a value, never one of these.

use std::{error::Error as StdError, fmt, io, panic::Location, sync::Arc};

/// Everything that is wrong with the checks, the state and the endpoint, found at start, all at once.
///
/// Its `Debug` is its `Display`, because that is what `fn main() -> Result<(), Error>` prints.
pub struct Error {
    problems: Vec<Problem>,
}

/// One thing that is wrong at start.
///
/// Its [`source`](StdError::source) is the error of the operating system or of a library behind it, if there is one. The
/// problem's own text holds the text of its source already.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// Two checks have one name.
    #[non_exhaustive]
    DuplicateName {
        /// The name that both have.
        name: String,
        /// Where the first was declared.
        first: &'static Location<'static>,
        /// Where the second was declared.
        second: &'static Location<'static>,
    },
    /// A name that cannot stand in a report.
    #[non_exhaustive]
    InvalidName {
        /// The name.
        name: String,
        /// Where the check was declared.
        location: &'static Location<'static>,
    },
    /// `depends_on` names a check that does not exist.
    #[non_exhaustive]
    UnknownDependency {
        /// The check that says so.
        check: String,
        /// Where it was declared.
        location: &'static Location<'static>,
        /// The name that no check has.
        dependency: String,
        /// The name that was perhaps meant.
        suggestion: Option<String>,
    },
    /// Checks depend on each other in a circle.
    #[non_exhaustive]
    DependencyCycle {
        /// The names along the circle; the first is not repeated at the end.
        path: Vec<String>,
    },
    /// A check takes a value that the state does not hold.
    #[non_exhaustive]
    MissingState {
        /// The check.
        check: String,
        /// Where it was declared.
        location: &'static Location<'static>,
        /// The type that it takes.
        type_name: &'static str,
        /// The types that the state does hold.
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
        /// Where it was declared.
        location: &'static Location<'static>,
    },
    /// A check that has no time at all.
    #[non_exhaustive]
    ZeroTimeout {
        /// The check.
        check: String,
        /// Where it was declared.
        location: &'static Location<'static>,
    },
    /// A check that can never work as it was configured.
    #[non_exhaustive]
    Misconfigured {
        /// The check.
        check: String,
        /// Where it was declared.
        location: &'static Location<'static>,
        /// What is wrong.
        fault: String,
    },
    /// A path of the endpoint that cannot be a route.
    #[non_exhaustive]
    InvalidPath {
        /// The builder's method, such as `base_path`.
        key: &'static str,
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Rules of access that cannot work.
    #[non_exhaustive]
    InvalidAccess {
        /// What is wrong.
        fault: String,
    },
    /// A status code of the endpoint that is none.
    #[non_exhaustive]
    InvalidStatusCode {
        /// The number.
        code: u16,
    },
    /// An address or a socket that cannot be listened on.
    #[non_exhaustive]
    CannotListen {
        /// The address, or the path of the socket.
        address: String,
        /// The error, of the operating system in the main.
        source: Arc<io::Error>,
    },
    /// The server cannot run.
    #[non_exhaustive]
    CannotServe {
        /// The reason.
        fault: String,
    },
    /// A file for TLS that cannot be used.
    #[non_exhaustive]
    UnusableTls {
        /// The file's path.
        file: String,
        /// The fault of the file. It repeats nothing of the file's content, which may be a key.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// What a load balancer is to be told, and could not make sense of.
    #[non_exhaustive]
    InvalidSetting {
        /// The method, such as `EnvoyHeaders::cluster`.
        key: &'static str,
        /// What it was given.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// No check has this name. It may be put right and tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownCheck {
    /// The name.
    pub name: String,
    /// The name that was perhaps meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for UnknownCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, suggestion } = self;
        write!(f, "no check is named `{name}`")?;
        suggestion.iter().try_for_each(|name| write!(f, "; did you mean `{name}`?"))
    }
}

impl StdError for UnknownCheck {}

impl Error {
    pub(crate) const fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Everything that is wrong, to be joined with what else is.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "the health checks cannot start: {only}"),
            many => {
                write!(f, "the health checks cannot start, for {} reasons:", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    /// Returns the source of the only problem. Of several problems, none is the source: each has its own.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.problems.as_slice() {
            [only] => only.source(),
            _ => None,
        }
    }
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { name, first, second } => write!(
                f,
                "two checks are named `{name}`, at {} and at {}; give one of them another `name = \"…\"`",
                file_and_line(first),
                file_and_line(second)
            ),
            Self::InvalidName { name, location } => write!(
                f,
                "the check at {} is named {name:?}; a name needs a character and no control characters",
                file_and_line(location)
            ),
            Self::UnknownDependency { check, location, dependency, suggestion } => {
                let at = file_and_line(location);
                write!(f, "`{check}` ({at}) depends on `{dependency}`, which is no check")?;
                suggestion.iter().try_for_each(|name| write!(f, "; did you mean `{name}`?"))
            }
            Self::DependencyCycle { path } => {
                write!(f, "checks depend on each other in a circle: ")?;
                path.iter().try_for_each(|name| write!(f, "`{name}` → "))?;
                path.first().map_or(Ok(()), |name| write!(f, "`{name}`"))
            }
            Self::MissingState { check, location, type_name, available } => {
                let at = file_and_line(location);
                write!(
                    f,
                    "`{check}` ({at}) takes a `&{type_name}`, which the state does not hold; hand one over with \
                     `state: [value]`, or take an `Option<&_>`"
                )?;
                if available.is_empty() {
                    write!(f, " (the state is empty)")
                } else {
                    write!(f, " (the state holds `{}`)", available.join("`, `"))
                }
            }
            Self::RepeatedState { type_name } => write!(
                f,
                "the state holds two values of type `{type_name}`, so a check cannot say which one it means; wrap each in \
                 a type of its own"
            ),
            Self::DeepLiveness { check, location } => write!(
                f,
                "`{check}` ({}) is in the liveness group and not at level 5; a liveness check that reaches outside the \
                 process restarts the whole fleet when a dependency fails, so make it `readiness`",
                file_and_line(location)
            ),
            Self::ZeroTimeout { check, location } => {
                let at = file_and_line(location);
                write!(f, "`{check}` ({at}) has a timeout of zero; give it time, such as 2 s")
            }
            Self::Misconfigured { check, location, fault } => {
                write!(f, "`{check}` ({}) cannot work: {fault}", file_and_line(location))
            }
            Self::InvalidPath { key, path, reason } => write!(f, "`{key}` is {path:?}; {reason}"),
            Self::InvalidAccess { fault } => write!(f, "the access cannot work: {fault}"),
            Self::InvalidStatusCode { code } => {
                write!(f, "{code} is no status code of a report; take one from 200 to 599")
            }
            Self::CannotListen { address, source } => write!(f, "{address} cannot be listened on: {source}"),
            Self::CannotServe { fault } => write!(f, "the server cannot run: {fault}"),
            Self::UnusableTls { file, source } => write!(f, "`{file}` cannot be used for TLS: {source}"),
            Self::InvalidSetting { key, value, reason } => write!(f, "`{key}` is {value:?}; {reason}"),
        }
    }
}
