use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    status::Status,
    text::{short_duration, time_left},
};

/// One check of a report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<u8>,
    /// Raw status, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) observed: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) critical: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) muted: bool,
    /// Drill that the check is in, as far as the service tells about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drill: Option<Value>,
    /// Keys of settings that differ from the declaration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) overridden: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) blocked_by: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) root_causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) display: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runbook: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

impl Entry {
    /// Creates an entry that has a name and a status alone.
    pub(crate) fn new(name: &str, status: Status) -> Self {
        Self::read(name, status, &Map::new(), None)
    }

    /// Reads an entry of any shape. `nested` holds the facts that the shape puts into details.
    pub(super) fn read(
        name: &str,
        status: Status,
        fields: &Map<String, Value>,
        nested: Option<&Map<String, Value>>,
    ) -> Self {
        let find = |key: &str| fields.get(key).or_else(|| nested?.get(key));
        let text = |keys: &[&str]| keys.iter().find_map(|key| find(key)?.as_str()).map(ToOwned::to_owned);
        let observed = text(&["observed"]).and_then(|word| Status::parse(&word)).filter(|observed| *observed != status);
        // health+json measures in a unit that it names.
        let measured = (fields.get("observedUnit").and_then(Value::as_str) == Some("ms")).then_some("observedValue");
        let keys = ["duration_ms"].into_iter().chain(measured);
        Self {
            name: name.to_owned(),
            status,
            level: find("level").and_then(Value::as_u64).and_then(|level| u8::try_from(level).ok()),
            observed,
            cause: text(&["cause"]),
            message: text(&["message", "output", "error"]),
            duration_ms: keys.filter_map(find).find_map(Value::as_f64),
            checked_at: text(&["checked_at", "time"]),
            since: text(&["since"]),
            critical: find("critical").and_then(Value::as_bool),
            // Objects in the native shape.
            muted: find("muted").is_some_and(is_set),
            drill: find("drill").filter(|drill| is_set(drill)).cloned(),
            overridden: texts(find("overridden")),
            blocked_by: texts(find("blocked_by")),
            root_causes: texts(find("root_causes")),
            display: text(&["display"]),
            owner: text(&["owner"]),
            runbook: text(&["runbook"]),
            data: fields.get("data").or_else(|| fields.get("details")).filter(|data| !data.is_null()).cloned(),
        }
    }

    /// Returns a field of the data.
    pub(crate) fn datum(&self, key: &str) -> Option<&Value> {
        self.data.as_ref()?.get(key)
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.cause.as_deref() == Some("disabled")
    }

    /// Returns whether its status counts for the report.
    pub(crate) fn counts(&self) -> bool {
        !self.muted && !self.is_disabled()
    }

    /// Describes the drill that it is in: `drill by ada, 5 min left (does the pager ring?)`.
    pub(crate) fn drill_text(&self) -> Option<String> {
        let drill = self.drill.as_ref()?;
        let field = |name| drill.get(name).and_then(Value::as_str);
        let by = field("by").map(|by| format!(" by {by}")).unwrap_or_default();
        let left = field("until").and_then(time_left).map(|left| format!(", {} left", short_duration(left)));
        let reason = field("reason").filter(|reason| self.message.as_deref() != Some(reason));
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        Some(format!("drill{by}{}{reason}", left.unwrap_or_default()))
    }

    /// Returns the reason of the status in one line: drill, cause, checks that block it, and message.
    pub(crate) fn reason(&self) -> String {
        let mut parts: Vec<_> = self.drill_text().into_iter().collect();
        match &self.cause {
            // Its message says so.
            Some(_) if self.is_disabled() && self.message.is_some() => {}
            Some(cause) if self.blocked_by.is_empty() => parts.push(cause.replace('_', " ")),
            Some(_) => parts.push(format!("blocked by {}", self.blocked_by.join(", "))),
            None => {}
        }
        parts.extend(self.message.clone());
        let reason = parts.join(": ");
        match (&*self.root_causes, reason.is_empty()) {
            ([], _) => reason,
            (causes, true) => format!("because of {}", causes.join(", ")),
            (causes, false) => format!("{reason}, because of {}", causes.join(", ")),
        }
    }
}

/// Returns whether a mark is there: an object, maybe without fields, or `true`.
const fn is_set(mark: &Value) -> bool {
    !matches!(mark, Value::Bool(false) | Value::Null)
}

/// Returns the texts in an array.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let texts = value.and_then(Value::as_array).into_iter().flatten();
    texts.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
