//! The families of metrics, in two dialects.

use super::{
    super::{
        format::{Format, Render},
        metrics_view::{CheckMetricsView, MetricsView, RootCauses},
    },
    exposition::{Dialect, Exposition, Family, Kind},
};
use crate::model::{RunOutcome, Status};

/// The older text format of Prometheus, 0.0.4.
pub(in super::super) static PROMETHEUS: Format = Format::new(
    "prometheus",
    "text/plain; version=0.0.4; charset=utf-8",
    Render::Metrics(|view| write(view, Dialect::Prometheus)),
);

/// OpenMetrics 1.0.
pub(in super::super) static OPENMETRICS: Format = Format::new(
    "openmetrics",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    Render::Metrics(|view| write(view, Dialect::OpenMetrics)),
);

const INFO: Family = Family {
    name: "health_check",
    kind: Kind::Info,
    unit: None,
    help: "The declaration of the check; its owner and its runbook for callers that see details.",
};
const STATUS: Family = Family {
    name: "health_check_status",
    kind: Kind::StateSet,
    unit: None,
    help: "The status of the check; it has none before its first result.",
};
const AGE: Family = Family {
    name: "health_check_age_seconds",
    kind: Kind::Gauge,
    unit: Some("seconds"),
    help: "Seconds since the latest run of the check ended.",
};
const DURATION: Family = Family {
    name: "health_check_duration_seconds",
    kind: Kind::Histogram,
    unit: Some("seconds"),
    help: "Durations of the runs of the check.",
};
const RUNS: Family =
    Family { name: "health_check_runs", kind: Kind::Counter, unit: None, help: "Runs of the check by outcome." };
const IN_FLIGHT: Family = Family {
    name: "health_check_in_flight",
    kind: Kind::Gauge,
    unit: None,
    help: "Whether a run of the check is in flight, even past its timeout.",
};
const MUTED: Family =
    Family { name: "health_check_muted", kind: Kind::Gauge, unit: None, help: "Whether the check is muted." };
const DRILL: Family = Family {
    name: "health_check_drill",
    kind: Kind::Gauge,
    unit: None,
    help: "Present for a check whose status is due to a drill.",
};
const DISABLED: Family = Family {
    name: "health_check_disabled",
    kind: Kind::Gauge,
    unit: None,
    help: "Present for a check that is disabled at deploy time.",
};
const OVERRIDDEN: Family = Family {
    name: "health_check_overridden",
    kind: Kind::Gauge,
    unit: None,
    help: "Present for each setting of a check that differs from its declaration, for callers that see details.",
};
const BLOCKED: Family = Family {
    name: "health_check_blocked",
    kind: Kind::Gauge,
    unit: None,
    help: "Present for a check that was not run, for each failed check that is the root cause.",
};
const DRAINING: Family = Family {
    name: "health_draining",
    kind: Kind::Gauge,
    unit: None,
    help: "Whether the service is shutting down, so that readiness fails.",
};
const REFUSALS: Family = Family {
    name: "health_refusals",
    kind: Kind::Counter,
    unit: None,
    help: "Requests to the health endpoint that were refused.",
};
const ALERT_FAILURES: Family = Family {
    name: "health_alert_failures",
    kind: Kind::Counter,
    unit: None,
    help: "Requests that a receiver of alerts did not accept.",
};
const ALERT_EVENTS_DROPPED: Family = Family {
    name: "health_alert_events_dropped",
    kind: Kind::Counter,
    unit: None,
    help: "Events for a webhook that were dropped.",
};
const BUILD: Family = Family { name: "health_build", kind: Kind::Info, unit: None, help: "Build information." };

