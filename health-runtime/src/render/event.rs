//! Server-sent events (WHATWG HTML, section 9.2): the native shape, as the data of an event. JSON has no line breaks,
//! so that each event has one line of data.

use serde::Serialize;

use super::{
    json::{Checks, Serialized, key, object_of, write_change},
    view::{ChangeView, ReportView},
    wire::to_json,
};
use crate::model::Level;

/// Delay in milliseconds before a client reconnects, sent with the first event.
pub(crate) const RECONNECT_AFTER: &str = "retry: 2000\n";

/// An empty comment, so that no proxy closes the connection as idle.
pub(crate) const KEEP_ALIVE: &str = ":\n\n";

/// Renders the state of the checks. `id` belongs to the latest change.
pub(crate) fn state(view: &ReportView<'_>, is_draining: bool, id: &str) -> String {
    // Without any result there is no status to report.
    let status = (!view.checks.is_empty()).then(|| view.status.as_str());
    let body = object_of(0, |object| {
        object.field_if(key!("status"), status);
        object.field(key!("draining"), is_draining);
        object.field(key!("checks"), Checks(&view.checks));
    });
    event("state", Some(id), body)
}

/// Renders a change of a check's status.
pub(crate) fn change(check: &str, level: Level, view: &ChangeView<'_>, id: &str) -> String {
    let body = object_of(0, |object| {
        object.field(key!("check"), check);
        object.field(key!("level"), Serialized(&level.number()));
        write_change(object, view);
    });
    event("change", Some(id), body)
}

/// Renders an update of the checks: the names and levels of those that were added, replaced and removed.
pub(crate) fn checks([added, replaced, removed]: [Vec<(&str, Level)>; 3], id: &str) -> String {
    let named = |checks: Vec<(_, Level)>| {
        checks.into_iter().map(|(check, level)| ListedCheck { check, level: level.number() }).collect()
    };
    let body = UpdateBody { added: named(added), replaced: named(replaced), removed: named(removed) };
    event("checks", Some(id), to_json(&body))
}

/// Renders a loss of changes, with their number if it is known.
pub(crate) fn missed(count: Option<u64>) -> String {
    event("missed", None, to_json(&MissedBody { count }))
}

/// Renders the end of the stream because the service shuts down.
pub(crate) fn draining() -> String {
    event("draining", None, to_json(&DrainingBody { draining: true }))
}

fn event(name: &str, id: Option<&str>, body: Vec<u8>) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let data = String::from_utf8(body).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    added: Vec<ListedCheck<'a>>,
    replaced: Vec<ListedCheck<'a>>,
    removed: Vec<ListedCheck<'a>>,
}

#[derive(Serialize)]
struct ListedCheck<'a> {
    check: &'a str,
    level: u8,
}

#[derive(Serialize)]
struct MissedBody {
    count: Option<u64>,
}

#[derive(Serialize)]
struct DrainingBody {
    draining: bool,
}
