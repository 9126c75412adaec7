//! Reports in JSON: the native shape, health+json, Spring Boot's, MicroProfile's, and others with the word of a status.

use serde_json::{Map, Value};

use super::{
    Report, Shape,
    entry::{Entry, texts},
};
use crate::status::Status;

type Fields = Map<String, Value>;

/// Deepest nesting of components that is read.
const MAX_DEPTH: usize = 8;

/// Reads a report; `None` if the JSON is something else.
pub(super) fn read(body: &Value, media_type: &str) -> Option<Report> {
    let fields = body.as_object()?;
    let status = status_of(fields);
    let shape = shape(fields, media_type);
    let checks = match shape {
        // Neither a status nor levels: JSON of something else.
        None => return None,
        Some(Shape::Native) => native(fields),
        Some(Shape::HealthJson) => health_json(fields),
        Some(_) => others(fields, 0),
    };
    let shape = shape?;
    let worst = checks.iter().filter(|check| check.counts()).map(|check| check.status).max();
    let mut report = Report::new(shape, status.or(worst)?);
    let text = |fields: &Fields, key: &str| fields.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    report.cause = text(fields, "cause").or_else(|| text(fields, "output"));
    if shape == Shape::Native && fields.get("draining").and_then(Value::as_bool) == Some(true) {
        report.cause = Some("draining".to_owned());
    }
    let info = fields.get("info").and_then(Value::as_object);
    let named = |key| info.and_then(|info| text(info, key));
    report.service = text(fields, "service").or_else(|| named("name")).or_else(|| text(fields, "serviceId"));
    report.version = text(fields, "version").or_else(|| named("version"));
    report.root_causes = texts(fields.get("root_causes"));
    let links = fields.get("links").and_then(Value::as_object).filter(|_| shape == Shape::Native);
    report.levels_link = links.and_then(|links| text(links, "levels"));
    report.events_link = links.and_then(|links| text(links, "events"));
    report.checks = checks;
    Some(report)
}

fn status_of(fields: &Fields) -> Option<Status> {
    match fields.get("status").or_else(|| fields.get("healthy"))? {
        Value::String(word) => Status::parse(word),
        Value::Bool(is_well) => Some(if *is_well { Status::Pass } else { Status::Fail }),
        _ => None,
    }
}

fn shape(fields: &Fields, media_type: &str) -> Option<Shape> {
    let has_status = status_of(fields).is_some();
    let is_native_check = fields.contains_key("name") && fields.contains_key("level");
    let has_levels = (1..=5).any(|level| fields.contains_key(&level_key(level)));
    if has_status
        && (has_levels || is_native_check || fields.get("links").is_some_and(|links| links.get("levels").is_some()))
    {
        return Some(Shape::Native);
    }
    let first_check = fields.get("checks").and_then(Value::as_object).and_then(|checks| checks.values().next());
    match fields.get("checks") {
        _ if media_type.contains("health+json") || first_check.is_some_and(Value::is_array) => Some(Shape::HealthJson),
        Some(Value::Array(_)) => Some(Shape::MicroProfile),
        // The native shape of a group.
        Some(Value::Object(_)) => Some(Shape::Native),
        _ if media_type.contains("actuator") || fields.contains_key("components") => Some(Shape::Actuator),
        _ if has_status
            && fields
                .get("status")
                .and_then(Value::as_str)
                .is_some_and(|word| matches!(word, "UP" | "DOWN" | "OUT_OF_SERVICE" | "UNKNOWN")) =>
        {
            Some(Shape::Actuator)
        }
        _ => has_status.then_some(Shape::Json),
    }
}

fn level_key(level: u8) -> String {
    format!("level_{level}")
}

/// Reads the reports of levels and groups, the overview, and the report of one check.
fn native(fields: &Fields) -> Vec<Entry> {
    if let (Some(name), Some(_)) = (fields.get("name").and_then(Value::as_str), fields.get("level")) {
        return vec![Entry::read(name, status_of(fields).unwrap_or(Status::Unknown), fields, None)];
    }
    let mut checks = Vec::new();
    for level in (1..=5).rev() {
        let of_level = fields.get(&level_key(level)).and_then(|level| level.get("checks")).and_then(Value::as_object);
        for mut entry in of_level.into_iter().flat_map(named) {
            entry.level = Some(level);
            checks.push(entry);
        }
    }
    checks.extend(fields.get("checks").and_then(Value::as_object).into_iter().flat_map(named));
    // The overview has lists by status.
    for (list, status) in [("failing", Status::Fail), ("warning", Status::Warn)] {
        for (name, check) in fields.get(list).and_then(Value::as_object).into_iter().flatten() {
            checks.extend(check.as_object().map(|check| Entry::read(name, status, check, None)));
        }
    }
    checks
}

fn named(checks: &Fields) -> impl Iterator<Item = Entry> {
    checks.iter().filter_map(|(name, check)| {
        let check = check.as_object()?;
        Some(Entry::read(name, status_of(check).unwrap_or(Status::Unknown), check, None))
    })
}

/// Reads checks under keys such as `db:responseTime`, each an array of its instances.
fn health_json(fields: &Fields) -> Vec<Entry> {
    let checks = fields.get("checks").and_then(Value::as_object).into_iter().flatten();
    let instances = checks.flat_map(|(key, instances)| {
        let instances = instances.as_array().into_iter().flatten().filter_map(Value::as_object);
        instances.map(move |instance| {
            let id = instance.get("componentId").and_then(Value::as_str);
            let name = id.map_or_else(|| component(key), ToOwned::to_owned);
            let mut entry = Entry::read(&name, status_of(instance).unwrap_or(Status::Unknown), instance, None);
            let link = instance.get("links").and_then(|links| links.get("help")).and_then(Value::as_str);
            entry.runbook = link.map(ToOwned::to_owned);
            entry
        })
    });
    instances.collect()
}

/// Returns the name in a key of health+json.
fn component(key: &str) -> String {
    key.split_once(':').map_or(key, |(name, _)| name).replace("%3A", ":")
}

/// Reads components, entries or checks: objects by name, or an array of objects with names.
fn others(fields: &Fields, depth: usize) -> Vec<Entry> {
    let mut checks = Vec::new();
    for list in ["components", "checks", "entries", "results"] {
        match fields.get(list) {
            Some(Value::Object(list)) => {
                for (name, check) in list {
                    if let Some(check) = check.as_object() {
                        checks.extend(nested(name, check, depth));
                    }
                }
            }
            Some(Value::Array(list)) => {
                for check in list.iter().filter_map(Value::as_object) {
                    if let Some(name) = check.get("name").and_then(Value::as_str) {
                        checks.extend(nested(name, check, depth));
                    }
                }
            }
            _ => {}
        }
    }
    checks
}

/// Reads a component, and in its place the components in it, as paths: `db/primary`.
fn nested(name: &str, check: &Fields, depth: usize) -> Vec<Entry> {
    let inner = if depth < MAX_DEPTH { others(check, depth + 1) } else { Vec::new() };
    if inner.is_empty() {
        let facts = check.get("details").or_else(|| check.get("data")).and_then(Value::as_object);
        let mut entry = Entry::read(name, status_of(check).unwrap_or(Status::Unknown), check, facts);
        // ASP.NET's name for the message.
        let description = check.get("description").and_then(Value::as_str).map(ToOwned::to_owned);
        entry.message = entry.message.or(description);
        return vec![entry];
    }
    let rename = |entry: Entry| Entry { name: format!("{name}/{}", entry.name), ..entry };
    inner.into_iter().map(rename).collect()
}
