//! A check's data, split by who may see it.

use serde_json::{Map, Value};

/// A check's data: all of it for callers who may see details, and the public part for everybody.
#[derive(Debug, PartialEq)]
pub(crate) struct SplitData {
    pub(crate) internal: Value,
    pub(crate) public: Option<Value>,
}

/// One value of the data; `None` where that kind of caller sees nothing.
#[derive(Debug, Default)]
pub(super) struct SplitValue {
    pub(super) internal: Option<Value>,
    pub(super) public: Option<Value>,
}

impl SplitValue {
    pub(super) const fn internal(value: Value) -> Self {
        Self { internal: Some(value), public: None }
    }

    /// Makes all of it public, except for its secrets.
    pub(super) fn published(self) -> Self {
        Self { public: self.internal.clone(), ..self }
    }
}

/// An array under construction.
#[derive(Debug, Default)]
pub(super) struct SplitArray {
    internal: Vec<Value>,
    public: Vec<Value>,
}

impl SplitArray {
    pub(super) fn push(&mut self, value: SplitValue) {
        self.internal.extend(value.internal);
        self.public.extend(value.public);
    }

    pub(super) fn finish(self) -> SplitValue {
        let public = (!self.public.is_empty()).then_some(Value::Array(self.public));
        SplitValue { internal: Some(Value::Array(self.internal)), public }
    }
}

/// An object under construction.
#[derive(Debug, Default)]
pub(super) struct SplitObject {
    internal: Map<String, Value>,
    public: Map<String, Value>,
}

impl SplitObject {
    pub(super) fn insert(&mut self, key: &str, value: SplitValue) {
        self.internal.extend(value.internal.map(|value| (key.to_owned(), value)));
        self.public.extend(value.public.map(|value| (key.to_owned(), value)));
    }

    pub(super) fn finish(self) -> SplitValue {
        let public = (!self.public.is_empty()).then_some(Value::Object(self.public));
        SplitValue { internal: Some(Value::Object(self.internal)), public }
    }
}
