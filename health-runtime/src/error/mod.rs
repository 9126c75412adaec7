//! Errors that stop a service from starting, or an update of its checks. A failing check is a value, never an error.

mod drill;
mod message;
mod problem;

use std::{error::Error as StdError, fmt};

pub use drill::DrillError;
pub(crate) use message::file_and_line;
pub use problem::Problem;

use crate::text::escape_controls;

/// Maximum number of problems in the text of an error.
const MAX_SHOWN_PROBLEMS: usize = 100;

/// All problems of the checks, the state and the endpoint, found in one start or in one
/// [update](crate::Monitor::update) of the checks.
///
/// The text lists the first 100 problems, and [`problems`](Self::problems) has all. Its `Debug` is its `Display`, because `fn main() -> Result<(), Error>` prints `Debug`.
pub struct Error {
    /// The verb for what the health checks cannot do.
    failed: &'static str,
    problems: Vec<Problem>,
}

/// The error for a name that no check has. The call may be repeated with another name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownCheck {
    /// The name.
    pub name: String,
    /// The most similar name of a check.
    pub suggestion: Option<String>,
}

impl fmt::Display for UnknownCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, suggestion } = self;
        write!(f, "there is no check named `{}`", escape_controls(name))?;
        message::suggest(f, suggestion.as_ref())
    }
}

impl StdError for UnknownCheck {}

impl Error {
    pub(crate) const fn new(problems: Vec<Problem>) -> Self {
        Self { failed: "start", problems }
    }

    pub(crate) const fn of_update(problems: Vec<Problem>) -> Self {
        Self { failed: "be updated", problems }
    }

    /// Returns all problems.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns all problems by value, for an error with further problems.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed;
        match self.problems.as_slice() {
            [only] => write!(f, "the health checks cannot {failed}: {only}"),
            many => {
                write!(f, "the health checks cannot {failed}, for {} reasons:", many.len())?;
                many.iter().take(MAX_SHOWN_PROBLEMS).try_for_each(|problem| write!(f, "\n  - {problem}"))?;
                match many.len().saturating_sub(MAX_SHOWN_PROBLEMS) {
                    0 => Ok(()),
                    more => write!(f, "\n  - and {more} more"),
                }
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
    /// Returns the source of the only problem. With several problems there is none: each problem has its own.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.problems.as_slice() {
            [only] => only.source(),
            _ => None,
        }
    }
}
