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
    view::{ChangeView, CheckView, DrillView, MuteView, ReportView, worst_status},
    wire::{level_key, milliseconds},
};
use crate::{
    build_info::BuildMetadata,
    model::{OverriddenSetting, RootCause, Status},
};
use object::{JsonWriter, WriteJson, write_array, write_object};
pub(super) use object::{Key, ObjectWriter, Serialized, key, object_of};

pub(super) static FORMAT: Format = Format {
    options: &[FormatOption::Values],
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("json", "application/json", Render::Report(render))
};

/// Length of a check without details, with a name of common length.
const CHECK_BYTES: usize = 192;

pub(crate) fn render(view: &ReportView<'_>, context: &Context<'_>) -> Vec<u8> {
    match &context.subject {
        ReportSubject::Overview { runtime, links } => {
            info::overview(view, context.build, runtime, links, context.info, context.is_draining)
        }
        ReportSubject::Levels { values: true, is_alone } => values::values(view, *is_alone),
        ReportSubject::Levels { values: false, .. } => levels(view, context.build),
        ReportSubject::Check => check(view),
        ReportSubject::Group { .. } => group(view, context.build),
    }
}

/// `{ "status": …, "service": …, "version": …, "level_1": { "status": …, "checks": { … } }, … }`
fn levels(view: &ReportView<'_>, build: Option<&BuildMetadata>) -> Vec<u8> {
    body(view, |object| {
        object.field(key!("status"), view.status);
        write_service(object, view, build);
        for level in view.levels {
            let checks = view.of_level(*level);
            object.named(level_key(*level), LevelObject { status: worst_status(checks), checks });
        }
    })
}

/// `{ "status": …, "service": …, "version": …, "checks": { … } }`, with a `cause` if it fails as a whole.
fn group(view: &ReportView<'_>, build: Option<&BuildMetadata>) -> Vec<u8> {
    body(view, |object| {
        object.field(key!("status"), view.status);
        object.field_if(key!("cause"), view.cause);
        write_service(object, view, build);
        object.field(key!("checks"), Checks(&view.checks));
    })
}

/// Renders one check with its declaration and its history.
fn check(view: &ReportView<'_>) -> Vec<u8> {
    let Some(check) = view.checks.first() else { return b"null".to_vec() };
    body(view, |object| {
        let groups: Vec<_> = check.groups.iter().map(|group| group.as_str()).collect();
        object.field(key!("name"), check.name);
        object.field(key!("level"), Serialized(&check.level.number()));
        object.field_if(key!("description"), check.description);
        object.field(key!("groups"), Serialized(&groups));
        object.field(key!("tags"), Serialized(check.tags));
        write_check(object, check);
        // Oldest first.
        object.field(key!("history"), ChangeArray(&check.history));
    })
}

fn body(view: &ReportView<'_>, fields: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    object_of((view.checks.len() + 1) * CHECK_BYTES, fields)
}

/// Writes the name and the version for callers who may see build information, and the root causes, for which a service that
/// asks needs the name.
fn write_service(object: &mut ObjectWriter<'_>, view: &ReportView<'_>, build: Option<&BuildMetadata>) {
    let is_named = build.is_some() || !view.root_causes.is_empty();
    object.field_if(key!("service"), view.service.filter(|_| is_named));
    object.field_if(key!("version"), build.map(BuildMetadata::version));
    object.field_if(key!("root_causes"), RootCauseArray::of(&view.root_causes));
}

struct RootCauseArray<'a>(&'a [RootCause]);

impl<'a> RootCauseArray<'a> {
    fn of(causes: &'a [RootCause]) -> Option<Self> {
        Some(Self(causes)).filter(|_| !causes.is_empty())
    }
}

impl WriteJson for RootCauseArray<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_array(json, self.0.iter().map(RootCause::as_str));
    }
}

struct KeyArray<'a>(&'a [OverriddenSetting]);

impl<'a> KeyArray<'a> {
    fn of(settings: &'a [OverriddenSetting]) -> Option<Self> {
        Some(Self(settings)).filter(|_| !settings.is_empty())
    }
}

impl WriteJson for KeyArray<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_array(json, self.0.iter().map(|setting| setting.key));
    }
}

struct LevelObject<'a> {
    status: Status,
    checks: &'a [CheckView<'a>],
}

impl WriteJson for LevelObject<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| {
            object.field(key!("status"), self.status);
            object.field(key!("checks"), Checks(self.checks));
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
    object.field_if(key!("display"), check.display);
    object.field(key!("status"), check.status);
    // Only where it differs from the status.
    object.field_if(key!("observed"), (check.observed != check.status).then_some(check.observed));
    // Number of consecutive results of this kind.
    object.field_if(key!("consecutive"), check.consecutive.as_ref().map(Serialized));
    object.field_if(key!("held_until"), check.held_until);
    object.field_if(key!("cause"), check.cause);
    object.field_if(key!("running_since"), check.running_since);
    object.field_if(key!("blocked_by"), check.blocked_by.map(Serialized));
    object.field_if(key!("root_causes"), RootCauseArray::of(check.root_causes));
    object.field(key!("critical"), check.is_critical);
    object.field_if(key!("message"), check.message);
    object.field_if(key!("owner"), check.owner);
    object.field_if(key!("runbook"), check.runbook);
    object.field(key!("duration_ms"), Serialized(&milliseconds(check.duration)));
    object.field(key!("checked_at"), check.checked_at);
    object.field(key!("since"), check.since);
    object.field_if(key!("fleet"), check.fleet);
    object.field_if(key!("checked_by"), check.checked_by);
    // Keys of settings that differ from the declaration.
    object.field_if(key!("overridden"), KeyArray::of(check.overridden));
    // Only while the check is muted.
    object.field_if(key!("muted"), check.muted.as_ref());
    // Only because of a drill.
    object.field_if(key!("drill"), check.drill.as_ref());
    object.field_if(key!("data"), check.data.map(Serialized));
}

impl WriteJson for &MuteView<'_> {
    /// `{}` to a caller who may see no details, if the check is muted for the life of the process.
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| {
            object.field_if(key!("until"), self.until);
            object.field_if(key!("reason"), self.reason);
            object.field_if(key!("caller"), self.caller);
        });
    }
}

impl WriteJson for &DrillView<'_> {
    fn write_json(self, json: &mut JsonWriter) {
        write_object(json, |object| {
            object.field(key!("behavior"), self.behavior);
            object.field(key!("until"), self.until);
            object.field_if(key!("reason"), self.reason);
            object.field_if(key!("by"), self.by);
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
    object.field(key!("id"), Serialized(&change.id));
    object.field(key!("at"), change.at);
    // Missing for the first result.
    object.field_if(key!("from"), change.from);
    object.field(key!("to"), change.to);
    object.field_if(key!("cause"), change.cause);
    object.field_if(key!("blocked_by"), change.blocked_by.map(Serialized));
    object.field_if(key!("message"), change.message);
    // Only if the check was muted.
    object.field_if(key!("muted"), change.is_muted.then_some(true));
    // Only because of a drill.
    object.field_if(key!("drill"), change.is_drill.then_some(true));
}
