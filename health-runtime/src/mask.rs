//! Credentials inside URLs, and secrets that are named as such, never leave the process, not even towards those who may
//! see details.

use serde_json::Value;

/// How names of secrets end, without what separates their words.
const NAMES: [&str; 13] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "credential",
    "credentials",
];

/// Replaces the credentials of every URL in a text, `postgres://user:secret@host/db` becoming
/// `postgres://***@host/db`, and the values of what is named like a secret, `password=hunter2` becoming `password=***`.
pub(crate) fn mask_credentials(text: &str) -> String {
    mask_named(&mask_urls(text))
}

/// Replaces the values in `password=…`, `api_key = '…'` and `"token": "…"`. A value in quotes ends with them, another one
/// with white space, `&`, `;`, `,` or a closing bracket. A `:` counts behind a quoted name alone: `wrong password: timed out`
/// is no secret.
fn mask_named(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (name, sign_and_value) = rest.split_at(at);
        let (sign, behind) = sign_and_value.split_at(1);
        masked.push_str(name);
        masked.push_str(sign);
        let name = name.trim_end();
        let unquoted = name.trim_end_matches(['"', '\'']);
        rest = if (sign == "=" || unquoted.len() < name.len()) && is_secret(unquoted) {
            let value = behind.trim_start();
            masked.push_str(&behind[..behind.len() - value.len()]);
            mask_value_of(value, &mut masked)
        } else {
            behind
        };
    }
    masked.push_str(rest);
    masked
}

/// Whether a text ends with the name of a secret.
fn is_secret(text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let start =
        text.rfind(|letter| !is_part(letter)).map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let name: String =
        text[start..].chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.iter().any(|secret| name.ends_with(secret))
}

/// Writes a mask for the value that a text begins with, and gives back what is behind it.
fn mask_value_of<'a>(text: &'a str, masked: &mut String) -> &'a str {
    let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\''));
    let (inside, end) = match quote {
        Some(quote) => (&text[1..], text[1..].find(quote)),
        None => (text, text.find(|letter: char| letter.is_whitespace() || "&;,)]}".contains(letter))),
    };
    let end = end.unwrap_or(inside.len());
    masked.extend(quote);
    if end > 0 {
        masked.push_str("***");
    }
    &inside[end..]
}

/// Everything from `://` to the last `@` before white space goes, because a password that should have been
/// percent-encoded may hold any other character: rather too much than too little.
fn mask_urls(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        masked.push_str(before);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                masked.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    masked.push_str(rest);
    masked
}

/// The same for every string inside a JSON value, and every key: a map from URL to status is a natural shape.
pub(crate) fn mask_value(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(['=', ':']) => *text = mask_credentials(text),
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        Value::Object(fields) => {
            for (key, mut value) in std::mem::take(fields) {
                mask_value(&mut value);
                fields.insert(mask_credentials(&key), value);
            }
        }
        _ => {}
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
        ] {
            assert_eq!(mask_credentials(text), masked);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic_and_masks_are_stable(text in ".{0,100}", name in "(token|=|:|'|\"| |://|@|x){0,20}") {
            for text in [text, name] {
                let masked = mask_credentials(&text);
                proptest::prop_assert_eq!(mask_credentials(&masked), masked);
            }
        }
    }

    #[test]
    fn values_are_masked_at_any_depth() {
        let mut value = serde_json::json!({ "a": ["x://u:p@h", { "z://u:p@h": "y://u:p@h" }], "n": 1 });
        mask_value(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["x://***@h", { "z://***@h": "y://***@h" }], "n": 1 }));
    }
}
