use std::panic::catch_unwind;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Public, Secret, SplitData, split};
use crate::model::MAX_DEPTH;

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
    plain: Nested,
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
struct Nested {
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
    Pool { is_online: Public(true), url: Secret::new("canary".to_owned()), host: "db-3".to_owned() }
}

fn views(data: &impl Serialize) -> (Value, Option<Value>) {
    let SplitData { internal, public } = split(data).expect("data that serializes");
    (internal, public)
}

#[test]
fn unmarked_fields_are_internal() {
    assert_eq!(views(&pool()), (json!({ "isOnline": true, "host": "db-3" }), Some(json!({ "isOnline": true }))));
    assert_eq!(views(&json!({ "a": [1] })), (json!({ "a": [1] }), None));
    assert_eq!(views(&()), (Value::Null, None));
}

#[test]
fn markers_count_at_any_depth() {
    let outer = Outer {
        shown: Public(pool()),
        also: Public(Other { n: 3 }),
        plain: Nested { inner: 1, deep: Public(2) },
        pools: vec![pool()],
        maybe: None,
        hidden: Secret::new(pool()),
    };
    assert_eq!(
        views(&outer),
        (
            json!({ "isOnline": true, "host": "db-3", "n": 3, "inner": 1, "deep": 2,
                    "pools": [{ "isOnline": true, "host": "db-3" }], "maybe": null }),
            Some(json!({ "isOnline": true, "host": "db-3", "n": 3, "deep": 2, "pools": [{ "isOnline": true }] })),
        )
    );
    assert_eq!(views(&Public(pool())).1, Some(json!({ "isOnline": true, "host": "db-3" })));
    assert_eq!(views(&Secret::new(pool())), (Value::Null, None));
    assert_eq!(views(&[Public(1), Public(2)]), (json!([1, 2]), Some(json!([1, 2]))));
    assert_eq!(views(&(Secret::new(1), 2)), (json!([2]), None));
}

#[test]
fn markers_leave_no_trace_in_other_serializers() {
    assert_eq!(json!(pool()), json!({ "isOnline": true, "url": null, "host": "db-3" }));
    assert_eq!(format!("{:?}", Secret::new("canary")), "Secret(…)");

    assert!(catch_unwind(|| split(&Panics)).is_err());
    assert_eq!(json!(Public(1)), json!(1), "the panic left nothing behind");
}

/// Serializes itself as the text of its JSON.
struct AsText(Pool);
impl Serialize for AsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

#[test]
fn nested_json_text_shows_no_markers() {
    let text = r#"{"isOnline":true,"url":null,"host":"db-3"}"#;
    assert_eq!(views(&(AsText(pool()), Public(1))), (json!([text, 1]), Some(json!([1]))));
    assert_eq!(views(&Public(AsText(pool()))), (json!(text), Some(json!(text))));
}

#[derive(Serialize)]
enum Variants {
    Unit,
    Newtype(Public<u8>),
    Tuple(u8, Public<u8>),
    Struct { a: u8, b: Public<u8>, c: Secret<u8> },
}

#[test]
fn every_type_serializes_as_with_serde_json() {
    let data = (
        (true, 'c', "text", 1_u8, -1_i64, u64::MAX, 1.5_f32, f64::NAN),
        ((), None::<u8>, Some(1), [1_u8; 3], serde_json::Number::from(5)),
        std::collections::BTreeMap::from([(1, "one")]),
        std::collections::BTreeMap::from([(true, [Some(0)])]),
        [Variants::Unit],
    );
    assert_eq!(views(&data), (json!(data), None));
    let kinds = [
        (Variants::Newtype(Public(1)), json!({ "Newtype": 1 }), json!({ "Newtype": 1 })),
        (Variants::Tuple(1, Public(2)), json!({ "Tuple": [1, 2] }), json!({ "Tuple": [2] })),
        (
            Variants::Struct { a: 1, b: Public(2), c: Secret::new(3) },
            json!({ "Struct": { "a": 1, "b": 2 } }),
            json!({ "Struct": { "b": 2 } }),
        ),
    ];
    for (kind, internal, public) in kinds {
        assert_eq!(views(&kind), (internal, Some(public)));
    }
    assert!(split(&std::collections::BTreeMap::from([([1], 1)])).is_err(), "keys are texts");
}

#[derive(Serialize)]
struct Chain(Option<Box<Chain>>);

#[test]
fn deep_data_is_an_error() {
    let nested = |depth| (1..depth).fold(json!([]), |value, _| json!([value]));
    assert!(split(&nested(MAX_DEPTH)).is_ok());
    let error = split(&nested(MAX_DEPTH + 1)).expect_err("too deep").to_string();
    assert!(error.contains("more than 128 levels deep"), "{error}");

    let chain = (0..10_000).fold(None, |next, _| Some(Box::new(Chain(next))));
    assert!(split(&chain).is_err(), "newtypes have no level in JSON, and take the stack all the same");
}

#[test]
fn data_cannot_pass_for_public() {
    let hostile = json!({ "\0public:0": "mine", "public": "mine" });
    assert_eq!(views(&(hostile.clone(), Public(1))), (json!([hostile, 1]), Some(json!([1]))));
}

#[test]
fn keys_without_a_text_form_are_errors() {
    let pairs = std::collections::BTreeMap::from([((1, 2), "x")]);
    let fault = split(&pairs).expect_err("a pair as a key");
    assert_eq!(fault.to_string(), "the key of a map must be a string");
}
