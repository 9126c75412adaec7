use serde_json::Value;

use super::{RemoteRootCauses, RootCause, Status};

/// Maximum nesting of arrays and objects in the data of a check. Renderers, comparisons and other programs' parsers
/// recurse into them.
pub(crate) const MAX_DEPTH: usize = 128;

/// The outcome of one run of one check: a status, and perhaps a message and data.
///
/// Message and data are details: they are shown only to callers that may see them. Public data is stored separately,
/// and shown to everybody.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub(crate) status: Status,
    pub(crate) message: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) public_data: Option<Value>,
    pub(crate) root_causes: Option<Box<RemoteRootCauses>>,
}

impl Outcome {
    /// Returns the outcome of a check that works.
    #[must_use]
    pub const fn pass() -> Self {
        Self::new(Status::Pass)
    }

    /// Returns the outcome of a check that works, but needs attention because of `message`.
    #[must_use]
    pub fn warn(message: impl Into<String>) -> Self {
        Self::new(Status::Warn).with_message(message)
    }

    /// Returns the outcome of a check that does not work because of `message`.
    #[must_use]
    pub fn fail(message: impl Into<String>) -> Self {
        Self::new(Status::Fail).with_message(message)
    }

    /// Returns an outcome of this status, without message or data.
    #[must_use]
    pub const fn new(status: Status) -> Self {
        Self { status, message: None, data: None, public_data: None, root_causes: None }
    }

    /// Sets the message, a sentence for a person. Default: none.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets the data, values for programs. Default: none. [`Details`](crate::Details) does the same for any type that
    /// serializes.
    ///
    /// Data that is nested more than 128 levels deep is a failure of the check.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        match within_depth(data) {
            Some(data) => Self { data: Some(data), ..self },
            None => self.with_data_too_deep(),
        }
    }

    /// Sets the part of the data for callers that may not see details. Default: none. [`Public`](crate::Public) does
    /// the same for a field of a type.
    #[must_use]
    pub fn with_public_data(self, data: Value) -> Self {
        match within_depth(data) {
            Some(data) => Self { public_data: Some(data), ..self },
            None => self.with_data_too_deep(),
        }
    }

    /// Fails. The text also replaces the data, because a message may be set later.
    fn with_data_too_deep(self) -> Self {
        let problem = format!("its data is nested more than {MAX_DEPTH} levels deep");
        Self {
            status: Status::Fail,
            data: Some(problem.clone().into()),
            message: self.message.or(Some(problem)),
            public_data: None,
            root_causes: self.root_causes,
        }
    }

    /// Sets the root causes that other services name. Default: none.
    pub(crate) fn with_root_causes(mut self, root_causes: Option<Box<RemoteRootCauses>>) -> Self {
        self.root_causes = root_causes;
        self
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the sentence for a person.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the values for programs.
    #[must_use]
    pub const fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// Returns the part of the data that everybody may see.
    #[must_use]
    pub const fn public_data(&self) -> Option<&Value> {
        self.public_data.as_ref()
    }

    /// Returns the checks at fault that another service names, see
    /// [`CheckResult::root_causes`](crate::CheckResult::root_causes).
    #[must_use]
    pub fn root_causes(&self) -> &[RootCause] {
        self.root_causes.as_deref().map(RemoteRootCauses::causes).unwrap_or_default()
    }
}

/// Returns the value unless it is nested too deeply. Visits and drops it level by level, without recursion: a stack
/// overflow would end the process.
fn within_depth(mut value: Value) -> Option<Value> {
    fn children(value: &mut Value) -> impl Iterator<Item = &mut Value> {
        let (items, fields) = match value {
            Value::Array(items) => (Some(items.iter_mut()), None),
            Value::Object(fields) => (None, Some(fields.values_mut())),
            _ => (None, None),
        };
        items.into_iter().flatten().chain(fields.into_iter().flatten())
    }

    let mut level = vec![&mut value];
    for _ in 0..=MAX_DEPTH {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return Some(value);
        }
    }
    let mut rest: Vec<_> = level.into_iter().map(Value::take).collect();
    while let Some(mut value) = rest.pop() {
        rest.extend(children(&mut value).map(Value::take));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!(1), |value, level| if level % 2 == 0 { json!([value]) } else { json!({ "a": value }) })
    }

    #[test]
    fn data_has_at_most_128_levels() {
        assert_eq!(Outcome::pass().with_data(nested(MAX_DEPTH)).status(), Status::Pass);
        for depth in [MAX_DEPTH + 1, 3_000, 1_000_000] {
            let outcome = Outcome::pass().with_data(deep(depth)).with_message("all is well");
            assert_eq!(outcome.status(), Status::Fail);
            assert_eq!(outcome.data(), Some(&json!("its data is nested more than 128 levels deep")));
            let outcome = Outcome::pass().with_data(json!(1)).with_public_data(deep(depth));
            assert_eq!((outcome.status(), outcome.public_data()), (Status::Fail, None));
            assert_eq!(outcome.message(), Some("its data is nested more than 128 levels deep"));
        }
    }

    /// Builds the value without `json!`, which would recurse into it.
    fn deep(depth: usize) -> Value {
        (0..depth).fold(Value::Null, |value, _| Value::Array(vec![value]))
    }
}
