//! What stops a service from starting. A failing check is a value, never one of these.

use std::{fmt, io};

use crate::model::Location;

/// Everything that is wrong with the checks, the state and the endpoint, found at start, all at once.
///
/// Its `Debug` is its `Display`, because that is what `fn main() -> Result<(), Error>` prints.
pub struct Error {
    problems: Vec<Problem>,
}

/// One thing that is wrong at start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Two checks have one name.
    DuplicateName {
        /// The name that both have.
        name: String,
        /// Where the first was declared.
        first: Location,
        /// Where the second was declared.
        second: Location,
    },
    /// A name that cannot stand in a report.
    InvalidName {
        /// The name.
        name: String,
        /// Where the check was declared.
        location: Location,
    },
    /// `depends_on` names a check that does not exist.
    UnknownDependency {
        /// The check that says so.
        check: String,
        /// Where it was declared.
        location: Location,
        /// The name that no check has.
        dependency: String,
        /// The name that was perhaps meant.
        suggestion: Option<String>,
    },
    /// Checks depend on each other in a circle.
    DependencyCycle {
        /// The names along the circle; the first is not repeated at the end.
        path: Vec<String>,
    },
    /// A check takes a value that the state does not hold.
    MissingState {
        /// The check.
        check: String,
        /// Where it was declared.
        location: Location,
        /// The type that it takes.
        type_name: &'static str,
        /// The types that the state does hold.
        available: Vec<&'static str>,
    },
    /// The state holds two values of one type.
    RepeatedState {
        /// The type.
        type_name: &'static str,
    },
    /// A check in the liveness group is not at level 5.
    DeepLiveness {
        /// The check.
        check: String,
        /// Where it was declared.
        location: Location,
    },
    /// A check that has no time at all.
    ZeroTimeout {
        /// The check.
        check: String,
        /// Where it was declared.
        location: Location,
    },
    /// A check that can never work as it was configured.
    Misconfigured {
        /// The check.
        check: String,
        /// Where it was declared.
        location: Location,
        /// What is wrong.
        fault: String,
    },
    /// A path of the endpoint that cannot be a route.
    InvalidPath {
        /// The builder's method, such as `base_path`.
        key: &'static str,
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Rules of access that cannot work.
    InvalidAccess {
        /// What is wrong.
        fault: String,
    },
    /// A status code of the endpoint that is none.
    InvalidStatusCode {
        /// The number.
        code: u16,
    },
    /// An address or a socket that cannot be listened on.
    CannotListen {
        /// The address, or the path of the socket.
        address: String,
        /// Kind of the operating system's error, such as `AddrInUse`.
        kind: io::ErrorKind,
        /// Text of the error.
        fault: String,
    },
    /// A server that cannot run.
    CannotServe {
        /// What is wrong.
        fault: String,
    },
    /// A file for TLS that cannot be used.
    UnusableTls {
        /// The file's path.
        file: String,
        /// What is wrong with it. Nothing of its content is repeated here: it may be a key.
        fault: String,
    },
    /// A range that holds no level, or more than levels.
    InvalidLevels {
        /// The range, as numbers.
        range: String,
    },
    /// What a load balancer is to be told, and could not make sense of.
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

impl std::error::Error for UnknownCheck {}

impl Problem {
    #[cfg(any(feature = "server", feature = "haproxy-agent"))]
    pub(crate) fn cannot_listen(address: String, error: &io::Error) -> Self {
        Self::CannotListen { address, kind: error.kind(), fault: error.to_string() }
    }
}

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

impl std::error::Error for Error {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { name, first, second } => write!(
                f,
                "two checks are named `{name}`, at {first} and at {second}; give one of them another `name = \"…\"`"
            ),
            Self::InvalidName { name, location } => write!(
                f,
                "the check at {location} is named {name:?}; a name needs a character and no control characters"
            ),
            Self::UnknownDependency { check, location, dependency, suggestion } => {
                write!(f, "`{check}` ({location}) depends on `{dependency}`, which is no check")?;
                suggestion.iter().try_for_each(|name| write!(f, "; did you mean `{name}`?"))
            }
            Self::DependencyCycle { path } => {
                write!(f, "checks depend on each other in a circle: ")?;
                path.iter().try_for_each(|name| write!(f, "`{name}` → "))?;
                path.first().map_or(Ok(()), |name| write!(f, "`{name}`"))
            }
            Self::MissingState { check, location, type_name, available } => {
                write!(
                    f,
                    "`{check}` ({location}) takes a `&{type_name}`, which the state does not hold; hand one over with \
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
                "`{check}` ({location}) is in the liveness group and not at level 5; a liveness check that reaches outside \
                 the process restarts the whole fleet when a dependency fails, so make it `readiness`"
            ),
            Self::ZeroTimeout { check, location } => {
                write!(f, "`{check}` ({location}) has a timeout of zero; give it time, such as 2 s")
            }
            Self::Misconfigured { check, location, fault } => write!(f, "`{check}` ({location}) cannot work: {fault}"),
            Self::InvalidPath { key, path, reason } => write!(f, "`{key}` is {path:?}; {reason}"),
            Self::InvalidAccess { fault } => write!(f, "the access cannot work: {fault}"),
            Self::InvalidStatusCode { code } => {
                write!(f, "{code} is no status code of a report; take one from 200 to 599")
            }
            Self::CannotListen { address, fault, .. } => write!(f, "{address} cannot be listened on: {fault}"),
            Self::CannotServe { fault } => write!(f, "the server cannot run: {fault}"),
            Self::UnusableTls { file, fault } => write!(f, "`{file}` cannot be used for TLS: {fault}"),
            Self::InvalidLevels { range } => write!(
                f,
                "`{range}` is no range of levels; a level is a number from 1 (the whole ship) to 5 (cheap and always safe)"
            ),
            Self::InvalidSetting { key, value, reason } => write!(f, "`{key}` is {value:?}; {reason}"),
        }
    }
}
