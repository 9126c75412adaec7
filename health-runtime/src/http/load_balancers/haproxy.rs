use crate::{
    error::Problem,
    model::Report,
    render::{ReportView, Visibility, agent_line},
};

/// What `HAProxy` is told where it asks for it by `agent-check`: whether the service is ready, and which share of its
/// weight it is to have.
///
/// | readiness | line | what `HAProxy` does |
/// |---|---|---|
/// | passes | `up 100%` | all of its weight |
/// | warns | `up 100%`, or the weight of [`warn_weight`](Self::warn_weight) | that share |
/// | [drains](crate::Monitor::drain) | `up 0%` | no new sessions; those that stick to the server are kept |
/// | fails | `down #` and the names of what failed | takes it out |
///
/// The words `ready`, `drain` and `maint` are never said: what an operator has set for a server stays.
///
/// It is what [`serve_agent`](crate::serve_agent) answers, and `GET {base}/agent`, for agents that already run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct HaproxyAgent {
    warn_weight: u8,
}

impl Default for HaproxyAgent {
    fn default() -> Self {
        Self::new()
    }
}

impl HaproxyAgent {
    /// The defaults.
    pub const fn new() -> Self {
        Self { warn_weight: 100 }
    }

    /// Sets the weight on a warning, in percent of the one in the configuration, from 1 to 100. Default: 100.
    ///
    /// `HAProxy` counts in whole numbers, and a server has a weight of 1 unless its line says otherwise: half of that
    /// is nothing. So give servers a `weight 100`.
    pub const fn warn_weight(mut self, percent: u8) -> Self {
        self.warn_weight = percent;
        self
    }

    pub(in crate::http) fn validate(&self, problems: &mut Vec<Problem>) -> ValidAgent {
        if !(1..=100).contains(&self.warn_weight) {
            problems.push(Problem::InvalidSetting {
                key: "HaproxyAgent::warn_weight",
                value: self.warn_weight.to_string(),
                reason: "a weight is a percentage from 1 to 100; with 0 a warning would take the service out",
            });
        }
        ValidAgent { warn_weight: self.warn_weight }
    }
}

/// A weight that makes sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidAgent {
    warn_weight: u8,
}

impl ValidAgent {
    /// The line about readiness, without details, and with the names of what failed for those who may know them.
    pub(crate) fn line(self, report: &Report, with_names: bool) -> Vec<u8> {
        agent_line(&ReportView::new(report, Visibility::OUTLINE), self.warn_weight, with_names)
    }
}
