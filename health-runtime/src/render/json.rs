//! The native shape, `application/json`.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    context::{Context, ReportSubject},
    format::{Format, FormatOption, Render},
    info, values,
    view::{ChangeView, CheckView, MuteView, ReportView, worst_status},
    wire::{level_key, milliseconds, timestamp, to_json},
};
use crate::model::Status;

pub(super) static FORMAT: Format = Format {
    options: &[FormatOption::Values],
    #[cfg(feature = "openapi")]
    schema: schema::SCHEMA,
    ..Format::new("json", "application/json", Render::Report(render))
};

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
    to_json(&LevelsBody(view))
}

/// `{ "status": …, "checks": { … } }`, with a `cause` if it fails as a whole.
fn group(view: &ReportView<'_>) -> Vec<u8> {
    to_json(&ChecksBody { status: view.status, cause: view.cause, checks: Checks(&view.checks) })
}

/// Renders one check with its declaration and its history.
fn check(view: &ReportView<'_>) -> Vec<u8> {
    to_json(&view.checks.first().map(|check| SingleCheckBody {
        name: check.name,
        level: check.level.number(),
        description: check.description,
        groups: check.groups.iter().map(|group| group.as_str()).collect(),
        tags: check.tags,
        result: CheckBody::new(check),
        history: check.history.iter().map(ChangeBody::new).collect(),
    }))
}

struct LevelsBody<'a>(&'a ReportView<'a>);

impl Serialize for LevelsBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0;
        let mut map = serializer.serialize_map(Some(1 + view.levels.len()))?;
        map.serialize_entry("status", view.status.as_str())?;
        for level in view.levels {
            let checks = view.of_level(*level);
            let body = ChecksBody { status: worst_status(checks), cause: None, checks: Checks(checks) };
            map.serialize_entry(&level_key(*level), &body)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct ChecksBody<'a> {
    #[serde(serialize_with = "status_word")]
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    checks: Checks<'a>,
}

pub(super) struct Checks<'a>(pub(super) &'a [CheckView<'a>]);

impl Serialize for Checks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|check| (check.name, CheckBody::new(check))))
    }
}

#[derive(Serialize)]
pub(super) struct SingleCheckBody<'a> {
    name: &'a str,
    level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    groups: Vec<&'static str>,
    tags: &'a [String],
    #[serde(flatten)]
    result: CheckBody<'a>,
    /// Oldest first.
    history: Vec<ChangeBody<'a>>,
}

#[derive(Serialize)]
pub(super) struct CheckBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    status: &'static str,
    /// Only where it differs from the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'static str>,
    /// Number of consecutive results of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    consecutive: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    critical: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<&'a str>,
    duration_ms: f64,
    checked_at: String,
    since: String,
    /// Only while the check is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<MuteBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> CheckBody<'a> {
    fn new(check: &CheckView<'a>) -> Self {
        Self {
            display: check.display,
            status: check.status.as_str(),
            observed: (check.observed != check.status).then(|| check.observed.as_str()),
            consecutive: check.consecutive,
            held_until: check.held_until.map(timestamp),
            cause: check.cause,
            running_since: check.running_since.map(timestamp),
            blocked_by: check.blocked_by,
            critical: check.is_critical,
            message: check.message,
            owner: check.owner,
            runbook: check.runbook,
            duration_ms: milliseconds(check.duration),
            checked_at: timestamp(check.checked_at),
            since: timestamp(check.since),
            muted: check.muted.as_ref().map(MuteBody::new),
            data: check.data,
        }
    }
}

/// `{}` to a caller who may see no details, if the check is muted for the life of the process.
#[derive(Serialize)]
struct MuteBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

impl<'a> MuteBody<'a> {
    fn new(mute: &MuteView<'a>) -> Self {
        Self { until: mute.until.map(timestamp), why: mute.why, by: mute.by }
    }
}

/// One change in the history of a check.
#[derive(Serialize)]
pub(super) struct ChangeBody<'a> {
    id: u64,
    at: String,
    /// Missing for the first result.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// Only if the check was muted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    muted: bool,
}

