//! The schema of the native shape.

use utoipa::openapi::{ComponentsBuilder, RefOr, Schema};

#[cfg(feature = "availability")]
use super::super::availability;
use super::super::{
    info,
    schema::{
        FormatSchema, Shown, named,
        words::{
            all_of, any_object, anything, boolean, described, double, groups, int32, int64, level, level_properties,
            list_of, map_of, object, one_of, root_causes, status, text, timestamp, uri,
        },
    },
};
use crate::model::{FleetRole, Level};

pub(super) const SCHEMA: FormatSchema = FormatSchema { shapes: native, components };

const MUTE: &str = "`{}` to a caller who may see no details, if the check is muted for the life of the process.";
const DRILL: &str = "The check behaves as somebody wants it to, for practice.";

fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    let checks = object([
        ("status", status(), true),
        ("cause", text(), false),
        ("service", text(), false),
        ("version", text(), false),
        ("root_causes", root_causes(), false),
        ("checks", map_of(named("Check")), true),
    ]);
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
        ("root_causes", root_causes(), false),
        ("critical", boolean(), true),
        ("message", text(), false),
        ("owner", text(), false),
        ("runbook", uri(), false),
        ("duration_ms", double(), true),
        ("checked_at", timestamp(), true),
        ("since", timestamp(), true),
        ("fleet", one_of([FleetRole::Leader, FleetRole::Follower, FleetRole::Alone].map(FleetRole::as_str)), false),
        ("checked_by", described("The instance of the fleet that ran the check.", text()), false),
        ("overridden", described("Keys of settings that differ from the declaration.", list_of(text())), false),
        ("muted", described("Only while the check is muted.", all_of([named("Mute")])), false),
        ("drill", described("Only because of a drill.", all_of([named("Drill")])), false),
        ("data", anything(), false),
    ]);
    let mute = object([("until", timestamp(), false), ("reason", text(), false), ("caller", text(), false)]);
    let drill = object([
        ("behavior", one_of(["fail", "warn", "slow", "hang", "panic"]), true),
        ("until", timestamp(), true),
        ("reason", text(), false),
        ("by", text(), false),
    ]);
    let change = object([
        ("id", int64(), true),
        ("at", timestamp(), true),
        ("from", status(), false),
        ("to", status(), true),
        ("cause", text(), false),
        ("blocked_by", list_of(text()), false),
        ("message", text(), false),
        ("muted", described("Only if the check was muted.", boolean()), false),
        ("drill", described("Only because of a drill.", boolean()), false),
    ]);
    #[cfg(feature = "availability")]
    let components = availability::schema::components(components);
    info::schema::components(components)
        .schema("Checks", checks)
        .schema("SingleCheck", all_of([named("Check"), single.into()]))
        .schema("Check", check)
        .schema("Mute", mute.description(Some(MUTE)))
        .schema("Drill", drill.description(Some(DRILL)))
        .schema("Change", change.description(Some("One change in the history of a check.")))
}

fn native(shown: Shown<'_>) -> Vec<RefOr<Schema>> {
    match shown {
        Shown::Overview => vec![named("Overview")],
        #[cfg(feature = "availability")]
        Shown::Check => vec![named("SingleCheck"), named("CheckAvailability")],
        #[cfg(not(feature = "availability"))]
        Shown::Check => vec![named("SingleCheck")],
        Shown::Group => vec![named("Checks")],
        Shown::Levels(levels) => vec![
            report_of(levels),
            values_of(levels),
            #[cfg(feature = "availability")]
            availability::schema::of_levels(levels),
        ],
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
    let report = cumulative(object([
        ("status", status(), true),
        ("service", text(), false),
        ("version", text(), false),
        ("root_causes", root_causes(), false),
    ]));
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
