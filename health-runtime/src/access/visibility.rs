//! The visibility that follows from the decisions of several policies.

use super::{
    decision::{Decision, DenyReason},
    request::AccessRequest,
    rules::Rule,
    schemes::Schemes,
};
use crate::{
    model::Levels,
    render::{DetailLevel, Visibility},
};

/// Returns the visibility of the build information for everybody: none if a policy decides on it.
pub(super) fn info_of_all(has_info: bool) -> Option<DetailLevel> {
    (!has_info).then_some(DetailLevel::Outline)
}

/// Combines the decisions into a visibility, or into the decision that becomes the refusal.
pub(super) fn visibility(
    request: AccessRequest,
    has_info: bool,
    wrong: &Schemes,
    decided: Vec<(&Rule, Decision)>,
) -> Result<Visibility, Decision> {
    let info = info_of_all(has_info);
    let none = Levels::NONE;
    let mut visibility = Visibility { run: none, details: none, operate: none, info, knows_every_check: false };
    let mut noes: Vec<Decision> = Vec::new();
    let detail_level = |details: Levels| if details.is_empty() { DetailLevel::Outline } else { DetailLevel::Details };
    for (rule, mut decision) in decided {
        let is_whole = matches!(request, AccessRequest::Group(_));
        // A group has no level, so it grants no operations.
        let (run, details, operate) = if is_whole {
            (decision.run, decision.details, Levels::NONE)
        } else {
            let own = |levels: Levels| levels.and(rule.levels);
            (own(decision.run), own(decision.details), own(decision.operate))
        };
        visibility.run = visibility.run.or(run);
        visibility.details = visibility.details.or(details);
        visibility.operate = visibility.operate.or(operate);
        if rule.is_for_info {
            visibility.info = (!decision.run.is_empty()).then(|| detail_level(decision.details));
        }
        let grants_nothing = decision.run.is_empty();
        let refused = match request {
            AccessRequest::Levels { needed: Some(level), .. } => rule.levels.contains(level) && !run.contains(level),
            AccessRequest::Levels { needed: None, shown, .. } => run.and(shown) != rule.levels.and(shown),
            // A caller that may run the check learns what its right takes.
            AccessRequest::Operate { level: Some(level), .. } if rule.levels.contains(level) => {
                !operate.contains(level)
            }
            AccessRequest::Check(_) | AccessRequest::Operate { .. } | AccessRequest::Everything(_) => {
                run != rule.levels
            }
            AccessRequest::Group(_) => grants_nothing,
            AccessRequest::Info => rule.is_for_info && grants_nothing,
        };
        // A partial report must hide neither a wrong password nor a policy that could not decide.
        let is_stranger_in_part =
            refused && decision.accepted.is_empty() && matches!(request, AccessRequest::Levels { needed: None, .. });
        let is_in_part = grants_nothing || is_stranger_in_part;
        let is_fatal = match decision.denial {
            Some(DenyReason::Rejected) => is_in_part && wrong.intersects(&decision.rejected),
            Some(DenyReason::Unavailable) => is_in_part,
            _ => false,
        };
        if is_fatal && matches!(request, AccessRequest::Levels { .. }) {
            return Err(decision);
        }
        // Another policy accepts credentials of this kind, so others would not help: the caller is known.
        if matches!(request, AccessRequest::Operate { .. })
            && decision.denial == Some(DenyReason::Rejected)
            && !wrong.intersects(&decision.rejected)
        {
            decision.denial = Some(DenyReason::Forbidden);
        }
        if refused {
            noes.push(decision);
        }
    }
    if !has_info && matches!(request, AccessRequest::Info | AccessRequest::Levels { with_info: true, .. }) {
        visibility.info = Some(detail_level(visibility.details));
    }
    // A group's policy decides about the group alone.
    visibility.knows_every_check = visibility.run == Levels::ALL && !matches!(request, AccessRequest::Group(_));
    let is_granted = match request {
        AccessRequest::Levels { needed: Some(level), .. } | AccessRequest::Check(Some(level)) => {
            visibility.run.contains(level)
        }
        AccessRequest::Levels { shown, needed: None, .. } => !shown.and(visibility.run).is_empty(),
        AccessRequest::Operate { level: Some(level), .. } => visibility.operate.contains(level),
        // Only a caller that may run every level learns that a check does not exist.
        AccessRequest::Check(None) | AccessRequest::Operate { level: None, .. } | AccessRequest::Everything(_) => {
            visibility.run == Levels::ALL
        }
        AccessRequest::Group(_) => !visibility.run.is_empty(),
        AccessRequest::Info => visibility.info.is_some(),
    };
    if is_granted {
        Ok(visibility)
    } else {
        Err(noes.into_iter().reduce(Decision::or).unwrap_or_else(Decision::forbidden))
    }
}
