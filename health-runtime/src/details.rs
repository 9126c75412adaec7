//! Typed data as a check's answer.

use serde::Serialize;

use crate::{
    disclosure::{self, SplitData},
    model::{IntoOutcome, Outcome, Status},
};

/// Typed data as a check's answer: a status, and `T` for callers that may see it.
///
/// ```
/// use health_runtime::Details;
///
/// #[derive(serde::Serialize)]
/// struct QueueFacts {
///     waiting: u64,
/// }
///
/// fn queue() -> Details<QueueFacts> {
///     let facts = QueueFacts { waiting: 7 };
///     if facts.waiting > 1_000 { Details::fail(facts, "too many wait") } else { Details::pass(facts) }
/// }
/// # queue();
/// ```
///
/// Its fields are shown to callers that may see details. [`Public`](crate::Public) and [`Secret`](crate::Secret) change
/// that for one field.
///
/// The check fails if its data cannot be serialized, is nested more than 128 levels deep, or panics while it is
/// serialized.
#[derive(Clone, Debug, PartialEq)]
pub struct Details<T> {
    status: Status,
    message: Option<String>,
    data: T,
}

impl<T> Details<T> {
    /// Returns data of a check that works.
    pub const fn pass(data: T) -> Self {
        Self { status: Status::Pass, message: None, data }
    }

    /// Returns data of a check that works, but needs attention because of `message`.
    pub fn warn(data: T, message: impl Into<String>) -> Self {
        Self { status: Status::Warn, message: Some(message.into()), data }
    }

    /// Returns data of a check that does not work because of `message`.
    pub fn fail(data: T, message: impl Into<String>) -> Self {
        Self { status: Status::Fail, message: Some(message.into()), data }
    }
}

/// The data of [`Details`]. A trait of its own lets the compiler name the missing derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of `Details`, because it is not `Serialize`",
    label = "the data `{Self}` is not `Serialize`",
    note = "put `#[derive(serde::Serialize)]` on `{Self}`"
)]
pub trait DetailsData: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> DetailsData for T {}

impl<T: DetailsData> IntoOutcome for Details<T> {
    fn into_outcome(self) -> Outcome {
        match disclosure::split(&self.data) {
            Ok(SplitData { internal, public }) => {
                let outcome = Outcome::new(self.status).with_data(internal);
                let outcome = match public {
                    Some(public) => outcome.with_public_data(public),
                    None => outcome,
                };
                match self.message {
                    Some(message) => outcome.with_message(message),
                    None => outcome,
                }
            }
            Err(error) => Outcome::fail(format!("its data cannot be serialized: {error}")),
        }
    }
}
