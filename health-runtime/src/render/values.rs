//! The values view: the data alone.

use serde_json::{Map, Value};

use super::{
    view::{CheckView, ReportView},
    wire::{level_key, to_json},
};

/// Renders the values of one level, if the request is for it alone; else the values of each level under its key, even if a
/// caller may see only one of several.
pub(super) fn values(view: &ReportView<'_>, is_alone: bool) -> Vec<u8> {
    if let ([only], true) = (view.levels, is_alone) {
        return to_json(&of_checks(view.of_level(*only)));
    }
    let mut levels = Map::new();
    for level in view.levels {
        levels.insert(level_key(*level).to_owned(), of_checks(view.of_level(*level)).into());
    }
    to_json(&levels)
}

/// Puts the data of each check under its name, or its fields into the level itself if the check is flattened. A check with a
/// field that would hide another field or check stays under its name, so that nothing is lost.
fn of_checks(checks: &[CheckView<'_>]) -> Map<String, Value> {
    let mut values = Map::new();
    for check in checks {
        let is_taken = |key: &String| {
            values.contains_key(key) || checks.iter().any(|other| other.name == key && other.name != check.name)
        };
        match fields(check) {
            Some(fields) if !fields.keys().any(is_taken) => {
                for (key, value) in fields {
                    values.insert(key.clone(), value.clone());
                }
            }
            _ => {
                values.insert(check.name.to_owned(), value(check));
            }
        }
    }
    values
}

/// Returns the fields of a flattened check.
fn fields<'a>(check: &CheckView<'a>) -> Option<&'a Map<String, Value>> {
    check.data.filter(|_| check.is_flattened)?.as_object()
}

/// Returns the data of a check, or a boolean without data. A check without a result is neither true nor false.
fn value(check: &CheckView<'_>) -> Value {
    match check.data {
        Some(data) => data.clone(),
        None if !check.has_result() => Value::Null,
        None => Value::Bool(!check.is_failing),
    }
}
