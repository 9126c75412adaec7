//! Build information, and the overview that includes it.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    context::Links,
    view::{CheckView, ReportView, worst_status},
    visibility::DetailLevel,
    wire::{level_key, timestamp, to_json},
};
use crate::{
    build_info::{BuildMetadata, RuntimeFacts},
    model::{Level, Status},
    time::timestamp_seconds,
};

/// Renders build information. Only callers who may see details see the compiler's version, because it hints at known flaws.
pub(crate) fn info(build: Option<&BuildMetadata>, runtime: &RuntimeFacts<'_>, detail_level: DetailLevel) -> Vec<u8> {
    to_json(&InfoBody::new(build, runtime, detail_level))
}

/// `{ "status": …, "failing": { "db": { … } }, "info": { … }, "levels": { "level_1": … }, "links": { … } }`
pub(super) fn overview(
    view: &ReportView<'_>,
    build: Option<&BuildMetadata>,
    runtime: &RuntimeFacts<'_>,
    links: &Links,
    detail_level: Option<DetailLevel>,
    draining: bool,
) -> Vec<u8> {
    to_json(&OverviewBody {
        status: view.status.as_str(),
        draining,
        failing: Affected::from_view(view, Status::Fail),
        warning: Affected::from_view(view, Status::Warn),
        levels: LevelStatuses(view),
        info: detail_level.map(|detail_level| InfoBody::new(build, runtime, detail_level)),
        links,
    })
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Overview))]
pub(super) struct OverviewBody<'a> {
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::status))]
    status: &'static str,
    /// Only while the service drains.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    draining: bool,
    /// The checks that fail, by name. Left out without any.
    #[serde(skip_serializing_if = "Affected::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, AffectedBody<'a>>, required = false))]
    failing: Affected<'a>,
    /// The checks that warn, by name. Left out without any.
    #[serde(skip_serializing_if = "Affected::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, AffectedBody<'a>>, required = false))]
    warning: Affected<'a>,
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::level_statuses))]
    levels: LevelStatuses<'a>,
    /// Only for callers who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<InfoBody<'a>>,
    links: &'a Links,
}

/// The checks of one status that count for the status of the report.
struct Affected<'a>(Vec<&'a CheckView<'a>>);

impl<'a> Affected<'a> {
    fn from_view(view: &'a ReportView<'a>, status: Status) -> Self {
        Self(view.checks.iter().filter(|check| check.muted.is_none() && check.status == status).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Affected<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|check| (check.name, AffectedBody::new(check))))
    }
}

/// The facts about a check that a person needs before reading the report of its level.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AffectedCheck))]
struct AffectedBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 5))]
    level: u8,
    /// Only where it differs from the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::status, required = false))]
    observed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::uri, required = false))]
    runbook: Option<&'a str>,
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::timestamp))]
    since: String,
}

impl<'a> AffectedBody<'a> {
    fn new(check: &CheckView<'a>) -> Self {
        Self {
            display: check.display,
            level: check.level.number(),
            observed: (check.observed != check.status).then(|| check.observed.as_str()),
            cause: check.cause,
            blocked_by: check.blocked_by,
            message: check.message,
            owner: check.owner,
            runbook: check.runbook,
            since: timestamp(check.since),
        }
    }
}

struct LevelStatuses<'a>(&'a ReportView<'a>);

impl Serialize for LevelStatuses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Level::ALL.len()))?;
        for level in self.0.levels {
            let status = worst_status(self.0.of_level(*level));
            map.serialize_entry(&level_key(*level), status.as_str())?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Info))]
pub(super) struct InfoBody<'a> {
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = BuildBody))]
    build: Option<BuildBody>,
    build_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::timestamp, required = false))]
    deployed_at: Option<String>,
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::timestamp))]
    started_at: String,
    uptime: &'a str,
    uptime_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Build))]
struct BuildBody {
    // Not required by the schema: everything is left out if no build is known.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    name: &'static str,
    #[cfg_attr(feature = "openapi", schema(required = false))]
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<RevisionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dirty: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::words::timestamp, required = false))]
    build_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'static str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Revision))]
struct RevisionBody {
    short: &'static str,
    full: &'static str,
}

impl<'a> InfoBody<'a> {
    fn new(build: Option<&BuildMetadata>, runtime: &'a RuntimeFacts<'_>, detail_level: DetailLevel) -> Self {
        Self {
            build: build.map(|build| BuildBody::new(build, detail_level)),
            build_type: runtime.build_type,
            deployed_at: runtime.deployed_at.map(timestamp),
            started_at: timestamp(runtime.started_at),
            uptime: &runtime.uptime,
            uptime_seconds: runtime.uptime_seconds,
            environment: runtime.environment,
        }
    }
}

impl BuildBody {
    fn new(build: &BuildMetadata, detail_level: DetailLevel) -> Self {
        let revision = build.revision().zip(build.revision_short());
        Self {
            name: build.name(),
            version: build.version(),
            repo: build.repo(),
            revision: revision.map(|(full, short)| RevisionBody { short, full }),
            dirty: build.dirty(),
            build_date: build.build_date().map(timestamp_seconds),
            profile: build.profile(),
            language: build.language().filter(|_| detail_level == DetailLevel::Details),
        }
    }
}