impl<'a> ChangeBody<'a> {
    pub(super) fn new(change: &ChangeView<'a>) -> Self {
        Self {
            id: change.id,
            at: timestamp(change.at),
            from: change.from.map(Status::as_str),
            to: change.to.as_str(),
            cause: change.cause,
            blocked_by: change.blocked_by,
            message: change.message,
            muted: change.is_muted,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn status_word<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{ComponentsBuilder, RefOr, Schema};

    use super::super::{
        info,
        schema::{
            FormatSchema, Shown, named,
            words::{
                all_of, any_object, anything, boolean, described, double, groups, int32, int64, level,
                level_properties, list_of, map_of, object, status, text, timestamp, uri,
            },
        },
    };
    use crate::model::Level;

    pub(super) const SCHEMA: FormatSchema = FormatSchema { shapes: native, components };

    const MUTE: &str = "`{}` to a caller who may see no details, if the check is muted for the life of the process.";

    fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let checks =
            object([("status", status(), true), ("cause", text(), false), ("checks", map_of(named("Check")), true)]);
        let single = object([
            ("name", text(), true),
            ("level", level(), true),
            ("description", text(), false),
            ("groups", groups(), true),
            ("tags", list_of(text()), true),
            ("history", described("Oldest first.", list_of(named("Change"))), true),
        ]);
        let check = object([
            ("display", text(), false),
            ("status", status(), true),
            ("observed", status(), false),
            ("consecutive", described("Number of consecutive results of this kind.", int32()), false),
            ("held_until", timestamp(), false),
            ("cause", text(), false),
            ("running_since", timestamp(), false),
            ("blocked_by", list_of(text()), false),
            ("critical", boolean(), true),
            ("message", text(), false),
            ("owner", text(), false),
            ("runbook", uri(), false),
            ("duration_ms", double(), true),
            ("checked_at", timestamp(), true),
            ("since", timestamp(), true),
            ("muted", described("Only while the check is muted.", all_of([named("Mute")])), false),
            ("data", anything(), false),
        ]);
        let mute = object([("until", timestamp(), false), ("why", text(), false), ("by", text(), false)]);
        let change = object([
            ("id", int64(), true),
            ("at", timestamp(), true),
            ("from", status(), false),
            ("to", status(), true),
            ("cause", text(), false),
            ("blocked_by", list_of(text()), false),
            ("message", text(), false),
            ("muted", described("Only if the check was muted.", boolean()), false),
        ]);
        info::schema::components(components)
            .schema("Checks", checks)
            .schema("SingleCheck", all_of([named("Check"), single.into()]))
            .schema("Check", check)
            .schema("Mute", mute.description(Some(MUTE)))
            .schema("Change", change.description(Some("One change in the history of a check.")))
    }

    fn native(shown: Shown<'_>) -> Vec<RefOr<Schema>> {
        match shown {
            Shown::Overview => vec![named("Overview")],
            Shown::Check => vec![named("SingleCheck")],
            Shown::Group => vec![named("Checks")],
            Shown::Levels(levels) => vec![report_of(levels), values_of(levels)],
        }
    }

    /// `{ "status": …, "level_1": { … }, … }`
    fn report_of(levels: &[Level]) -> RefOr<Schema> {
        let cumulative = |object| match levels {
            // `?cumulative` adds the shallower ones.
            [only] => {
                level_properties(object, Level::ALL.into_iter().filter(|level| level > only), &named("Checks"), false)
            }
            _ => object,
        };
        let report = cumulative(object([("status", status(), true)]));
        // A report on several levels shows each caller the levels that it may see.
        let is_required = levels.len() == 1;
        Schema::from(level_properties(report, levels.iter().copied(), &named("Checks"), is_required).build()).into()
    }

    /// The values of one level, or of several under their keys. The checks decide about the contents.
    fn values_of(levels: &[Level]) -> RefOr<Schema> {
        if levels.len() == 1 {
            return any_object().into();
        }
        let each = any_object().into();
        Schema::from(level_properties(object([]), levels.iter().copied(), &each, false).build()).into()
    }
}