/// Writes all metrics in one of the dialects.
fn write(view: &MetricsView<'_>, dialect: Dialect) -> Vec<u8> {
    let mut out = Exposition::new(dialect);
    of_each(&mut out, view, &INFO, info);
    of_each(&mut out, view, &STATUS, status);
    of_each(&mut out, view, &AGE, |out, check, labels| {
        if let Some(age) = check.age {
            out.sample(&AGE, labels, age.as_secs_f64());
        }
    });
    if view.has_duration_histogram {
        of_each(&mut out, view, &DURATION, durations);
    }
    of_each(&mut out, view, &RUNS, |out, check, [name, level]| {
        for outcome in RunOutcome::ALL {
            out.sample(&RUNS, &[*name, *level, ("outcome", outcome.as_str())], check.runs.ended(outcome));
        }
    });
    of_each(&mut out, view, &IN_FLIGHT, |out, check, labels| {
        out.sample(&IN_FLIGHT, labels, u8::from(check.is_in_flight));
    });
    of_each(&mut out, view, &MUTED, |out, check, labels| out.sample(&MUTED, labels, u8::from(check.is_muted)));
    of_each(&mut out, view, &DRILL, |out, check, labels| {
        if check.is_drilled {
            out.sample(&DRILL, labels, 1);
        }
    });
    of_each(&mut out, view, &DISABLED, |out, check, labels| {
        if check.is_disabled {
            out.sample(&DISABLED, labels, 1);
        }
    });
    of_each(&mut out, view, &OVERRIDDEN, |out, check, [name, level]| {
        for key in &check.overridden {
            out.sample(&OVERRIDDEN, &[*name, *level, ("setting", key)], 1);
        }
    });
    of_each(&mut out, view, &BLOCKED, blocked);
    out.describe(&DRAINING);
    out.sample(&DRAINING, &[], u8::from(view.is_draining));
    if let Some(refusals) = &view.refusals {
        out.describe(&REFUSALS);
        for (reason, count) in refusals {
            out.sample(&REFUSALS, &[("reason", reason)], count);
        }
    }
    deliveries(&mut out, view);
    build(&mut out, view);
    out.into_bytes()
}

type Labels<'a> = [(&'static str, &'a str); 2];

/// Writes a family with the samples of each check.
fn of_each(
    out: &mut Exposition,
    view: &MetricsView<'_>,
    family: &Family,
    mut samples: impl FnMut(&mut Exposition, &CheckMetricsView<'_>, &Labels<'_>),
) {
    out.describe(family);
    for check in &view.checks {
        samples(out, check, &[("check", check.name), ("level", &*check.level.to_string())]);
    }
}

/// Every check has a sample, so that a join of an alert rule loses none.
fn info(out: &mut Exposition, check: &CheckMetricsView<'_>, labels: &Labels<'_>) {
    let facts = [("display", check.display), ("owner", check.owner), ("runbook", check.runbook)];
    let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    out.sample(&INFO, &labels.iter().copied().chain(known).collect::<Vec<_>>(), 1);
}

fn status(out: &mut Exposition, check: &CheckMetricsView<'_>, [name, level]: &Labels<'_>) {
    let Some(status) = check.status else { return };
    for state in [Status::Pass, Status::Warn, Status::Fail] {
        // The label of a state has the name of its family.
        out.sample(&STATUS, &[*name, *level, (STATUS.name, state.as_str())], u8::from(state == status));
    }
}

/// A check that is not blocked has no sample, so that a service whose checks pass has no series for them.
fn blocked(out: &mut Exposition, check: &CheckMetricsView<'_>, [name, level]: &Labels<'_>) {
    match &check.root_causes {
        RootCauses::None => {}
        RootCauses::Hidden => out.sample(&BLOCKED, &[*name, *level], 1),
        RootCauses::Named(roots) => {
            for root in roots {
                out.sample(&BLOCKED, &[*name, *level, ("root_cause", root)], 1);
            }
        }
    }
}

fn durations(out: &mut Exposition, check: &CheckMetricsView<'_>, [name, level]: &Labels<'_>) {
    for (bound, runs) in check.runs.up_to_bounds() {
        // With a decimal point, as OpenMetrics demands, so that a bound is the same series in both dialects.
        out.part(&DURATION, "_bucket", &[*name, *level, ("le", &*format!("{bound:?}"))], runs);
    }
    out.part(&DURATION, "_bucket", &[*name, *level, ("le", "+Inf")], check.runs.runs());
    out.part(&DURATION, "_count", &[*name, *level], check.runs.runs());
    out.part(&DURATION, "_sum", &[*name, *level], check.runs.total_duration().as_secs_f64());
}

/// A service without receivers of alerts has no such families.
fn deliveries(out: &mut Exposition, view: &MetricsView<'_>) {
    if view.deliveries.is_empty() {
        return;
    }
    for (index, family) in [&ALERT_FAILURES, &ALERT_EVENTS_DROPPED].into_iter().enumerate() {
        out.describe(family);
        for (receiver, counts) in &view.deliveries {
            out.sample(family, &[("receiver", receiver)], counts[index]);
        }
    }
}

fn build(out: &mut Exposition, view: &MetricsView<'_>) {
    let Some(build) = view.build else { return };
    out.describe(&BUILD);
    let revision = build.revision().unwrap_or_default();
    out.sample(&BUILD, &[("name", build.name()), ("version", build.version()), ("revision", revision)], 1);
}
