//! The messages of problems.

use std::{fmt, panic::Location};

use super::problem::Problem;
use crate::text::escape_controls;

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

fn cure_off_dependency(f: &mut fmt::Formatter<'_>, name: &str, is_left_out: bool) -> fmt::Result {
    if is_left_out {
        write!(f, "remove `without({name:?})`, or the dependency")
    } else {
        write!(f, "turn it on by `enable: [{name:?}]`, or remove the dependency")
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
            Problem::OffDependency { check, location, dependency, is_left_out } => {
                write!(f, "`{check}` ({}) depends on `{dependency}`, which is off; ", file_and_line(location))?;
                cure_off_dependency(f, dependency, *is_left_out)
            }
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
            Problem::InvalidOverrides { origin, fault } => {
                write!(f, "the settings in {origin} cannot be used: {fault}")
            }
            Problem::InvalidReceiver { receiver, fault } => write!(f, "alerts cannot be sent by `{receiver}`: {fault}"),
            Problem::InvalidSetting { key, value, reason } => write!(f, "`{key}` is {value:?}; {reason}"),
        }
    }
}
