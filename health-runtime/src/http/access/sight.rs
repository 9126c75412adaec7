//! What the decisions of several policies amount to.

use super::{
    ask::Ask,
    decision::{Decision, Denial, Schemes},
    entry::Entry,
};
use crate::{
    model::Levels,
    render::{Clearance, Sight},
};

/// How much of what is running is seen by everybody who is shown anything: nothing, if a policy decides on that.
pub(super) fn info_of_all(has_info: bool) -> Option<Clearance> {
    (!has_info).then_some(Clearance::Outline)
}

/// What was decided, put together; or what it was refused with.
pub(super) fn sight(
    ask: Ask,
    has_info: bool,
    wrong: Schemes,
    decided: Vec<(&Entry, Decision)>,
) -> Result<Sight, Decision> {
    let info = info_of_all(has_info);
    let mut sight = Sight { run: Levels::NONE, details: Levels::NONE, info, knows_every_check: false };
    let mut noes: Vec<Decision> = Vec::new();
    let clearance = |details: Levels| if details.is_empty() { Clearance::Outline } else { Clearance::Details };
    for (entry, decision) in decided {
        let is_whole = matches!(ask, Ask::Group(_));
        let (run, details) = if is_whole {
            (decision.run, decision.details)
        } else {
            (decision.run.and(entry.levels), decision.details.and(entry.levels))
        };
        sight.run = sight.run.or(run);
        sight.details = sight.details.or(details);
        if entry.is_for_info {
            sight.info = (!decision.run.is_empty()).then(|| clearance(decision.details));
        }
        let grants_nothing = decision.run.is_empty();
        let refused = match ask {
            Ask::Levels { needed: Some(level), .. } => entry.levels.contains(level) && !run.contains(level),
            // Of what is there.
            Ask::Levels { needed: None, shown, .. } => run.and(shown) != entry.levels.and(shown),
            Ask::Check(_) => run != entry.levels,
            #[cfg(feature = "openapi")]
            Ask::Everything(_) => run != entry.levels,
            Ask::Group(_) => grants_nothing,
            Ask::Info => entry.is_for_info && grants_nothing,
        };
        // What is shown in part hides neither that a password was wrong nor that nobody could tell.
        let is_stranger_in_part =
            refused && decision.accepted.is_empty() && matches!(ask, Ask::Levels { needed: None, .. });
        let is_in_part = grants_nothing || is_stranger_in_part;
        let is_fatal = match decision.denial {
            Some(Denial::Rejected) => is_in_part && !wrong.and(decision.rejected).is_empty(),
            Some(Denial::Unavailable) => is_in_part,
            _ => false,
        };
        if is_fatal && matches!(ask, Ask::Levels { .. }) {
            return Err(decision);
        }
        if refused {
            noes.push(decision);
        }
    }
    if !has_info && matches!(ask, Ask::Info | Ask::Levels { with_info: true, .. }) {
        sight.info = Some(clearance(sight.details));
    }
    // A group's policy is about the group, and grants no look at what is not in it.
    sight.knows_every_check = sight.run == Levels::ALL && !matches!(ask, Ask::Group(_));
    let is_granted = match ask {
        Ask::Levels { needed: Some(level), .. } | Ask::Check(Some(level)) => sight.run.contains(level),
        Ask::Levels { shown, needed: None, .. } => !shown.and(sight.run).is_empty(),
        // Only those who may have every level run hear that there is no such check.
        Ask::Check(None) => sight.run == Levels::ALL,
        #[cfg(feature = "openapi")]
        Ask::Everything(_) => sight.run == Levels::ALL,
        Ask::Group(_) => !sight.run.is_empty(),
        Ask::Info => sight.info.is_some(),
    };
    if is_granted { Ok(sight) } else { Err(noes.into_iter().reduce(Decision::or).unwrap_or_else(Decision::forbidden)) }
}
