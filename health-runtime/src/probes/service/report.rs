//! The report of another service, as far as it is read. Each text in it is foreign.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{MAX_NAMES, root_causes::NamedRootCauses};
use crate::{
    health_path::Distances,
    mask::mask_credentials,
    model::{RootCause, Status},
    probes::root_cause_path::is_name,
    render::StatusWord,
    text::{escape_controls, floor_char_boundary},
};

/// Longest name that is shown.
const MAX_NAME_BYTES: usize = 128;

/// The facts in a report.
#[derive(Debug)]
pub(super) struct RemoteReport {
    pub(super) status: Status,
    /// Reason for which it fails as a whole.
    pub(super) cause: Option<String>,
    pub(super) service: Option<String>,
    pub(super) version: Option<String>,
    pub(super) failing: Vec<String>,
    pub(super) warning: Vec<String>,
    /// Checks without a result, because this request came from a service that asks them, too.
    pub(super) unknown: Vec<String>,
    pub(super) root_causes: NamedRootCauses,
    /// Root causes of its warnings, which those of a failure leave out.
    pub(super) warning_causes: NamedRootCauses,
}

impl RemoteReport {
    /// Reads a report in the native shape, for this service, if its name is known, and adds its root causes to the distances. The
    /// reporter has the name of the check unless it tells its own.
    ///
    /// # Errors
    /// The body is another one; the text continues a message.
    pub(super) fn parse(
        body: &[u8],
        check: &str,
        own_service: Option<&str>,
        distances: &mut Distances,
    ) -> Result<Self, String> {
        let parsed: ReportBody = serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.is_data() {
                // Its text may quote the body.
                format!("but its JSON is not a health report of this library, see line {line}, column {column}")
            } else {
                format!("but its report is not valid JSON at line {line}, column {column}")
            }
        })?;
        let ReportBody {
            status,
            cause,
            service,
            version,
            root_causes,
            checks,
            level_1,
            level_2,
            level_3,
            level_4,
            level_5,
        } = parsed;
        let levels = [level_1, level_2, level_3, level_4, level_5].into_iter().flatten().map(|level| level.checks);
        let parts: Vec<_> = checks.into_iter().chain(levels).collect();
        if parts.is_empty() {
            return Err("but its JSON is not a health report of this library: it has no checks".to_owned());
        }
        let (mut failing, mut warning, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut warning_causes = Vec::new();
        for part in parts {
            warning_causes.extend(part.warning_causes);
            failing.extend(part.failing);
            warning.extend(part.warning);
            unknown.extend(part.unknown);
        }
        for names in [&mut failing, &mut warning, &mut unknown] {
            names.truncate(MAX_NAMES);
        }
        let is_shown = |name: &&str| name.len() <= MAX_NAME_BYTES && is_name(name) && mask_credentials(name) == *name;
        let reporter = service.as_deref().filter(is_shown).unwrap_or(check);
        let status = Status::from(status);
        let mut read =
            |paths: &[String], status| NamedRootCauses::read(paths, reporter, own_service, status, distances);
        let root_causes = read(&root_causes.unwrap_or_default(), status);
        let warning_causes = read(&warning_causes, Status::Warn);
        let shown = |text: Option<String>| text.as_deref().map(shown_name);
        Ok(Self {
            status,
            cause: shown(cause),
            service: shown(service),
            version: shown(version),
            failing,
            warning,
            unknown,
            root_causes,
            warning_causes,
        })
    }
}

impl RemoteReport {
    /// Returns the status without the checks that had no result for this request alone.
    pub(super) fn known_status(&self) -> Status {
        let known = match self {
            Self { cause: Some(_), .. } => Status::Fail,
            Self { failing, .. } if !failing.is_empty() => Status::Fail,
            Self { warning, .. } if !warning.is_empty() => Status::Warn,
            _ => Status::Pass,
        };
        if self.unknown.is_empty() { self.status } else { self.status.min(known) }
    }
}

/// Returns a name for messages and data: masked, on one line, and not too long.
pub(super) fn shown_name(name: &str) -> String {
    let masked = mask_credentials(name);
    let escaped = escape_controls(&masked);
    let end = floor_char_boundary(&escaped, MAX_NAME_BYTES);
    let mark = if end < escaped.len() { "…" } else { "" };
    format!("{}{mark}", &escaped[..end])
}

