use std::panic::catch_unwind;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Public, Secret, Seen, serialize};
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

/// Serializes itself as the text of its JSON.
struct AsText(Pool);
impl Serialize for AsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

#[test]
fn nested_text_of_json_shows_no_marks() {
    let text = r#"{"isOnline":true,"url":null,"host":"db-3"}"#;
    assert_eq!(seen(&(AsText(pool()), Public(1))), (json!([text, 1]), Some(json!([1]))));
    assert_eq!(seen(&Public(AsText(pool()))), (json!(text), Some(json!(text))));
}

#[derive(Serialize)]
enum Kind {
    Unit,
    Newtype(Public<u8>),
    Tuple(u8, Public<u8>),
    Struct { a: u8, b: Public<u8>, c: Secret<u8> },
}

#[test]
fn every_type_becomes_what_serde_json_makes_of_it() {
    let data = (
        (true, 'c', "text", 1_u8, -1_i64, u64::MAX, 1.5_f32, f64::NAN),
        ((), None::<u8>, Some(1), [1_u8; 3], serde_json::Number::from(5)),
        std::collections::BTreeMap::from([(1, "one")]),
        std::collections::BTreeMap::from([(true, [Some(0)])]),
        [Kind::Unit],
    );
    assert_eq!(seen(&data), (json!(data), None));
    let kinds = [
        (Kind::Newtype(Public(1)), json!({ "Newtype": 1 }), json!({ "Newtype": 1 })),
        (Kind::Tuple(1, Public(2)), json!({ "Tuple": [1, 2] }), json!({ "Tuple": [2] })),
        (
            Kind::Struct { a: 1, b: Public(2), c: Secret(3) },
            json!({ "Struct": { "a": 1, "b": 2 } }),
            json!({ "Struct": { "b": 2 } }),
        ),
    ];
    for (kind, internal, public) in kinds {
        assert_eq!(seen(&kind), (internal, Some(public)));
    }
    assert!(serialize(&std::collections::BTreeMap::from([([1], 1)])).is_err(), "keys are texts");
}

#[derive(Serialize)]
struct Chain(Option<Box<Chain>>);

#[test]
fn deep_data_is_an_error() {
    let nested = |depth| (1..depth).fold(json!([]), |value, _| json!([value]));
    assert!(serialize(&nested(MAX_DEPTH)).is_ok());
    let error = serialize(&nested(MAX_DEPTH + 1)).expect_err("too deep").to_string();
    assert!(error.contains("more than 128 levels deep"), "{error}");

    let chain = (0..10_000).fold(None, |next, _| Some(Box::new(Chain(next))));
    assert!(serialize(&chain).is_err(), "newtypes have no level in JSON, and take the stack all the same");
}

#[test]
fn data_cannot_pass_for_public() {
    let hostile = json!({ "\0public:0": "mine", "public": "mine" });
    assert_eq!(seen(&(hostile.clone(), Public(1))), (json!([hostile, 1]), Some(json!([1]))));
}

#[test]
fn keys_without_a_text_are_named_as_the_fault() {
    let pairs = std::collections::BTreeMap::from([((1, 2), "x")]);
    let fault = serialize(&pairs).expect_err("a pair as a key");
    assert_eq!(fault.to_string(), "the key of a map must be a string");
}
