//! What is running, and the overview that tells of it.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    json::{level_key, timestamp, to_json},
    view::{Clearance, ReportView, worst_of},
};
use crate::{
    build_info::{BuildMetadata, RuntimeFacts},
    model::Level,
};

/// Where to ask further.
#[derive(Debug, Serialize)]
pub(crate) struct Links {
    pub(crate) levels: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) startup: Option<String>,
    pub(crate) info: String,
}

/// What is running. The compiler's version is for those alone who may see details: it says which of its
/// faults to try.
pub(crate) fn info(build: Option<&BuildMetadata>, runtime: &RuntimeFacts<'_>, clearance: Clearance) -> Vec<u8> {
    to_json(&InfoBody::new(build, runtime, clearance))
}

/// `{ "status": …, "info": { … }, "levels": { "level_1": … }, "links": { … } }`
pub(crate) fn overview(
    view: &ReportView<'_>,
    build: Option<&BuildMetadata>,
    runtime: &RuntimeFacts<'_>,
    links: &Links,
    clearance: Option<Clearance>,
    draining: bool,
) -> Vec<u8> {
    to_json(&OverviewBody {
        status: view.status.as_str(),
        draining,
        levels: LevelStatuses(view),
        info: clearance.map(|clearance| InfoBody::new(build, runtime, clearance)),
        links,
    })
}

#[derive(Serialize)]
struct OverviewBody<'a> {
    status: &'static str,
    /// Only while it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    draining: bool,
    levels: LevelStatuses<'a>,
    /// Not for those who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<InfoBody<'a>>,
    links: &'a Links,
}

struct LevelStatuses<'a>(&'a ReportView<'a>);

impl Serialize for LevelStatuses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Level::ALL.len()))?;
        for level in self.0.levels {
            let status = worst_of(self.0.of_level(*level));
            map.serialize_entry(&level_key(*level), status.as_str())?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct InfoBody<'a> {
    #[serde(flatten)]
    build: Option<BuildBody>,
    build_type: &'static str,
    deployed_at: String,
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
    fn new(build: Option<&BuildMetadata>, runtime: &'a RuntimeFacts<'_>, clearance: Clearance) -> Self {
        Self {
            build: build.map(|build| BuildBody::new(build, clearance)),
            build_type: runtime.build_type,
            deployed_at: timestamp(runtime.deployed_at),
            uptime: &runtime.uptime,
            uptime_seconds: runtime.uptime_seconds,
            environment: runtime.environment,
        }
    }
}

impl BuildBody {
    fn new(build: &BuildMetadata, clearance: Clearance) -> Self {
        let revision = build.revision().zip(build.revision_short());
        Self {
            name: build.name(),
            version: build.version(),
            repo: build.repo(),
            revision: revision.map(|(full, short)| RevisionBody { short, full }),
            dirty: build.dirty(),
            build_date: build.build_date().map(|date| humantime::format_rfc3339_seconds(date).to_string()),
            profile: build.profile(),
            language: build.language().filter(|_| clearance == Clearance::Details),
        }
    }
}
