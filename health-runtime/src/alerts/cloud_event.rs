//! A change as an event of the specification `CloudEvents` 1.0, in the structured JSON format.

use std::time::SystemTime;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{firing::Severity, sender::Sender};
use crate::{
    model::{Cause, CheckSpec, Status, StatusChange},
    time::timestamp_millis,
};

/// Media type of the structured JSON format.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json";

#[derive(Serialize)]
struct EventBody<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'static str,
    subject: &'a str,
    time: String,
    datacontenttype: &'static str,
    data: ChangeData<'a>,
}

#[derive(Serialize)]
struct ChangeData<'a> {
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    check: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    level: u8,
    from: Option<&'static str>,
    to: Option<&'static str>,
    severity: &'static str,
    muted: bool,
    drill: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Returns the source of a sender's events: the URL of its endpoint, or its name.
pub(super) fn source(sender: &Sender) -> String {
    let name = |name: &str| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
    let instance = sender.instance.as_deref().map(|instance| format!("/{}", name(instance))).unwrap_or_default();
    match &sender.endpoint_url {
        Some(url) => url.clone(),
        None => format!("/{}{instance}", name(sender.service())),
    }
}

/// Returns the event of a change. `check` is its declaration, if it is still there.
pub(super) fn body(
    id: &str,
    change: &StatusChange,
    check: Option<&CheckSpec>,
    sender: &Sender,
    source: &str,
) -> String {
    let severity = Severity::of(change.current()).filter(|_| !change.is_muted());
    let body = EventBody {
        specversion: "1.0",
        id,
        source,
        r#type: "health.check.changed",
        subject: change.check(),
        time: timestamp_millis(change.at()),
        datacontenttype: "application/json",
        data: ChangeData {
            service: sender.service(),
            instance: sender.instance.as_deref(),
            check: change.check(),
            display: check.and_then(CheckSpec::display),
            level: change.level().number(),
            from: change.previous().map(Status::as_str),
            to: Some(change.current().as_str()),
            severity: severity.map_or("none", Severity::as_str),
            muted: change.is_muted(),
            drill: change.is_drill(),
            cause: change.cause().map(Cause::as_str),
            blocked_by: change.cause().and_then(Cause::blocked_by),
            owner: check.and_then(CheckSpec::owner),
            runbook_url: check.and_then(CheckSpec::runbook),
            url: sender.check_url(change.check()),
            message: change.message().filter(|_| sender.shows_details),
        },
    };
    // Keys are strings, so this cannot fail.
    serde_json::to_string(&body).unwrap_or_default()
}

/// Returns the event of the end of a check, removed or disabled, whose last change this is, so that nothing stays open at the
/// receiver.
pub(super) fn removal(id: &str, last: &StatusChange, sender: &Sender, source: &str) -> String {
    let body = EventBody {
        specversion: "1.0",
        id,
        source,
        r#type: "health.check.removed",
        subject: last.check(),
        time: timestamp_millis(SystemTime::now()),
        datacontenttype: "application/json",
        data: ChangeData {
            service: sender.service(),
            instance: sender.instance.as_deref(),
            check: last.check(),
            display: None,
            level: last.level().number(),
            from: Some(last.current().as_str()),
            to: None,
            severity: "none",
            muted: false,
            drill: last.is_drill(),
            cause: None,
            blocked_by: None,
            owner: None,
            runbook_url: None,
            url: None,
            message: None,
        },
    };
    serde_json::to_string(&body).unwrap_or_default()
}
