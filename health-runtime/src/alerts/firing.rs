//! The alerts of one instance: those that fire, and those that ended a short time ago.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use tokio::time::Instant;

use super::sender::Sender;
use crate::{
    model::{Cause, Report, ReportEntry, Status},
    time::timestamp_millis,
};

/// Time for which the end of an alert is repeated, as Prometheus does.
const RESOLVED_PERIOD: Duration = Duration::from_secs(5 * 60);

/// The alerts that are to be sent.
#[derive(Debug)]
pub(super) struct FiringAlerts {
    sender: Sender,
    labels: Vec<(String, String)>,
    alerts: BTreeMap<AlertKey, Alert>,
}

/// The parts of an alert's identity that change: check, severity, and whether it is a drill.
type AlertKey = (String, Severity, bool);

/// The words of the rules in `examples/deploy/prometheus`, so that routes fit both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Page,
    Ticket,
}

#[derive(Debug)]
struct Alert {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<&'static str, String>,
    generator_url: Option<String>,
    started_at: SystemTime,
    /// The end, on the wall clock and on the clock that tests pause.
    ended: Option<(SystemTime, Instant)>,
}

/// An alert as Alertmanager reads it (`postableAlert` of its API, version 2).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertBody<'a> {
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<&'a str>,
}

impl Severity {
    /// Returns the severity of a status; `None` if it needs no alert.
    pub(super) const fn of(status: Status) -> Option<Self> {
        match status {
            Status::Fail => Some(Self::Page),
            Status::Warn => Some(Self::Ticket),
            Status::Pass => None,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }

    /// Returns the name of the alert and the verb of its summary.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Page => ("HealthCheckFailing", "fails"),
            Self::Ticket => ("HealthCheckWarning", "warns"),
        }
    }
}

/// Returns whether a blocked check needs an alert in addition to that of the checks that block it, because these are milder:
/// one that is not critical warns at most. Once they work again, its result is outdated.
fn is_graver_than_its_cause(blocked: &ReportEntry, report: &Report) -> bool {
    let names = blocked.result.blocked_by();
    let mut causes = report
        .entries()
        .iter()
        .filter(|entry| entry.result.is_failing() && names.iter().any(|name| name == entry.check.name()))
        .peekable();
    causes.peek().is_some() && causes.all(|cause| cause.counting_status() < Some(blocked.result.status()))
}

impl FiringAlerts {
    pub(super) const fn new(sender: Sender, labels: Vec<(String, String)>) -> Self {
        Self { sender, labels, alerts: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Takes over the latest results.
    ///
    /// An alert that no longer fires ends at once if it is of this instance alone. Without an instance, others may send the
    /// same alert, so this one is silent, and the alert ends when the last of them is.
    pub(super) fn update(&mut self, report: &Report) {
        let (now, wall_clock) = (Instant::now(), SystemTime::now());
        let firing = self.firing(report);
        let is_own = self.sender.instance.is_some();
        self.alerts.retain(|key, alert| {
            if !firing.contains_key(key) && is_own {
                let (_, ended) = *alert.ended.get_or_insert((wall_clock, now));
                now.saturating_duration_since(ended) < RESOLVED_PERIOD
            } else {
                false
            }
        });
        self.alerts.extend(firing);
    }

    /// Returns the body of a request with all alerts, of which those that fire end by themselves after this time.
    pub(super) fn body(&self, expires_after: Duration) -> String {
        let expires_at = SystemTime::now() + expires_after;
        let bodies = self.alerts.values().map(|alert| {
            let ends_at = alert.ended.map_or(expires_at, |(ended_at, _)| ended_at);
            AlertBody {
                labels: &alert.labels,
                annotations: &alert.annotations,
                starts_at: timestamp_millis(alert.started_at),
                // Alertmanager refuses an end before the start, which a wall clock that is set back would cause.
                ends_at: timestamp_millis(ends_at.max(alert.started_at)),
                generator_url: alert.generator_url.as_deref(),
            }
        });
        // Keys are strings, so this cannot fail.
        serde_json::to_string(&bodies.collect::<Vec<_>>()).unwrap_or_default()
    }

    fn firing(&self, report: &Report) -> BTreeMap<AlertKey, Alert> {
        let mut firing = BTreeMap::new();
        for entry in report.entries() {
            let Some(severity) = entry.counting_status().and_then(Severity::of) else { continue };
            if entry.result.blocked_by().is_empty() || is_graver_than_its_cause(entry, report) {
                let key = (entry.check.name().to_owned(), severity, entry.result.drill.is_some());
                firing.insert(key, self.alert(entry, severity, report));
            }
        }
        firing
    }

    fn alert(&self, ReportEntry { check, result, .. }: &ReportEntry, severity: Severity, report: &Report) -> Alert {
        let (alertname, verb) = severity.words();
        let own = [
            ("alertname", alertname.to_owned()),
            ("service", self.sender.service().to_owned()),
            ("check", check.name().to_owned()),
            ("level", check.level().number().to_string()),
            ("severity", severity.as_str().to_owned()),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let instance = self.sender.instance.iter().map(|instance| ("instance".to_owned(), instance.clone()));
        let of_drill = result.drill.iter().map(|_| ("drill".to_owned(), "true".to_owned()));
        let sign = if result.drill.is_some() { "[DRILL] " } else { "" };
        let cause = result.cause().map(Cause::as_str);
        let because = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
        let is_blocked_by_it = |other: &&ReportEntry| other.result.blocked_by().iter().any(|name| name == check.name());
        let blocked: Vec<_> =
            report.entries().iter().filter(is_blocked_by_it).map(|other| other.check.name()).collect();
        let message = result.message().filter(|_| self.sender.shows_details);
        let annotations = [
            ("summary", Some(format!("{sign}{} {verb}{because}", check.display().unwrap_or(check.name())))),
            ("cause", cause.map(str::to_owned)),
            ("blocks", (!blocked.is_empty()).then(|| blocked.join(", "))),
            ("owner", check.owner().map(str::to_owned)),
            ("runbook_url", check.runbook().map(str::to_owned)),
            ("message", message.map(str::to_owned)),
        ];
        Alert {
            labels: self.labels.iter().cloned().chain(own).chain(instance).chain(of_drill).collect(),
            annotations: annotations.into_iter().filter_map(|(name, text)| Some((name, text?))).collect(),
            generator_url: self.sender.check_url(check.name()),
            started_at: result.since(),
            ended: None,
        }
    }
}
