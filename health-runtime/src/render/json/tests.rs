//! The native shape as serde writes it, compared with the bytes that are written by hand.

use std::time::{Duration, SystemTime};

use proptest::{collection::vec, option, prelude::*};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{super::visibility::DetailLevel, *};
use crate::model::{Group, Level};

/// Everything that a view of a check borrows.
#[derive(Clone, Debug)]
struct Sample {
    name: String,
    level: usize,
    /// Display name, message, owner, runbook, description, and reason and origin of a mute.
    texts: [Option<String>; 7],
    /// Names of other checks, and tags.
    lists: [Option<Vec<String>>; 2],
    statuses: [usize; 2],
    consecutive: Option<u32>,
    /// Nanoseconds since 1970: the check, since when, a hold, a run and a mute.
    times: [Option<u64>; 5],
    cause: Option<&'static str>,
    nanos: u64,
    data: Option<Value>,
    flags: [bool; 3],
}

const STATUSES: [Status; 3] = [Status::Pass, Status::Warn, Status::Fail];

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_0-9]{0,40}", ".{0,12}", "[\"\\\\\u{0}-\u{20}\u{7f}\u{2028}é/]{0,8}"]
}

fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let texts = std::array::from_fn(|_| option::of(text()));
    let lists = std::array::from_fn(|_| option::of(vec(text(), 0..3)));
    let statuses = [0..3_usize, 0..3_usize];
    let times = std::array::from_fn(|_| option::of(any::<u64>()));
    let cause = option::of(prop_oneof![Just("blocked"), Just("timed_out")]);
    let nanos = prop_oneof![0..5_000_u64, 0..1_000_000_000_u64, any::<u64>()];
    let named = (text(), 0..5_usize, option::of(any::<u32>()), cause, nanos, option::of(data()), any::<[bool; 3]>());
    (named, texts, lists, statuses, times).prop_map(|(named, texts, lists, statuses, times)| {
        let (name, level, consecutive, cause, nanos, data, flags) = named;
        Sample { name, level, texts, lists, statuses, consecutive, times, cause, nanos, data, flags }
    })
}

const OVERRIDDEN: [OverriddenSetting; 2] =
    [OverriddenSetting { key: "enabled", origin: "a" }, OverriddenSetting { key: "timeout", origin: "b" }];

impl Sample {
    fn time(&self, index: usize) -> Option<SystemTime> {
        self.times[index].map(|nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos))
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.texts[index].as_deref()
    }

    fn list(&self, index: usize) -> &[String] {
        self.lists[index].as_deref().unwrap_or_default()
    }

    fn change(&self) -> ChangeView<'_> {
        ChangeView {
            id: self.nanos,
            at: self.time(0).unwrap_or(SystemTime::UNIX_EPOCH),
            from: self.flags[0].then_some(STATUSES[self.statuses[0]]),
            to: STATUSES[self.statuses[1]],
            cause: self.cause,
            is_muted: self.flags[1],
            is_drill: self.flags[2],
            message: self.text(1),
            blocked_by: self.lists[0].as_deref(),
        }
    }

    fn view(&self) -> CheckView<'_> {
        CheckView {
            detail_level: DetailLevel::Details,
            name: &self.name,
            display: self.text(0),
            level: Level::ALL[self.level],
            is_critical: self.flags[0],
            is_flattened: false,
            status: STATUSES[self.statuses[0]],
            observed: STATUSES[self.statuses[1]],
            is_failing: false,
            consecutive: self.consecutive,
            held_until: self.time(2),
            cause: self.cause,
            running_since: self.time(3),
            duration: Duration::from_nanos(self.nanos),
            checked_at: self.time(0).unwrap_or(SystemTime::UNIX_EPOCH),
            since: self.time(1).unwrap_or(SystemTime::UNIX_EPOCH),
            fleet: self.flags[0].then_some("follower"),
            checked_by: self.text(6),
            muted: self.flags[1].then(|| MuteView { until: self.time(4), reason: self.text(5), caller: self.text(6) }),
            drill: self.flags[2].then(|| DrillView {
                behavior: "slow",
                until: self.time(4).unwrap_or(SystemTime::UNIX_EPOCH),
                reason: self.text(5),
                by: self.text(6),
            }),
            overridden: if self.flags[0] { &OVERRIDDEN } else { &[] },
            message: self.text(1),
            data: self.data.as_ref(),
            blocked_by: self.lists[0].as_deref(),
            root_causes: &[],
            hidden_root_causes: &[],
            description: self.text(4),
            owner: self.text(2),
            runbook: self.text(3),
            tags: self.list(1),
            groups: &Group::ALL[self.statuses[0]..],
            history: (0..self.statuses[1]).map(|_| self.change()).collect(),
        }
    }
}

