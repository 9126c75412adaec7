//! The service's own values, which checks borrow by their type.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
    sync::Arc,
};

/// The values that checks take as parameters, one of each type. A value in an [`Arc`] serves parameters `&T`, too.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// A list, because there are few values, and they are looked up at start only.
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
    /// Adds a value. A second one of the same type is a start-up error, since a check could not choose between them.
    pub(crate) fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let (type_id, type_name) = (TypeId::of::<T>(), type_name::<T>());
        if self.values.iter().any(|value| value.type_id == type_id) {
            self.repeated.push(type_name);
        }
        self.values.push(Lent { type_id, type_name, value: Arc::new(value) });
        self
    }

    /// Returns the value of this type; without one, the value that an `Arc<T>` of the state holds.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.find().or_else(|| self.find::<Arc<T>>().as_deref().cloned())
    }

    fn find<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let found = self.values.iter().find(|value| value.type_id == TypeId::of::<T>())?;
        Arc::clone(&found.value).downcast().ok()
    }

    /// Returns the types that were added more than once.
    pub(crate) fn repeated(&self) -> &[&'static str] {
        &self.repeated
    }

    /// Returns the types of the values, in the order in which they were added.
    pub(crate) fn type_names(&self) -> Vec<&'static str> {
        self.values.iter().map(|value| value.type_name).collect()
    }
}

/// Shows type names only: values may hold secrets.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.type_names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU8;

    use super::*;

    #[test]
    fn value_of_the_exact_type_wins_over_an_arc() {
        let state = State::default().with(Arc::new(1_u8)).with(2_u8).with(Arc::new("shared".to_owned()));
        assert_eq!(state.get::<u8>().as_deref(), Some(&2));
        assert_eq!(state.get::<Arc<u8>>().as_deref().map(|value| **value), Some(1));
        assert_eq!(state.get::<String>().as_deref().map(String::as_str), Some("shared"));
        assert_eq!(state.get::<u16>(), None);
        // The value itself is lent, not a copy.
        let shared = Arc::new(AtomicU8::new(0));
        let lent = State::default().with(Arc::clone(&shared)).get::<AtomicU8>().unwrap();
        assert!(Arc::ptr_eq(&lent, &shared));
    }
}
