//! Who may see which field of a check's data.
//!
//! Serializing turns a type into JSON, where nothing is left of types. So while [`Details`](crate::Details) serializes,
//! the wrappers here leave marks in the JSON, and [`seen_by`] takes them out again.

use std::{
    cell::Cell,
    collections::hash_map::RandomState,
    fmt,
    hash::BuildHasher,
    ops::{Deref, DerefMut},
    sync::LazyLock,
};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

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
        match mark(Kind::Public) {
            None => self.0.serialize(serializer),
            Some(key) => single_entry(serializer, &key, &self.0),
        }
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
        match mark(Kind::Secret) {
            None => serializer.serialize_unit(),
            Some(key) => single_entry(serializer, &key, &()),
        }
    }
}

/// Data as those see it who may see details, and what everybody sees of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) internal: Value,
    pub(crate) public: Option<Value>,
}

/// Serializes data for both kinds of callers.
pub(crate) fn serialize(data: &impl Serialize) -> Result<Seen, serde_json::Error> {
    let (value, marks) = marking(|| serde_json::to_value(data));
    let value = value?;
    if marks == 0 {
        return Ok(Seen { internal: value, public: None });
    }
    let parts = Parts::of(value);
    Ok(Seen { internal: parts.internal.unwrap_or_default(), public: parts.public })
}

#[derive(Clone, Copy)]
enum Kind {
    Public,
    Secret,
}

/// Begins the keys that are marks, with a number that nobody outside knows: data that comes from elsewhere could
/// not pass for public by its keys.
static PREFIXES: LazyLock<[String; 2]> = LazyLock::new(|| {
    let random = RandomState::new();
    ["public", "secret"].map(|kind| format!("\0{:016x}:{kind}:", random.hash_one(kind)))
});