#[derive(Serialize)]
struct CheckBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'static str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    fleet: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overridden: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<MuteBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drill: Option<DrillBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

#[derive(Serialize)]
struct MuteBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a str>,
}

#[derive(Serialize)]
struct DrillBody<'a> {
    behavior: &'static str,
    until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

#[derive(Serialize)]
struct SingleCheckBody<'a> {
    name: &'a str,
    level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    groups: Vec<&'static str>,
    tags: &'a [String],
    #[serde(flatten)]
    result: CheckBody<'a>,
    history: Vec<ChangeBody<'a>>,
}

#[derive(Serialize)]
struct ChangeBody<'a> {
    id: u64,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    muted: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    drill: bool,
}

fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn check_body<'a>(check: &'a CheckView<'a>) -> CheckBody<'a> {
    CheckBody {
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
        fleet: check.fleet,
        checked_by: check.checked_by,
        overridden: check.overridden.iter().map(|setting| setting.key).collect(),
        muted: check.muted.as_ref().map(|mute| MuteBody {
            until: mute.until.map(timestamp),
            reason: mute.reason,
            caller: mute.caller,
        }),
        drill: check.drill.as_ref().map(|drill| DrillBody {
            behavior: drill.behavior,
            until: timestamp(drill.until),
            reason: drill.reason,
            by: drill.by,
        }),
        data: check.data,
    }
}

fn change_body<'a>(change: &ChangeView<'a>) -> ChangeBody<'a> {
    ChangeBody {
        id: change.id,
        at: timestamp(change.at),
        from: change.from.map(Status::as_str),
        to: change.to.as_str(),
        cause: change.cause,
        blocked_by: change.blocked_by,
        message: change.message,
        muted: change.is_muted,
        drill: change.is_drill,
    }
}

fn serialized(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("it serializes")
}

/// Not a map of serde, which has one field for each name.
fn checks_body(checks: &[CheckView<'_>]) -> String {
    let fields = checks.iter().map(|check| format!("{}:{}", serialized(check.name), serialized(&check_body(check))));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

proptest! {
    #[test]
    fn bytes_are_those_of_serde(mut samples in vec(sample(), 0..6), cause in option::of(Just("draining"))) {
        samples.sort_by_key(|sample| sample.level);
        let checks = || samples.iter().map(Sample::view).collect::<Vec<_>>();
        let status = worst_status(&checks());
        let view =
            ReportView { status, cause, service: None, root_causes: Vec::new(), levels: &Level::ALL, checks: checks(), off: Vec::new() };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");

        let cause = cause.map(|cause| format!(r#""cause":"{cause}","#)).unwrap_or_default();
        let expected = format!(r#"{{"status":"{status}",{cause}"checks":{}}}"#, checks_body(&view.checks));
        prop_assert_eq!(text(group(&view, None)), expected);

        let of_level = |level: &Level| {
            let checks = view.of_level(*level);
            format!(r#""level_{level}":{{"status":"{}","checks":{}}}"#, worst_status(checks), checks_body(checks))
        };
        let expected = Level::ALL.iter().map(of_level).collect::<Vec<_>>().join(",");
        prop_assert_eq!(text(levels(&view, None)), format!(r#"{{"status":"{status}",{expected}}}"#));

        let single = view.checks.first().map(|check| SingleCheckBody {
            name: check.name,
            level: check.level.number(),
            description: check.description,
            groups: check.groups.iter().map(|group| group.as_str()).collect(),
            tags: check.tags,
            result: check_body(check),
            history: check.history.iter().map(change_body).collect(),
        });
        prop_assert_eq!(text(check(&view)), serialized(&single));
    }
}
