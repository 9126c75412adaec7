//! Credentials inside URLs, and secrets that are named as such or look like it, never leave the process, not even towards
//! those who may see details.

mod named;
mod token;
mod url;
mod word;

use serde_json::Value;

use named::{is_secret, mask_named};
use token::{mask_schemes, mask_tokens};
use url::mask_urls;
use word::MASK;

/// Replaces what is or may be a secret in a text with `***`:
///
/// - the credentials of every URL: `postgres://user:secret@host/db` becomes `postgres://***@host/db`
/// - the values of what is named like a secret: `password=hunter2` becomes `password=***`
/// - what stands behind `Bearer` and `Basic`, and JSON Web Tokens anywhere
pub(crate) fn mask_credentials(text: &str) -> String {
    mask_named(&mask_schemes(&mask_tokens(&mask_urls(text))))
}

/// The same for every string inside a JSON value, and every key: a map from URL to status is a natural shape. What a
/// field holds that is named like a secret is masked as a whole.
pub(crate) fn mask_value(value: &mut Value) {
    match value {
        Value::String(text) if may_hold_secrets(text) => *text = mask_credentials(text),
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        Value::Object(fields) => {
            for (key, mut value) in std::mem::take(fields) {
                if is_secret(&key) {
                    mask_whole(&mut value);
                } else {
                    mask_value(&mut value);
                }
                fields.insert(mask_credentials(&key), value);
            }
        }
        _ => {}
    }
}

/// Whether it is worth a closer look: most strings in data are single words.
fn may_hold_secrets(text: &str) -> bool {
    text.contains(['=', ':', ' ']) || text.contains("eyJ")
}

/// Whether something is there, and yes and no, are no secrets.
fn mask_whole(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(_) | Value::Number(_) => *value = MASK.into(),
        Value::Array(items) => items.iter_mut().for_each(mask_whole),
        Value::Object(fields) => fields.values_mut().for_each(mask_whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_credentials_is_masked() {
        for (text, masked) in [
            ("cannot reach postgres://user:secret@host/db", "cannot reach postgres://***@host/db"),
            ("redis://:secret@host:6379 and amqp://u:p@h", "redis://***@host:6379 and amqp://***@h"),
            ("postgres://user:pa/ss@w#rd?@host/db", "postgres://***@host/db"),
            ("url=http://token@host,next", "url=http://***@host,next"),
            ("http://a/b?c=http://u:p@h/", "http://***@h/"),
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
    fn what_is_named_like_a_secret_is_masked() {
        for (text, masked) in [
            ("host=db user=x password=hunter2 dbname=y", "host=db user=x password=*** dbname=y"),
            ("Server=a;Pwd=x y;Timeout=3", "Server=a;Pwd=*** y;Timeout=3"),
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
            (r#"{\"password\":\"a b\",\"n\":1}"#, r#"{\"password\":***,\"n\":1}"#),
            ("Authorization: Basic YWRhOmI= and on", "Authorization: *** and on"),
            ("proxy-authorization: Digest x y", "proxy-authorization: *** y"),
            ("the authorization: it was denied", "the authorization: it was denied"),
            ("sent 'Bearer abc123' twice", "sent 'Bearer ***' twice"),
            ("GET with basic YWRhOmI=, refused", "GET with basic ***, refused"),
            ("Bearer token expired; Basic auth failed", "Bearer token expired; Basic auth failed"),
            ("bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln here", "bad *** here"),
            ("eyJ is how they begin", "eyJ is how they begin"),
        ] {
            assert_eq!(mask_credentials(text), masked);
        }
    }

    #[test]
    fn fields_that_are_named_like_a_secret_are_masked_as_a_whole() {
        let mut value =
            serde_json::json!({ "db": { "password": "x", "tokens": 5 }, "api-key": [1, "x"], "secret": true });
        mask_value(&mut value);
        let masked =
            serde_json::json!({ "db": { "password": "***", "tokens": 5 }, "api-key": ["***", "***"], "secret": true });
        assert_eq!(value, masked);
    }

    proptest::proptest! {
        #[test]
        fn a_secret_is_found_in_every_kind_of_writing(
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
        fn sentences_stay(text in "[a-z]{1,9}( (no|wrong|the) (password|token|secret): [a-z]{1,9}| [a-z]{1,9}[,.]?){0,6}") {
            proptest::prop_assert_eq!(mask_credentials(&text), text);
        }

        #[test]
        fn nothing_makes_it_panic_and_what_is_masked_stays_so(text in ".{0,100}", name in "(token|authorization|Bearer|eyJ|=|:|'|\"|\\\\| |,|1|://|@|x){0,20}") {
            for text in [text, name] {
                let masked = mask_credentials(&text);
                // A URL ends with white space, which a mask may have taken.
                if !text.contains("://") {
                    proptest::prop_assert_eq!(mask_credentials(&masked), masked);
                }
            }
        }
    }

    /// Whatever a megabyte is made of, it is looked through once: what took a second look at the rest each time would not
    /// come to an end here.
    #[test]
    fn long_texts_are_read_once() {
        for (part, masked) in [
            ("x", "x"),
            (" ", " "),
            ("a b ", "a b "),
            ("a: ", "a: "),
            ("a=b ", "a=b "),
            ("://", "://"),
            ("://@ ", "://***@ "),
            ("eyJ", "eyJ"),
            ("basic ", "basic "),
            ("bearer a1 ", "bearer *** "),
            ("token=b ", "token=*** "),
            ("\"a\": \"b\", ", "\"a\": \"b\", "),
            ("{[(", "{[("),
            ("\"", "\""),
            ("'", "'"),
            ("\\\"", "\\\""),
        ] {
            let times = (1 << 20) / part.len();
            assert!(mask_credentials(&part.repeat(times)) == masked.repeat(times), "{part}");
        }
    }

    #[test]
    fn values_are_masked_at_any_depth() {
        let mut value = serde_json::json!({ "a": ["x://u:p@h", { "z://u:p@h": "y://u:p@h" }], "n": 1 });
        mask_value(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["x://***@h", { "z://***@h": "y://***@h" }], "n": 1 }));
    }
}
