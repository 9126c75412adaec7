//! Masks secrets in messages and data, for callers with details as well: credentials inside URLs, and values that their name
//! or form gives away. Masking misses some secrets; only [`Secret`](crate::Secret) is certain.

mod address;
mod header;
mod letters;
mod named;
mod rules;
mod scan;
mod token_forms;
mod value;

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value};

use named::kind_of;
use rules::SecretKind;
use scan::mask_secrets;
use value::{MASK, is_encoded, is_number, is_state};

/// Replaces secrets in a text with `***`:
///
/// - the credentials of every URL: `postgres://user:secret@host/db` becomes `postgres://***@host/db`
/// - the values of secret names: `password=hunter2` becomes `password=***`
/// - the credentials behind `Bearer` and `Basic`, and tokens and keys of known forms anywhere
pub(crate) fn mask_credentials(text: &str) -> Cow<'_, str> {
    mask_secrets(text)
}

/// Masks every string and every key of a JSON value: a map from URL to status is a natural shape. Fields with a secret name
/// are masked as a whole.
pub(crate) fn mask_value(value: &mut Value) {
    match value {
        Value::String(text) => mask_text(text),
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        Value::Object(fields) => {
            mask_keys(fields);
            let is_named = |key: &str| {
                fields.get(key).and_then(Value::as_str).and_then(kind_of).filter(|_| fields.contains_key("value"))
            };
            // `{"name": "DB_PASSWORD", "value": "…"}`
            let named = ["name", "key"].into_iter().find_map(is_named);
            for (key, value) in fields {
                match kind_of(key).or(named.filter(|_| key == "value")) {
                    Some(kind) => mask_whole(value, kind),
                    None => mask_value(value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks a text in place. Copies it only if it contains secrets.
pub(crate) fn mask_text(text: &mut String) {
    if let Cow::Owned(masked) = mask_credentials(text) {
        *text = masked;
    }
}

/// Masks keys. Keys that become equal are numbered, so that no value is lost.
fn mask_keys(fields: &mut Map<String, Value>) {
    if fields.keys().all(|key| matches!(mask_credentials(key), Cow::Borrowed(_))) {
        return;
    }
    let mut counts = HashMap::new();
    for (key, value) in std::mem::take(fields) {
        let masked = mask_credentials(&key).into_owned();
        let mut unique = masked.clone();
        while fields.contains_key(&unique) {
            let count = counts.entry(masked.clone()).or_insert(1);
            *count += 1;
            unique = format!("{masked} ({count})");
        }
        fields.insert(unique, value);
    }
}

/// Masks a value with a secret name. Booleans, counts of secrets and states such as `expired` stay.
fn mask_whole(value: &mut Value, kind: SecretKind) {
    let keeps_numbers = matches!(kind, SecretKind::Plural | SecretKind::Short);
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(_) if keeps_numbers => {}
        Value::String(text) if text.is_empty() || is_state(text) || (keeps_numbers && is_number(text)) => {}
        Value::String(text) if kind == SecretKind::Encoded && !is_encoded(text) => mask_text(text),
        Value::Array(_) | Value::Object(_) if kind == SecretKind::Encoded => mask_value(value),
        Value::String(_) | Value::Number(_) => *value = MASK.into(),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_whole(item, kind)),
        Value::Object(fields) => {
            mask_keys(fields);
            fields.values_mut().for_each(|value| mask_whole(value, kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_credentials_is_masked() {
        for (text, masked) in [
            ("cannot reach postgres://user:secret@host/db", "cannot reach postgres://***@host/db"),
            ("redis://:secret@host:6379 and amqp://u:p@h", "redis://***@host:6379 and amqp://***@h"),
            ("postgres://user:pa/ss@w#rd?@host/db", "postgres://***@host/db"),
            ("url=http://token@host,next", "url=http://***@host,next"),
            ("http://a/b?c=http://u:p@h/", "http://a/b?c=http://***@h/"),
            (
                "https://host/path stays, and so does me@example.org",
                "https://host/path stays, and so does me@example.org",
            ),
            ("://@", "://***@"),
            ("", ""),
        ] {
            assert_eq!(mask_credentials(text), masked);
        }
    }

    #[test]
    fn values_of_secret_names_are_masked() {
        for (text, masked) in [
            ("host=db user=x password=hunter2 dbname=y", "host=db user=x password=*** dbname=y"),
            ("Server=a;Pwd=x y;Timeout=3", "Server=a;Pwd=***;Timeout=3"),
            ("PGPASSWORD = 'a b' rest", "PGPASSWORD = '***' rest"),
            (r#"{"access_token":"abc","n":1}"#, r#"{"access_token":"***","n":1}"#),
            ("{'client-secret': 'abc'}", "{'client-secret': '***'}"),
            ("https://h/p?api_key=abc&page=2", "https://h/p?api_key=***&page=2"),
            ("(token=abc)", "(token=***)"),
            ("aws.secret_key=a=b== next", "aws.secret_key=*** next"),
            ("password=", "password="),
            ("password='unclosed", "password='***"),
            ("parol\u{e9}password=\u{e9} x", "parol\u{e9}password=*** x"),
            ("wrong password: timed out after: 3 s", "wrong password: timed out after: 3 s"),
            ("tokens=5 secretary=me passwords:", "tokens=5 secretary=me passwords:"),
            ("postgres://u:p@h/d?password=x", "postgres://***@h/d?password=***"),
            ("token: abc", "token: ***"),
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=ab+/c==;Suffix=x",
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=***;Suffix=x",
            ),
            ("DB_PASS=hunter2 pass='a b' smtp.pass=x", "DB_PASS=*** pass='***' smtp.pass=***"),
            ("https://h/c?sv=1&sig=ab%3D&se=2", "https://h/c?sv=1&sig=***&se=2"),
            ("encryption_key: abc", "encryption_key: ***"),
            ("Cookie: theme=dark; session=ab.c was refused", "Cookie: *** was refused"),
            ("Set-Cookie: a=b; Path=/; HttpOnly", "Set-Cookie: ***; HttpOnly"),
            ("(cookie=a; then it broke)", "(cookie=***; then it broke)"),
            ("pass=3 fail=0, bypass=yes, pass: all of them", "pass=3 fail=0, bypass=yes, pass: all of them"),
            ("user: ada, password: abc, port: 5", "user: ada, password: ***, port: 5"),
            ("refused with password: hunter2", "refused with password: ***"),
            (r#"Config { password: "a \"b\" c", port: 5 }"#, r#"Config { password: "***", port: 5 }"#),
            (r#"Config { token: Some("a b"), port: 5 }"#, "Config { token: ***), port: 5 }"),
            (r#"token=1""2"3 4"5 6"#, "token=*** 6"),
            (r#"{\"password\":\"a b\",\"n\":1}"#, r#"{\"password\":\"***\",\"n\":1}"#),
            ("Authorization: Basic YWRhOmI= and on", "Authorization: *** and on"),
            ("proxy-authorization: Digest x y", "proxy-authorization: *** y"),
            ("the authorization: it was denied", "the authorization: it was denied"),
            ("sent 'Bearer abc123' twice", "sent 'Bearer ***' twice"),
            ("GET with basic YWRhOmI=, refused", "GET with basic ***, refused"),
            ("Bearer token expired; Basic auth failed", "Bearer token expired; Basic auth failed"),
            ("bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln here", "bad *** here"),
            ("eyJ is how they begin", "eyJ is how they begin"),
            // Truncated texts.
            (r#"[("user", "ada"), ("password", "hunter2"#, r#"[("user", "ada"), ("password", "***"#),
            ("<Password><![CDATA[hunter2", "<Password><![CDATA[***"),
        ] {
            assert_eq!(mask_credentials(text), masked);
        }
    }

    #[test]
    fn fields_with_secret_names_are_masked_as_a_whole() {
        let mut value =
            serde_json::json!({ "db": { "password": "x", "tokens": 5 }, "api-key": [1, "x"], "secret": true });
        mask_value(&mut value);
        let masked =
            serde_json::json!({ "db": { "password": "***", "tokens": 5 }, "api-key": ["***", "***"], "secret": true });
        assert_eq!(value, masked);
    }

    proptest::proptest! {
        #[test]
        fn secret_is_found_in_every_notation(
            before in "[a-z ]{0,20}",
            name in "(password|[Tt]oken|api_key|X-Secret-Key|client\\.secret|PGPASSWORD)",
            secret in "[a-z]{3}[0-9]{3}[A-Z]{3}",
            after in "( [a-z ]{0,20})?",
        ) {
            for text in [
                format!("{before} {name}={secret}{after}"),
                format!("{before} {name} = '{secret} {secret}'{after}"),
                format!("{before} {name}: {secret}{after}"),
                format!("{before} \"{name}\": \"{secret} {secret}\"{after}"),
                format!("{before} {:?}", format!("{{\"{name}\": \"{secret} {secret}\"}}")),
                format!("{before} X {{ {name}: Some({:?}) }}", format!("{secret} {secret}")),
                format!("{before} https://h/?a=b&{name}={secret}&c=d{after}"),
                format!("{before} Authorization: Bearer {secret}{after}"),
                format!("{before} bearer {secret}{after}"),
                format!("{before} amqp://{secret}:{secret}@h{after}"),
            ] {
                let masked = mask_credentials(&text);
                proptest::prop_assert!(!masked.contains(&secret), "{} became {}", text, masked);
                proptest::prop_assert!(masked.starts_with(&before), "{} became {}", text, masked);
            }
        }

        #[test]
        fn sentences_are_kept(text in "[a-z]{1,9}( (no|wrong|the) (password|token|secret): [a-z]{1,9}| [a-z]{1,9}[,.]?){0,6}") {
            proptest::prop_assert_eq!(mask_credentials(&text), &*text);
        }

        #[test]
        fn masking_never_panics_and_is_idempotent(text in ".{0,100}", name in "(token|authorization|Bearer|eyJ|=|:|'|\"|\\\\| |,|1|://|@|x){0,20}") {
            for text in [text, name] {
                let masked = mask_credentials(&text);
                // A URL ends with white space, which a mask may have taken.
                if !text.contains("://") {
                    proptest::prop_assert_eq!(mask_credentials(&masked), &*masked);
                }
            }
        }
    }

    #[test]
    fn values_are_masked_at_any_depth() {
        let mut value = serde_json::json!({ "a": ["x://u:p@h", { "z://u:p@h": "y://u:p@h" }], "n": 1 });
        mask_value(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["x://***@h", { "z://***@h": "y://***@h" }], "n": 1 }));
    }

    #[test]
    fn keys_that_become_equal_are_numbered() {
        let mut value = serde_json::json!({ "x://a:b@h": 1, "x://c:d@h": 2, "x://e:f@h": 3, "other": 4 });
        mask_value(&mut value);
        let masked = serde_json::json!({ "x://***@h": 1, "x://***@h (2)": 2, "x://***@h (3)": 3, "other": 4 });
        assert_eq!(value, masked);
    }

    #[test]
    fn values_beside_the_name_of_a_secret_are_masked() {
        for (mut value, masked) in [
            (json!({ "name": "DB_PASSWORD", "value": "x" }), json!({ "name": "DB_PASSWORD", "value": "***" })),
            (json!({ "name": "DB_HOST", "value": "x" }), json!({ "name": "DB_HOST", "value": "x" })),
            (json!({ "tokens": { "ada": "x", "used": 5 } }), json!({ "tokens": { "ada": "***", "used": 5 } })),
            (json!({ "password": "expired", "pass": 3 }), json!({ "password": "expired", "pass": 3 })),
            (
                json!({ "pass": "x", "auth": { "type": "basic" } }),
                json!({ "pass": "***", "auth": { "type": "basic" } }),
            ),
        ] {
            mask_value(&mut value);
            assert_eq!(value, masked);
        }
    }

    /// Quadratic work would take 64 times as long for eight times the text; linear work stays far below half of that.
    #[test]
    fn masking_takes_linear_time() {
        // The time of this thread on the processor: other programs take none of it.
        let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a time since the start");
        let time = |text: &str| {
            let start = now();
            std::hint::black_box(mask_credentials(text));
            now().saturating_sub(start).max(Duration::from_micros(100))
        };
        for part in [
            "x",
            " ",
            "a b ",
            "a: ",
            "a=b ",
            "://",
            "://@ ",
            "://a:b ",
            "eyJ",
            "eyJ-",
            "basic ",
            "bearer a1 ",
            "token=b ",
            "\"a\": \"b\", ",
            "{[(",
            "\"",
            "'",
            "\\\"",
            "\\",
            "%25",
            "%3A%2F%2F",
            "&",
            "&amp;",
            "token",
            "token: ",
            "token(",
            "tokens:{5",
            "token: {",
            "auth=!",
            "-u=,",
            "password=\"",
            "password=),",
            "password=a,b",
            "password=a ;",
            "a/b@",
            "a:b@tcp(",
            "-----BEGIN PRIVATE KEY-----",
            "<password>x ",
            "SG.a-",
            "cookie=a; ",
            "digest a=b, ",
            "1:A",
            "--",
            "password {",
            "(\"token\",{",
            "(\"token\", \u{201c}",
            "password (\u{201c}",
            "x=digest ",
            "<password><![CDATA[",
            "<password/><![CDATA[",
            "a-----",
            "_,",
            "token:]",
            "token \u{201c}",
        ] {
            let [short, long] = [1 << 12, 1 << 15].map(|length| part.repeat(length / part.len()));
            // Other programs also take room in the caches, so the quickest try of each counts.
            let mut quickest = [Duration::MAX; 2];
            let is_linear = (0..32).any(|_| {
                quickest = [quickest[0].min(time(&short)), quickest[1].min(time(&long))];
                quickest[1] < quickest[0] * 32
            });
            assert!(is_linear, "{part:?}: {quickest:?}");
        }
    }

    #[test]
    fn texts_without_secrets_are_not_copied() {
        for text in ["", "connection refused", "password=***", "https://host/path?a=b"] {
            assert!(matches!(mask_credentials(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
