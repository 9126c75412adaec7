//! What checks borrow: the service's own values, found by their type.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
    sync::Arc,
};

/// The values that checks take as parameters, one for each type. A value in an [`Arc`] serves parameters `&T`, too.
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
    /// A list, because there are a few of them and they are looked up at start only.
    values: Vec<Lent>,
    repeated: Vec<&'static str>,
}

#[derive(Clone)]
struct Lent {
    type_id: TypeId,
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
        let (type_id, type_name) = (TypeId::of::<T>(), type_name::<T>());
        if self.values.iter().any(|value| value.type_id == type_id) {
            self.repeated.push(type_name);
        }
        self.values.push(Lent { type_id, type_name, value: Arc::new(value) });
        self
    }

    /// The value of this type; without one, the value that an `Arc<T>` of the state holds.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.find().or_else(|| self.find::<Arc<T>>().as_deref().cloned())
    }

    fn find<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let found = self.values.iter().find(|value| value.type_id == TypeId::of::<T>())?;
        Arc::clone(&found.value).downcast().ok()
    }

    /// The types that were added more than once.
    pub(crate) fn repeated(&self) -> &[&'static str] {
        &self.repeated
    }

    /// The types that are there, in the order in which they were added.
    pub(crate) fn type_names(&self) -> Vec<&'static str> {
        self.values.iter().map(|value| value.type_name).collect()
    }
}

/// Type names only: values may hold secrets.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.type_names()).finish()
    }
}
