//! The types that users put around a field to say who may see it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::nesting::{Marker, inside};

/// A field of a check's [`Details`](crate::Details) that every caller of the endpoint may see. Fields without
/// it are internal: only callers who may see details see them.
///
/// It may stand around a field, around a part of one, or around all of the data. Everywhere else it serializes as its content.
///
/// ```
/// use health_runtime::{Details, Level, Public, Secret, health_check};
///
/// #[derive(serde::Serialize)]
/// struct QueueState {
///     /// For everybody.
///     waiting: Public<u64>,
///     /// For callers who may see details.
///     broker: String,
///     /// For nobody: it is only here for the code that uses the state.
///     password: Secret<String>,
/// }
///
/// fn queue() -> Details<QueueState> {
///     Details::pass(QueueState {
///         waiting: Public(7),
///         broker: "broker-3".to_owned(),
///         password: Secret::new("hunter2".to_owned()),
///     })
/// }
/// # queue();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Public<T>(pub T);

/// A field of a check's [`Details`](crate::Details) that never leaves the process, not even inside a [`Public`] one. `Debug`
/// does not show it, and outside of `Details` it serializes as `null`.
///
/// Mark secrets with this type. Secrets in messages and unmarked data are masked only if their name or form is known,
/// which misses some.
///
/// [`expose`](Self::expose) is the only way to the content, so that no method of the content is called by accident:
///
/// ```compile_fail,E0599
/// let password = health_runtime::Secret::new("hunter2");
/// let text = password.to_string();
/// ```
///
/// ```
/// let password = health_runtime::Secret::new("hunter2");
/// assert_eq!(password.expose().to_string(), "hunter2");
/// assert_eq!(format!("{password:?}"), "Secret(…)");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the secret itself, in plain text.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Unwraps the secret.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Public<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize> Serialize for Public<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        inside(Marker::Public, || self.0.serialize(serializer))
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// So that a setting takes a text, a `String` and a secret alike.
impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<&String> for Secret<String> {
    fn from(value: &String) -> Self {
        Self(value.clone())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        inside(Marker::Secret, || serializer.serialize_unit())
    }
}
