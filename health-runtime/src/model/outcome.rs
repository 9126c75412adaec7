use serde_json::Value;

use super::Status;

/// What one run of one check produced: a status, and perhaps a message and data.
///
/// Message and data are details: they are shown only to callers who may see them.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    status: Status,
    message: Option<String>,
    data: Option<Value>,
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
        Self { status, message: None, data: None }
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

    /// Takes it apart: status, message, data.
    #[must_use]
    pub fn into_parts(self) -> (Status, Option<String>, Option<Value>) {
        (self.status, self.message, self.data)
    }
}
