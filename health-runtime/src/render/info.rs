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
    model::{Level, RootCause, Status},
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
        root_causes: view.root_causes.iter().map(RootCause::as_str).collect(),
        failing: Affected::from_view(view, Status::Fail),
        warning: Affected::from_view(view, Status::Warn),
        off: &view.off,
        levels: LevelStatuses(view),
        info: detail_level.map(|detail_level| InfoBody::new(build, runtime, detail_level)),
        links,
    })
}

#[derive(Serialize)]
pub(super) struct OverviewBody<'a> {
    status: &'static str,
    /// Only while the service drains.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    draining: bool,
    /// The checks at fault, behind the services that lead to them. Left out without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    root_causes: Vec<&'a str>,
    /// The checks that fail, by name. Left out without any.
    #[serde(skip_serializing_if = "Affected::is_empty")]
    failing: Affected<'a>,
    /// The checks that warn, by name. Left out without any.
    #[serde(skip_serializing_if = "Affected::is_empty")]
    warning: Affected<'a>,
    /// The checks that are off, for callers who see details. Left out without any.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    off: &'a [&'a str],
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
        Self(view.checks.iter().filter(|check| check.counts() && check.status == status).collect())
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
struct AffectedBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    level: u8,
    /// Only where it differs from the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    root_causes: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<&'a str>,
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
            root_causes: check.root_causes.iter().map(RootCause::as_str).collect(),
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
            map.serialize_entry(level_key(*level), status.as_str())?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct InfoBody<'a> {
    #[serde(flatten)]
    build: Option<BuildBody>,
    build_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed_at: Option<String>,
    started_at: String,
    uptime: &'a str,
    uptime_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

#[derive(Serialize)]
struct BuildBody {
    name: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<RevisionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dirty: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'static str>,
}

#[derive(Serialize)]
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

#[cfg(feature = "openapi")]
pub(super) mod schema {
    use utoipa::openapi::ComponentsBuilder;

    use super::super::schema::{
        named,
        words::{
            all_of, boolean, described, int64, level, level_statuses, list_of, map_of, object, root_causes, status,
            text, timestamp, uri,
        },
    };

    const AFFECTED_CHECK: &str = "The facts about a check that a person needs before reading the report of its level.";

    pub(in crate::render) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let affected = |text| described(text, map_of(named("AffectedCheck")));
        let overview = object([
            ("status", status(), true),
            ("draining", described("Only while the service drains.", boolean()), false),
            ("root_causes", root_causes(), false),
            ("failing", affected("The checks that fail, by name. Left out without any."), false),
            ("warning", affected("The checks that warn, by name. Left out without any."), false),
            (
                "off",
                described(
                    "The checks that are off, for callers who see details. Left out without any.",
                    list_of(text()),
                ),
                false,
            ),
            ("levels", level_statuses(), true),
            ("info", described("Only for callers who may see it.", all_of([named("Info")])), false),
        ]);
        let affected_check = object([
            ("display", text(), false),
            ("level", level(), true),
            ("observed", status(), false),
            ("cause", text(), false),
            ("blocked_by", list_of(text()), false),
            ("root_causes", root_causes(), false),
            ("message", text(), false),
            ("owner", text(), false),
            ("runbook", uri(), false),
            ("since", timestamp(), true),
        ]);
        let info = object([
            ("build_type", text(), true),
            ("deployed_at", timestamp(), false),
            ("started_at", timestamp(), true),
            ("uptime", text(), true),
            ("uptime_seconds", int64(), true),
            ("environment", text(), false),
        ]);
        // No field is required: everything is left out if no build is known.
        let build = object([
            ("name", text(), false),
            ("version", text(), false),
            ("repo", text(), false),
            ("dirty", boolean(), false),
            ("build_date", timestamp(), false),
            ("profile", text(), false),
            ("language", text(), false),
        ]);
        let revision = object([("short", text(), true), ("full", text(), true)]);
        let only_with = |feature: &str| described(&format!("With the feature `{feature}`."), text());
        let links = object([
            ("levels", text(), true),
            ("live", text(), false),
            ("ready", text(), false),
            ("startup", text(), false),
            ("info", text(), true),
            ("events", only_with("events"), false),
            ("metrics", only_with("metrics"), false),
            ("openapi", described("With the feature `openapi`, in the full scope.", text()), false),
        ]);
        components
            .schema("Overview", overview.property("links", named("Links")).required("links"))
            .schema("AffectedCheck", affected_check.description(Some(AFFECTED_CHECK)))
            .schema("Info", all_of([named("Build"), info.into()]))
            .schema("Build", build.property("revision", named("Revision")))
            .schema("Revision", revision)
            .schema("Links", links.description(Some("Links to the other routes.")))
    }
}
