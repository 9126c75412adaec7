//! Names and descriptions of the operations.

use super::super::target::Target;
use crate::model::{Group, Level};

pub(super) const DOCUMENT: &str = "The health of this service. The status code of a report is its verdict, and its \
    body says more in one of several formats: the first media type is the one without `Accept` and `format`.";

/// The tag of every operation, so that they stay together in a document that others are merged with.
pub(super) const TAG: &str = "health";

pub(super) const TAG_MEANING: &str = "Health, as declared by the checks of the service.";

/// The note for operations that a policy of the service's own decides about.
pub(super) const OWN_POLICY: &str =
    " The service also has an access policy of its own, which this document does not describe.";

/// The part of an operation's id that follows the method. It does not depend on the paths that a service configures.
pub(super) fn name(path: &str, target: &Target) -> String {
    match target {
        Target::Overview => "Overview".to_owned(),
        Target::Levels => "Levels".to_owned(),
        Target::Level(level) => format!("Level{level}"),
        Target::Check(_) => "Check".to_owned(),
        // There are several paths to each.
        Target::Group(_) => capitalized(path.rsplit('/').next().unwrap_or_default()),
        Target::Info => "Info".to_owned(),
        Target::OpenApi => "OpenApi".to_owned(),
        #[cfg(feature = "events")]
        Target::Events => "Events".to_owned(),
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => "Agent".to_owned(),
        #[cfg(feature = "metrics")]
        Target::Metrics => "Metrics".to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at_checked(1).unwrap_or_default();
    first.to_uppercase() + rest
}

pub(super) fn summary(target: &Target) -> String {
    match target {
        Target::Overview => "The status of everything, and what is running".to_owned(),
        Target::Levels => "Every level".to_owned(),
        Target::Level(level) => format!("Level {level} alone"),
        Target::Check(_) => "One check".to_owned(),
        Target::Group(Group::Liveness) => "Whether the process has to be restarted".to_owned(),
        Target::Group(Group::Readiness) => "Whether to send it requests".to_owned(),
        Target::Group(Group::Startup) => "Whether it has started".to_owned(),
        Target::Info => "What is running".to_owned(),
        Target::OpenApi => "This document".to_owned(),
        #[cfg(feature = "events")]
        Target::Events => "Changes as they happen, as server-sent events".to_owned(),
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => "What HAProxy reads from an agent".to_owned(),
        #[cfg(feature = "metrics")]
        Target::Metrics => "The numbers of each check's runs".to_owned(),
    }
}

/// The description of an operation, which depends on its method.
pub(super) fn description(target: &Target, method: &str) -> String {
    match method {
        "head" => "The status code and the headers of `GET`, without the body.".to_owned(),
        "options" => "The same answer as to `GET`, for load balancers that probe with `OPTIONS`.".to_owned(),
        _ => of_target(target).to_owned(),
    }
}

const fn of_target(target: &Target) -> &'static str {
    match target {
        Target::Overview => {
            "The overall status, the status of each level, build information and links. Callers see the parts that they \
             may see."
        }
        Target::Levels => "The checks of every level with their statuses, times and causes, or as values alone.",
        Target::Level(Level::L1) => "The deepest level. Its report includes all other levels.",
        Target::Level(_) => "The checks of this level with their statuses, times and causes, or as values alone.",
        Target::Check(_) => "The result of one check, and its latest changes.",
        Target::Group(Group::Liveness) => "An orchestrator restarts a process that fails here.",
        Target::Group(Group::Readiness) => {
            "A load balancer sends no requests to an instance that fails here. A draining instance does."
        }
        Target::Group(Group::Startup) => "An orchestrator sends no other probes until this one passes.",
        Target::Info => {
            "Name, version, revision, environment and uptime. The status code is 200 whatever the checks report."
        }
        Target::OpenApi => "The description of this endpoint, for OpenAPI 3.1 or 3.0.",
        #[cfg(feature = "events")]
        Target::Events => {
            "The stream begins with an event `state` and stays open. Each change of a status is an event."
        }
        #[cfg(feature = "haproxy-agent")]
        Target::Agent => "One line about readiness in the language of HAProxy's agent checks.",
        #[cfg(feature = "metrics")]
        Target::Metrics => "No check is run for a scrape, and the status code is 200 whatever the checks report.",
    }
}
