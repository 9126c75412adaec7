//! Credentials inside URLs never leave the process, not even towards those who may see details.

use serde_json::Value;

/// Replaces the credentials of every URL in a text: `postgres://user:secret@host/db` becomes
/// `postgres://***@host/db`.
///
/// Everything from `://` to the last `@` before white space goes, because a password that should have been
/// percent-encoded may hold any other character: rather too much than too little.
pub(crate) fn mask_credentials(text: &str) -> String {
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
        Value::String(text) if text.contains("://") => *text = mask_credentials(text),
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
    fn values_are_masked_at_any_depth() {
        let mut value = serde_json::json!({ "a": ["x://u:p@h", { "z://u:p@h": "y://u:p@h" }], "n": 1 });
        mask_value(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["x://***@h", { "z://***@h": "y://***@h" }], "n": 1 }));
    }
}
