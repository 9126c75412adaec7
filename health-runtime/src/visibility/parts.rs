//! Data as each kind of callers sees it.

use serde_json::{Map, Value};

/// Data as those see it who may see details, and what everybody sees of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) internal: Value,
    pub(crate) public: Option<Value>,
}

/// The part of a value that each kind of callers sees; `None` if it sees nothing.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) internal: Option<Value>,
    pub(super) public: Option<Value>,
}

impl Parts {
    pub(super) const fn internal(value: Value) -> Self {
        Self { internal: Some(value), public: None }
    }

    /// All that is not secret is public.
    pub(super) fn published(self) -> Self {
        Self { public: self.internal.clone(), ..self }
    }
}

/// Elements in the making.
#[derive(Debug, Default)]
pub(super) struct List {
    internal: Vec<Value>,
    public: Vec<Value>,
}

impl List {
    pub(super) fn push(&mut self, parts: Parts) {
        self.internal.extend(parts.internal);
        self.public.extend(parts.public);
    }

    pub(super) fn finish(self) -> Parts {
        let public = (!self.public.is_empty()).then_some(Value::Array(self.public));
        Parts { internal: Some(Value::Array(self.internal)), public }
    }
}

/// Fields in the making.
#[derive(Debug, Default)]
pub(super) struct Fields {
    internal: Map<String, Value>,
    public: Map<String, Value>,
}

impl Fields {
    pub(super) fn insert(&mut self, key: &str, parts: Parts) {
        self.internal.extend(parts.internal.map(|value| (key.to_owned(), value)));
        self.public.extend(parts.public.map(|value| (key.to_owned(), value)));
    }

    pub(super) fn finish(self) -> Parts {
        let public = (!self.public.is_empty()).then_some(Value::Object(self.public));
        Parts { internal: Some(Value::Object(self.internal)), public }
    }
}
