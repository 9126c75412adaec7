//! The values view: just the data.

use serde_json::{Map, Value};

use super::{
    view::{CheckView, ReportView},
    wire::{level_key, to_json},
};
use crate::model::Cause;

/// One level's values as they are, if it was `asked_alone`; else each level's under its key, though a caller may see but
/// one of several.
pub(super) fn values(view: &ReportView<'_>, asked_alone: bool) -> Vec<u8> {
    if let ([only], true) = (view.levels, asked_alone) {
        return to_json(&of_checks(view.of_level(*only)));
    }
    let mut levels = Map::new();
    for level in view.levels {
        levels.insert(level_key(*level), of_checks(view.of_level(*level)).into());
    }
    to_json(&levels)
}

/// Each check's data under its name, or its fields in the level itself if it asks for that. One of whose
/// fields would hide another's, or another check, stays under its name, so that nothing is lost.
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

/// The fields of a check that stand in the level itself.
fn fields<'a>(check: &CheckView<'a>) -> Option<&'a Map<String, Value>> {
    check.data.filter(|_| check.is_flattened)?.as_object()
}

/// A check without data stands there as its boolean; a background check without a result is neither true nor false.
fn value(check: &CheckView<'_>) -> Value {
    match check.data {
        Some(data) => data.clone(),
        None if check.cause == Some(Cause::Pending.as_str()) => Value::Null,
        None => Value::Bool(!check.is_failing),
    }
}
