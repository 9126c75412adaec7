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
    label = "not an outcome; return for example `bool`, `Status`, or a `Result<(), E>` with an error that is `Display`",
    note = "for data that is `Serialize` return `Details<T>`: `Details::pass(value)`"
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

/// Declares a trait for a return type whose shape the macro knows. It is [`IntoOutcome`] with a message for that shape.
macro_rules! outcome_of_shape {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        ///
        /// Not public API. Used by generated code.
        #[doc(hidden)]
        pub trait $name {
            /// Converts the value.
            fn into_outcome(self) -> Outcome;
        }

        #[diagnostic::do_not_recommend]
        impl<T: IntoOutcome> $name for T {
            fn into_outcome(self) -> Outcome {
                IntoOutcome::into_outcome(self)
            }
        }
    };
}

outcome_of_shape! {
    /// A return type that looks like an `Option` of a value.
    #[diagnostic::on_unimplemented(
        message = "a health check cannot return `{Self}`",
        label = "only the check knows whether `None` is a failure; return for example `bool`: `answer.is_some()`",
        note = "for a failure with a message return `Result<(), String>`: `answer.map(drop).ok_or(\"nobody answered\".to_owned())`"
    )]
    ValueOption
}

outcome_of_shape! {
    /// A return type that looks like an `Option` of an answer, such as `Option<bool>`.
    #[diagnostic::on_unimplemented(
        message = "a health check cannot return `{Self}`",
        label = "only the check knows whether `None` is a failure; return the answer itself, for example `answer.unwrap_or(false)` for a `bool`",
        note = "for a failure with a message return `Result<_, String>`: `answer.ok_or(\"nobody answered\".to_owned())`"
    )]
    AnswerOption
}

outcome_of_shape! {
    /// A return type that looks like a `Result` of an `Option`.
    #[diagnostic::on_unimplemented(
        message = "a health check cannot return `{Self}`",
        label = "only the check knows whether `None` is a failure; return for example `Result<bool, _>`: `Ok(answer?.is_some())`",
        note = "for a failure with a message return `Result<(), String>`: `answer?.map(drop).ok_or(\"nobody answered\".to_owned())`"
    )]
    OptionResult
}

outcome_of_shape! {
    /// A return type that looks like the response of a request handler.
    #[diagnostic::on_unimplemented(
        message = "a health check cannot return `{Self}`, because it answers no request",
        label = "return for example `bool`, such as `status.is_success()`, or `Result<(), String>`; the endpoint chooses the status code"
    )]
    HandlerOutcome
}

/// A value in the `Ok` of a check's `Result`. Traits of their own for the parts of a return type let the compiler name the
/// part that is wrong.
#[diagnostic::on_unimplemented(
    message = "a health check cannot return `{Self}` in a `Result`",
    label = "the `Ok` holds `{Self}`, which is not an outcome",
    note = "to ignore the value, return `Result<(), _>`: `.map(drop)` at the end of the function",
    note = "for data that is `Serialize` return `Result<Details<T>, _>`: `.map(Details::pass)` at the end of the function, and for a `Json` `Ok(Details::pass(json.0))`"
)]
pub trait OkValue: IntoOutcome {}

#[diagnostic::do_not_recommend]
impl<T: IntoOutcome> OkValue for T {}

outcome_of_shape! {
    /// A `Result` that looks like the answer of an HTTP client.
    #[diagnostic::on_unimplemented(
        message = "a health check cannot return `{Self}`, because the response may be an error, such as 500",
        label = "return for example `Result<bool, _>`: `Ok(response.status().is_success())`, or `.map(|status| status.is_success())` behind a status",
        note = "with reqwest, `response.error_for_status().map(drop)` fails with a text"
    )]
    ClientOutcome
}

/// An error of a check's `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a health check, because it is not `Display`, and its text is the message",
    label = "the error `{Self}` is not `Display`",
    note = "return `Result<_, String>` with a `.map_err(…)` that says why, such as `.map_err(|_| \"the queue is closed\".to_owned())`, or `format!(\"{{error:?}}\")` of one that is `Debug`; or implement `Display` for an error type of your own"
)]
pub trait ErrorText: Display {}

#[diagnostic::do_not_recommend]
impl<E: Display> ErrorText for E {}

impl<T: OkValue, E: ErrorText> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(answer) => answer.into_outcome(),
            // `{:#}` because error types that carry a chain (anyhow, eyre) print it whole that way.
            Err(error) => Outcome::fail(format!("{error:#}")),
        }
    }
}