#[derive(Deserialize)]
struct ReportBody {
    status: StatusWord,
    cause: Option<String>,
    service: Option<String>,
    version: Option<String>,
    root_causes: Option<Vec<String>>,
    checks: Option<TroubledChecks>,
    level_1: Option<LevelBody>,
    level_2: Option<LevelBody>,
    level_3: Option<LevelBody>,
    level_4: Option<LevelBody>,
    level_5: Option<LevelBody>,
}

#[derive(Deserialize)]
struct LevelBody {
    checks: TroubledChecks,
}

#[derive(Deserialize)]
struct CheckBody {
    status: StatusWord,
    muted: Option<IgnoredAny>,
    cause: Option<String>,
    root_causes: Option<Vec<String>>,
}

/// The first names of the checks that count and do not pass. Others are read and forgotten.
#[derive(Default)]
struct TroubledChecks {
    failing: Vec<String>,
    warning: Vec<String>,
    unknown: Vec<String>,
    /// Root causes of the checks that warn.
    warning_causes: Vec<String>,
}

impl<'de> Deserialize<'de> for TroubledChecks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TroubledChecksVisitor)
    }
}

struct TroubledChecksVisitor;

impl<'de> Visitor<'de> for TroubledChecksVisitor {
    type Value = TroubledChecks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("checks by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut checks: A) -> Result<TroubledChecks, A::Error> {
        let mut names = TroubledChecks::default();
        while let Some((name, check)) = checks.next_entry::<String, CheckBody>()? {
            let CheckBody { status, muted: None, cause, root_causes } = check else { continue };
            let (list, has_causes) = match (status, cause.as_deref()) {
                (StatusWord::Pass, _) => continue,
                (_, Some("loop" | "depth")) | (StatusWord::Warn, Some("pending")) => (&mut names.unknown, false),
                // The check that blocks it is at fault.
                (StatusWord::Warn, cause) => (&mut names.warning, cause != Some("blocked")),
                (StatusWord::Fail, _) => (&mut names.failing, false),
            };
            if list.len() < MAX_NAMES {
                list.push(shown_name(&name));
                if has_causes {
                    let own = || vec![RootCause::new(&name).to_string()];
                    names.warning_causes.extend(root_causes.unwrap_or_else(own));
                }
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;
    use crate::model::{Check, Level, MAX_ROOT_CAUSES};

    fn distances() -> Distances {
        Distances::new(Check::new("billing", Level::L3, || async {}).spec())
    }

    fn root_causes(service: &str) -> Vec<String> {
        let body = serde_json::json!({ "status": "fail", "service": service, "root_causes": ["db"], "checks": {} });
        let report =
            RemoteReport::parse(body.to_string().as_bytes(), "billing", None, &mut distances()).expect("a report");
        report.root_causes.counted.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn root_causes_begin_with_the_name_that_the_service_tells() {
        assert_eq!(root_causes("ledger"), ["ledger/db"]);
        for hidden in ["", "a\u{202e}", "x://u:hunter2@h", &"x".repeat(MAX_NAME_BYTES + 1)] {
            assert_eq!(root_causes(hidden), ["billing/db"], "{hidden}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read_within_bounds(
            names in vec(".{0,40}", 0..60),
            changes in vec((any::<Index>(), any::<u8>()), 0..6),
        ) {
            let check = |name: &String| {
                (name.clone(), serde_json::json!({ "status": "fail", "root_causes": [name] }))
            };
            let checks: serde_json::Map<_, _> = names.iter().map(check).collect();
            let body = serde_json::json!({ "status": "fail", "root_causes": names, "checks": checks });
            let mut body = body.to_string().into_bytes();
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if let Ok(report) = RemoteReport::parse(&body, "billing", Some("orders"), &mut distances()) {
                prop_assert!(report.failing.len() <= MAX_NAMES);
                prop_assert!(report.root_causes.counted.len() <= MAX_ROOT_CAUSES);
            }
        }
    }
}
