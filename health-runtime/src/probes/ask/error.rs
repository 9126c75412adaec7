use crate::probes::probe::text_with_sources;

/// Reason why a client has no answer, for a person.
///
/// Every error of std becomes one by `?`, with the whole chain of its causes. It is not an error of std itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskError {
    text: String,
    kind: AskErrorKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskErrorKind {
    /// The client reported it.
    Failed,
    /// The connection broke, perhaps while it was idle.
    Disconnected,
    /// The pool had no connection left.
    Exhausted,
    /// Nothing was reported in time.
    Late,
}

impl AskError {
    /// Returns an error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: AskErrorKind::Failed }
    }

    /// Returns the error of a pool whose connections are all in use. Nothing is known about the server.
    pub fn exhausted(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: AskErrorKind::Exhausted }
    }

    /// Returns the error of a client that is still waiting.
    pub(in crate::probes) const fn late(text: String) -> Self {
        Self { text, kind: AskErrorKind::Late }
    }

    /// Marks the error of a connection that broke. The server may have closed it while it was idle, so the statement is asked once
    /// more, and the error is reported if no answer comes. It is for clients that replace such a connection.
    #[must_use]
    pub fn disconnected(self) -> Self {
        Self { kind: AskErrorKind::Disconnected, ..self }
    }

    /// Puts the server's code before the text, unless it is part of it. Default: none.
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        if let Some(code) = code.filter(|code| !self.text.contains(code)) {
            self.text = format!("{code}: {}", self.text);
        }
        self
    }

    /// Puts the step that failed before the text. A pool without a connection says nothing about the step.
    pub(in crate::probes) fn with_step(mut self, step: &str) -> Self {
        if !self.is_exhausted() {
            self.text = format!("{step}: {}", self.text);
        }
        self
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the pool had no connection left.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        matches!(self.kind, AskErrorKind::Exhausted)
    }

    pub(in crate::probes) const fn is_disconnected(&self) -> bool {
        matches!(self.kind, AskErrorKind::Disconnected)
    }

    pub(in crate::probes) const fn is_late(&self) -> bool {
        matches!(self.kind, AskErrorKind::Late)
    }
}

#[diagnostic::do_not_recommend]
impl<E: std::error::Error> From<E> for AskError {
    fn from(error: E) -> Self {
        Self::new(text_with_sources(&error))
    }
}
