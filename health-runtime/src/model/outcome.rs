use serde_json::Value;

use super::Status;

/// What one run of one check produced: a status, and perhaps a message and data.
///
/// Message and data are details: they are shown only to callers who may see them. What everybody may see of the data is
/// said apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub(crate) status: Status,
    pub(crate) message: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) public_data: Option<Value>,
}

impl Outcome {
    /// It works.
    #[must_use]
    pub const fn pass() -> Self {
        Self::new(Status::Pass)
    }

    /// It works, and somebody should look at it because of `message`.
    #[must_use]
    pub fn warn(message: impl Into<String>) -> Self {
        Self::new(Status::Warn).with_message(message)
    }

    /// It does not work because of `message`.
    #[must_use]
    pub fn fail(message: impl Into<String>) -> Self {
        Self::new(Status::Fail).with_message(message)
    }

    /// An outcome of this status, without message or data.
    #[must_use]
    pub const fn new(status: Status) -> Self {
        Self { status, message: None, data: None, public_data: None }
    }

    /// Sets the message, a sentence for a person. Default: none.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets the data, values for programs. Default: none. [`Details`](crate::Details) does the same for
    /// any type that serializes.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Sets what callers see of the data who may not see details. Default: nothing.
    /// [`Public`](crate::Public) does the same for a field of a type.
    #[must_use]
    pub fn with_public_data(mut self, data: Value) -> Self {
        self.public_data = Some(data);
        self
    }

    /// The verdict.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The sentence for a person.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The values for programs.
    #[must_use]
    pub const fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// What everybody may see of the data.
    #[must_use]
    pub const fn public_data(&self) -> Option<&Value> {
        self.public_data.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_returns_what_was_set() {
        let outcome = Outcome::warn("half full").with_data(1.into()).with_public_data(2.into());
        assert_eq!((outcome.status(), outcome.message()), (Status::Warn, Some("half full")));
        assert_eq!((outcome.data(), outcome.public_data()), (Some(&1.into()), Some(&2.into())));
        let bare = Outcome::pass();
        assert_eq!((bare.status(), bare.message()), (Status::Pass, None));
        assert_eq!((bare.data(), bare.public_data()), (None, None));
    }
}
