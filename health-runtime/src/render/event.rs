//! Server-sent events (WHATWG HTML, section 9.2): the native shape, as the data of an event. JSON has no line breaks,
//! so that each event has one line of data.

use serde::Serialize;

use super::{
    json::{ChangeBody, Checks},
    view::{ChangeView, ReportView},
    wire::to_json,
};
use crate::model::Level;

/// How long a client waits until it comes back, sent with the first event.
pub(crate) const RETRY: &str = "retry: 2000\n";

/// Nothing, so that nobody on the way takes the connection for dead.
pub(crate) const KEEP_ALIVE: &str = ":\n\n";

/// What is known of the checks. `id` is that of the latest change.
pub(crate) fn state(view: &ReportView<'_>, is_draining: bool, id: &str) -> String {
    // Of nothing nobody knows that it passes.
    let status = (!view.checks.is_empty()).then(|| view.status.as_str());
    let body = StateBody { status, draining: is_draining, checks: Checks(&view.checks) };
    event("state", Some(id), &body)
}

/// A change of a check's status.
pub(crate) fn change(check: &str, level: Level, view: &ChangeView<'_>, id: &str) -> String {
    let body = EventBody { check, level: level.number(), change: ChangeBody::new(view) };
    event("change", Some(id), &body)
}

/// That changes are lost; how many, if that is known.
pub(crate) fn missed(count: Option<u64>) -> String {
    event("missed", None, &MissedBody { count })
}

/// That the service is shutting down, and the stream with it.
pub(crate) fn draining() -> String {
    event("draining", None, &DrainingBody { draining: true })
}

fn event(name: &str, id: Option<&str>, body: &impl Serialize) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let data = String::from_utf8(to_json(body)).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

#[derive(Serialize)]
struct StateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    draining: bool,
    checks: Checks<'a>,
}

#[derive(Serialize)]
struct EventBody<'a> {
    check: &'a str,
    level: u8,
    #[serde(flatten)]
    change: ChangeBody<'a>,
}

#[derive(Serialize)]
struct MissedBody {
    count: Option<u64>,
}

#[derive(Serialize)]
struct DrainingBody {
    draining: bool,
}
