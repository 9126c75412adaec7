use crate::{
    error::Problem,
    model::Report,
    render::{ReportView, Visibility, agent_line},
};

/// The answer to an `agent-check` of `HAProxy`: the readiness of the service, and its share of the configured weight.
///
/// | readiness | line | what `HAProxy` does |
/// |---|---|---|
/// | passes | `up 100%` | all of its weight |
/// | warns | `up 100%`, or the weight of [`warn_weight`](Self::warn_weight) | that share |
/// | [drains](crate::Monitor::drain) | `up 0%` | no new sessions; sticky sessions stay |
/// | fails | `down #` and the names of what failed | removes the server |
///
/// It never says `ready`, `drain` or `maint`, so the state that an operator sets for a server stays.
///
/// [`serve_agent`](crate::serve_agent) sends it, and so does `GET {base}/agent`, for agents that already run.
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
    /// Starts with the defaults.
    pub const fn new() -> Self {
        Self { warn_weight: 100 }
    }

    /// Sets the weight on a warning, from 1 to 100 percent of the configured one. Default: 100.
    ///
    /// `HAProxy` computes whole numbers, and the default weight of a server is 1: half of it is zero. So give servers a
    /// `weight 100`.
    pub const fn warn_weight(mut self, percent: u8) -> Self {
        self.warn_weight = percent;
        self
    }

    pub(in crate::http) fn validate(&self, problems: &mut Vec<Problem>) -> ValidAgent {
        if !(1..=100).contains(&self.warn_weight) {
            problems.push(Problem::InvalidSetting {
                key: "HaproxyAgent::warn_weight",
                value: self.warn_weight.to_string(),
                reason: "a weight is a percentage from 1 to 100; with 0 a warning would remove the service",
            });
        }
        ValidAgent { warn_weight: self.warn_weight }
    }
}

/// A valid weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidAgent {
    warn_weight: u8,
}

impl ValidAgent {
    /// Returns the line about readiness without details, and with the names of failing checks for callers who may see them.
    pub(crate) fn line(self, report: &Report, with_names: bool) -> Vec<u8> {
        agent_line(&ReportView::new(report, Visibility::OUTLINE), self.warn_weight, with_names)
    }
}
