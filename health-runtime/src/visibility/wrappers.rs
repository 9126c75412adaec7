//! The wrappers that say who may see a field.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Serialize, Serializer};

use super::nesting::{Wrapper, inside};

/// A field of a check's [`Details`](crate::Details) that everybody may see who can reach the endpoint. Fields without
/// it are internal: only callers who may see details see them.
///
/// It may stand around a field, what is deeper inside one, or all of the data. Everywhere else it serializes as what it
/// holds.
///
/// ```
/// use health_runtime::{Details, Level, Public, Secret, health_check};
///
/// #[derive(serde::Serialize)]
/// struct QueueFacts {
///     /// For everybody.
///     waiting: Public<u64>,
///     /// For callers who may see details.
///     broker: String,
///     /// For nobody: it is only here for the code that uses the facts.
///     password: Secret<String>,
/// }
///
/// fn queue() -> Details<QueueFacts> {
///     Details::pass(QueueFacts {
///         waiting: Public(7),
///         broker: "broker-3".to_owned(),
///         password: Secret("hunter2".to_owned()),
///     })
/// }
/// # queue();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Public<T>(pub T);

/// A field of a check's [`Details`](crate::Details) that never leaves the process, whoever asks, also where it stands
/// inside something [`Public`]. `Debug` does not show it, and anywhere else it serializes as `null`.
///
/// This is the rule for secrets. Secrets that get into messages and data without it are masked where their name or look
/// gives them away, which is a net with holes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret<T>(pub T);

impl<T> From<T> for Public<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Public<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Public<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize> Serialize for Public<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        inside(Wrapper::Public, || self.0.serialize(serializer))
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Secret<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Secret<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        inside(Wrapper::Secret, || serializer.serialize_unit())
    }
}
