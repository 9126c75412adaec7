//! Texts that other systems have a part in: an error message repeats what a server has sent. A model must be able to tell
//! them from what this program says.

use serde_json::{Map, Value};

use crate::text::{floor_char_boundary, is_unprintable};

const FIELD: &str = "untrusted_text";

/// The fields of the native shape that hold such texts: of a check, of its mute and drill, and of its changes.
const TEXTS: [&str; 5] = ["message", "data", "reason", "caller", "by"];

/// Length to which a text is cut.
const MAX_TEXT_BYTES: usize = 2048;

/// Number of values in the data of a check that are kept.
const MAX_VALUES: usize = 256;

/// Moves the texts of a check, or of a change, below one field.
pub(super) fn separate(object: &mut Map<String, Value>) {
    let mut values_left = MAX_VALUES;
    let texts: Map<String, Value> = TEXTS
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), cleaned(object.remove(name)?, &mut values_left))))
        .collect();
    if !texts.is_empty() {
        object.insert(FIELD.to_owned(), texts.into());
    }
    for name in ["muted", "drill"] {
        if let Some(Value::Object(of_operator)) = object.get_mut(name) {
            separate(of_operator);
        }
    }
    if let Some(Value::Array(history)) = object.get_mut("history") {
        history.iter_mut().filter_map(Value::as_object_mut).for_each(separate);
    }
}

/// Does the same for each check of a report. Only known places are searched, because a check may be named `message`.
pub(super) fn separate_report(report: &mut Map<String, Value>) {
    separate(report);
    for (name, value) in report.iter_mut() {
        match (&**name, value) {
            ("checks" | "failing" | "warning", Value::Object(checks)) => {
                checks.values_mut().filter_map(Value::as_object_mut).for_each(separate);
            }
            ("level_1" | "level_2" | "level_3" | "level_4" | "level_5", Value::Object(level)) => {
                separate_report(level);
            }
            _ => {}
        }
    }
}

/// Returns a value whose texts are cut, without invisible characters, and of which only the first parts are left if there
/// are too many.
fn cleaned(value: Value, values_left: &mut usize) -> Value {
    *values_left = values_left.saturating_sub(1);
    match value {
        Value::String(text) => plain(&text).into(),
        Value::Array(values) => {
            let mut kept = Vec::new();
            for value in values {
                if *values_left == 0 {
                    break;
                }
                kept.push(cleaned(value, values_left));
            }
            kept.into()
        }
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                if *values_left == 0 {
                    break;
                }
                kept.insert(plain(&name), cleaned(value, values_left));
            }
            kept.into()
        }
        value => value,
    }
}

/// Returns one line of visible text. Line breaks become spaces.
fn plain(text: &str) -> String {
    let kept = &text[..floor_char_boundary(text, MAX_TEXT_BYTES)];
    let is_space = |letter: char| matches!(letter, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    let mut plain: String = kept
        .chars()
        .filter(|letter| is_space(*letter) || !is_hidden(*letter))
        .map(|letter| if is_space(letter) { ' ' } else { letter })
        .collect();
    if kept.len() < text.len() {
        plain.push('…');
    }
    plain
}

/// Returns whether a character can carry text that a person does not see. Variation selectors are among them: each of a
/// series stands for a byte.
fn is_hidden(letter: char) -> bool {
    is_unprintable(letter)
        || matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn separated(value: Value) -> Value {
        let Value::Object(mut object) = value else { unreachable!("an object") };
        separate_report(&mut object);
        object.into()
    }

    #[test]
    fn texts_move_below_one_field() {
        let check =
            || json!({ "status": "fail", "message": "m", "data": { "message": "d" }, "muted": { "reason": "r" } });
        let marked = json!({
            "status": "fail",
            "untrusted_text": { "message": "m", "data": { "message": "d" } },
            "muted": { "untrusted_text": { "reason": "r" } },
        });
        let report = json!({ "level_1": { "status": "fail", "checks": { "message": check(), "data": check() } } });
        let expected = json!({ "level_1": { "status": "fail", "checks": { "message": marked, "data": marked } } });
        assert_eq!(separated(report), expected);
        let overview = json!({ "failing": { "caller": check() }, "warning": { "checks": check() } });
        assert_eq!(separated(overview), json!({ "failing": { "caller": marked }, "warning": { "checks": marked } }));
        let history = json!({ "history": [{ "id": 1, "message": "m" }] });
        assert_eq!(separated(history), json!({ "history": [{ "id": 1, "untrusted_text": { "message": "m" } }] }));
    }

    #[test]
    fn hidden_characters_are_removed_and_long_texts_cut() {
        assert_eq!(plain("a\r\nb\0c\u{1b}[31m\u{202e}d\u{200d}\u{e0041}\u{e0100}\u{feff}é"), "a  bc[31mdé");
        let long = "é".repeat(MAX_TEXT_BYTES);
        assert_eq!(plain(&long), "é".repeat(MAX_TEXT_BYTES / 2) + "…");
        let many = json!({ "data": { "a": vec![0; 999], "b": 1 } });
        assert_eq!(separated(many)["untrusted_text"]["data"]["a"].as_array().map(Vec::len), Some(MAX_VALUES - 2));
    }
}