thread_local! {
    /// How many marks were set while [`Details`](crate::Details) serializes on this thread; `None` while it does not.
    static MARKS: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Puts back what was before, also after a panic.
struct Before(Option<usize>);

impl Drop for Before {
    fn drop(&mut self) {
        MARKS.set(self.0);
    }
}

/// Has wrappers leave marks, and counts them.
fn marking<T>(serialize: impl FnOnce() -> T) -> (T, usize) {
    let _before = Before(MARKS.replace(Some(0)));
    let serialized = serialize();
    (serialized, MARKS.get().unwrap_or_default())
}

/// The key of a new mark, if there are to be any. Each is another one, because of `#[serde(flatten)]`, which puts several
/// into one object.
fn mark(kind: Kind) -> Option<String> {
    let marks = MARKS.get()?;
    MARKS.set(Some(marks + 1));
    Some(format!("{}{marks}", PREFIXES[kind as usize]))
}

fn single_entry<S: Serializer>(serializer: S, key: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

fn kind_of(key: &str) -> Option<Kind> {
    let [public, secret] = &*PREFIXES;
    if key.starts_with(public.as_str()) {
        Some(Kind::Public)
    } else if key.starts_with(secret.as_str()) {
        Some(Kind::Secret)
    } else {
        None
    }
}

/// What is left of a value for each kind of callers; nothing, if it is not for them.
struct Parts {
    internal: Option<Value>,
    public: Option<Value>,
}

impl Parts {
    fn of(value: Value) -> Self {
        match value {
            Value::Object(map) => Self::of_object(map),
            Value::Array(values) => {
                let parts: Vec<_> = values.into_iter().map(Self::of).collect();
                let public: Vec<_> = parts.iter().filter_map(|parts| parts.public.clone()).collect();
                let internal = parts.into_iter().filter_map(|parts| parts.internal).collect();
                Self {
                    internal: Some(Value::Array(internal)),
                    public: (!public.is_empty()).then_some(Value::Array(public)),
                }
            }
            scalar => Self { internal: Some(scalar), public: None },
        }
    }

    fn of_object(map: Map<String, Value>) -> Self {
        let (mut internal, mut public) = (Map::new(), Map::new());
        let is_alone = map.len() == 1;
        for (key, value) in map {
            match kind_of(&key) {
                Some(Kind::Secret) if is_alone => return Self { internal: None, public: None },
                Some(Kind::Secret) => {}
                Some(Kind::Public) => match Self::of(value).internal {
                    // Its fields stand among those around it: it was flattened.
                    Some(Value::Object(fields)) if !is_alone => {
                        internal.extend(fields.clone());
                        public.extend(fields);
                    }
                    // What is flattened and not there: `None`, or all of it secret.
                    None | Some(Value::Null) if !is_alone => {}
                    value => return Self { public: value.clone(), internal: value },
                },
                None => {
                    let parts = Self::of(value);
                    public.extend(parts.public.map(|value| (key.clone(), value)));
                    internal.extend(parts.internal.map(|value| (key, value)));
                }
            }
        }
        Self { internal: Some(Value::Object(internal)), public: (!public.is_empty()).then_some(Value::Object(public)) }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Pool {
        #[serde(rename = "isOnline")]
        is_online: Public<bool>,
        url: Secret<String>,
        host: String,
    }

    #[derive(Serialize)]
    struct Outer {
        #[serde(flatten)]
        shown: Public<Pool>,
        #[serde(flatten)]
        also: Public<Other>,
        #[serde(flatten)]
        plain: Inner,
        pools: Vec<Pool>,
        maybe: Option<Public<u8>>,
        #[serde(flatten)]
        hidden: Secret<Pool>,
    }
    #[derive(Serialize)]
    struct Other {
        n: u8,
    }
    #[derive(Serialize)]
    struct Inner {
        inner: u8,
        deep: Public<u8>,
    }

    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("while it is serialized")
        }
    }

    fn pool() -> Pool {
        Pool { is_online: Public(true), url: Secret("canary".to_owned()), host: "db-3".to_owned() }
    }

    fn seen(data: &impl Serialize) -> (Value, Option<Value>) {
        let Seen { internal, public } = serialize(data).expect("data that serializes");
        (internal, public)
    }

    #[test]
    fn fields_are_internal_unless_they_are_marked() {
        assert_eq!(seen(&pool()), (json!({ "isOnline": true, "host": "db-3" }), Some(json!({ "isOnline": true }))));
        assert_eq!(seen(&json!({ "a": [1] })), (json!({ "a": [1] }), None));
        assert_eq!(seen(&()), (Value::Null, None));
    }

    #[test]
    fn marks_count_wherever_they_stand() {
        let outer = Outer {
            shown: Public(pool()),
            also: Public(Other { n: 3 }),
            plain: Inner { inner: 1, deep: Public(2) },
            pools: vec![pool()],
            maybe: None,
            hidden: Secret(pool()),
        };
        assert_eq!(
            seen(&outer),
            (
                json!({ "isOnline": true, "host": "db-3", "n": 3, "inner": 1, "deep": 2,
                        "pools": [{ "isOnline": true, "host": "db-3" }], "maybe": null }),
                Some(json!({ "isOnline": true, "host": "db-3", "n": 3, "deep": 2, "pools": [{ "isOnline": true }] })),
            )
        );
        assert_eq!(seen(&Public(pool())).1, Some(json!({ "isOnline": true, "host": "db-3" })));
        assert_eq!(seen(&Secret(pool())), (Value::Null, None));
        assert_eq!(seen(&[Public(1), Public(2)]), (json!([1, 2]), Some(json!([1, 2]))));
        assert_eq!(seen(&(Secret(1), 2)), (json!([2]), None));
    }

    #[test]
    fn wrappers_leave_no_marks_elsewhere() {
        assert_eq!(json!(pool()), json!({ "isOnline": true, "url": null, "host": "db-3" }));
        assert_eq!(format!("{:?}", Secret("canary")), "Secret(…)");

        assert!(catch_unwind(|| serialize(&Panics)).is_err());
        assert_eq!(json!(Public(1)), json!(1), "the panic left nothing behind");
    }

    #[test]
    fn data_cannot_pass_for_public() {
        let hostile = json!({ "\0public:0": "mine", "public": "mine" });
        assert_eq!(seen(&(hostile.clone(), Public(1))), (json!([hostile, 1]), Some(json!([1]))));
    }
}
