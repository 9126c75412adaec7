//! The native shape, `application/json`. Written by hand, because it is what most requests without a stored response cost.

mod object;
#[cfg(feature = "openapi")]
mod schema;
#[cfg(test)]
mod tests;

use super::{
    context::{Context, ReportSubject},
    format::{Format, FormatOption, Render},
    info, values,
    view::{ChangeView, CheckView, MuteView, ReportView, worst_status},
    wire::{level_key, milliseconds},
};
use crate::model::Status;
use object::{JsonWriter, WriteJson, write_array, write_object};
pub(super) use object::{ObjectWriter, Serialized, object_of};

pub(super) static FORMAT: Format = Format {
    options: &[FormatOption::Values],
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("json", "application/json", Render::Report(render))
};

/// Length of a check without details, with a name of common length.
const CHECK_BYTES: usize = 192;

fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    match &context.subject {
        ReportSubject::Overview { runtime, links } => {
            info::overview(view, context.build, runtime, links, context.info, context.is_draining)
        }
        ReportSubject::Levels { values: true, is_alone } => values::values(view, *is_alone),
        ReportSubject::Levels { values: false, .. } => levels(view),
        ReportSubject::Check => check(view),
        ReportSubject::Group { .. } => group(view),
    }
}

/// `{ "status": …, "level_1": { "status": …, "checks": { … } }, … }`
fn levels(view: &ReportView<'_>) -> Vec<u8> {
    body(view, |object| {
        object.field("status", view.status.as_str());
        for level in view.levels {
            let checks = view.of_level(*level);
            object.field(level_key(*level), LevelObject { status: worst_status(checks), checks });
        }
    })
}

/// `{ "status": …, "checks": { … } }`, with a `cause` if it fails as a whole.
fn group(view: &ReportView<'_>) -> Vec<u8> {
    body(view, |object| {
        object.field("status", view.status.as_str());
        object.field_if("cause", view.cause);
        object.field("checks", Checks(&view.checks));
    })
}

/// Renders one check with its declaration and its history.
fn check(view: &ReportView<'_>) -> Vec<u8> {
    let Some(check) = view.checks.first() else { return b"null".to_vec() };
    body(view, |object| {
        let groups: Vec<_> = check.groups.iter().map(|group| group.as_str()).collect();
        object.field("name", check.name);
        object.field("level", Serialized(&check.level.number()));
        object.field_if("description", check.description);
        object.field("groups", Serialized(&groups));
        object.field("tags", Serialized(check.tags));
        write_check(object, check);
        // Oldest first.
        object.field("history", ChangeArray(&check.history));
    })
}

fn body(view: &ReportView<'_>, fields: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    object_of((view.checks.len() + 1) * CHECK_BYTES, fields)
}

struct LevelObject<'a> {
    status: Status,
    checks: &'a [CheckView<'a>],
}

impl WriteJson for LevelObject<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| {
            object.field("status", self.status.as_str());
            object.field("checks", Checks(self.checks));
        });
    }
}

/// Checks by their names.
pub(super) struct Checks<'a>(pub(super) &'a [CheckView<'a>]);

impl WriteJson for Checks<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| self.0.iter().for_each(|check| object.named(check.name, check)));
    }
}

impl WriteJson for &CheckView<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| write_check(object, self));
    }
}

fn write_check(object: &mut ObjectWriter<'_>, check: &CheckView<'_>) {
    object.field_if("display", check.display);
    object.field("status", check.status.as_str());
    // Only where it differs from the status.
    object.field_if("observed", (check.observed != check.status).then(|| check.observed.as_str()));
    // Number of consecutive results of this kind.
    object.field_if("consecutive", check.consecutive.as_ref().map(Serialized));
    object.field_if("held_until", check.held_until);
    object.field_if("cause", check.cause);
    object.field_if("running_since", check.running_since);
    object.field_if("blocked_by", check.blocked_by.map(Serialized));
    object.field("critical", check.is_critical);
    object.field_if("message", check.message);
    object.field_if("owner", check.owner);
    object.field_if("runbook", check.runbook);
    object.field("duration_ms", Serialized(&milliseconds(check.duration)));
    object.field("checked_at", check.checked_at);
    object.field("since", check.since);
    // Only while the check is muted.
    object.field_if("muted", check.muted.as_ref());
    object.field_if("data", check.data.map(Serialized));
}

impl WriteJson for &MuteView<'_> {
    /// `{}` to a caller who may see no details, if the check is muted for the life of the process.
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| {
            object.field_if("until", self.until);
            object.field_if("reason", self.reason);
            object.field_if("caller", self.caller);
        });
    }
}

struct ChangeArray<'a>(&'a [ChangeView<'a>]);

impl WriteJson for ChangeArray<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_array(json, self.0.iter());
    }
}

impl WriteJson for &ChangeView<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| write_change(object, self));
    }
}

/// Writes one change in the history of a check.
pub(super) fn write_change(object: &mut ObjectWriter<'_>, change: &ChangeView<'_>) {
    object.field("id", Serialized(&change.id));
    object.field("at", change.at);
    // Missing for the first result.
    object.field_if("from", change.from.map(Status::as_str));
    object.field("to", change.to.as_str());
    object.field_if("cause", change.cause);
    object.field_if("blocked_by", change.blocked_by.map(Serialized));
    object.field_if("message", change.message);
    // Only if the check was muted.
    object.field_if("muted", change.is_muted.then_some(true));
}
