//! What checks borrow: the service's own values, found by their type.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    sync::Arc,
};

/// The values that checks take as parameters, one for each type.
///
/// ```
/// use health_runtime::State;
///
/// struct Queue;
/// let state = State::new().with(Queue);
/// assert!(state.get::<Queue>().is_some());
/// ```
#[derive(Clone, Default)]
pub struct State {
    values: HashMap<TypeId, Value>,
    repeated: Vec<&'static str>,
}

#[derive(Clone)]
struct Value {
    type_name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl State {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value. A second one of the same type is a start-up error, since a check could not say which
    /// one it means.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let type_name = type_name::<T>();
        let value = Value { type_name, value: Arc::new(value) };
        if self.values.insert(TypeId::of::<T>(), value).is_some() {
            self.repeated.push(type_name);
        }
        self
    }

    /// The value of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let found = self.values.get(&TypeId::of::<T>())?;
        Arc::clone(&found.value).downcast().ok()
    }

    /// The types that were added more than once.
    pub(crate) fn repeated(&self) -> &[&'static str] {
        &self.repeated
    }

    /// The types that are there, sorted.
    pub(crate) fn type_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.values.values().map(|value| value.type_name).collect();
        names.sort_unstable();
        names
    }
}

/// Type names only: values may hold secrets.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.type_names()).finish()
    }
}
