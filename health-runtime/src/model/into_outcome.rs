use std::fmt::Display;

use super::{Outcome, Status};

/// A type that a check can return.
///
/// | type | outcome |
/// |---|---|
/// | `()` | pass |
/// | `bool` | pass or fail |
/// | [`Status`] | that status |
/// | [`Outcome`] | itself |
/// | [`Details<T>`](crate::Details) where `T: Serialize` | its status, with `T` as data |
/// | `Result<T, E>` where `T` is one of these and `E: Display` | that of `T`, or fail with the error's text |
///
/// `Option` is left out on purpose: only the check knows whether `None` is a failure.
#[diagnostic::on_unimplemented(
    message = "a health check cannot return `{Self}`",
    label = "not a health check's answer",
    note = "return `()`, `bool`, `Status`, `Outcome`, `Details<T>`, or a `Result` of one of these",
    note = "the `T` of `Details<T>` has to be `Serialize`: put `#[derive(serde::Serialize)]` on it",
    note = "the error of a `Result` has to be `Display`: implement that, or convert it with `.map_err(|error| format!(\"{{error:?}}\"))`",
    note = "for an `Option`, decide what `None` means: return for example `answer.is_some()` or `answer.ok_or(\"nobody answered\")`"
)]
pub trait IntoOutcome {
    /// Converts the value. A panic in here becomes the check's outcome.
    fn into_outcome(self) -> Outcome;
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::pass()
    }
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for bool {
    fn into_outcome(self) -> Outcome {
        Outcome::new(if self { Status::Pass } else { Status::Fail })
    }
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for Status {
    fn into_outcome(self) -> Outcome {
        Outcome::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoOutcome, E: Display> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(answer) => answer.into_outcome(),
            // `{:#}` because error types that carry a chain (anyhow, eyre) print it whole that way.
            Err(error) => Outcome::fail(format!("{error:#}")),
        }
    }
}
