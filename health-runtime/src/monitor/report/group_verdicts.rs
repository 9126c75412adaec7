//! Verdicts of groups, as far as they follow from a report on levels.

use tokio::time::Instant;

use super::{
    super::{check_set::CheckSet, engine::Engine},
    selection::Selection,
};
use crate::model::{Cause, Group, GroupVerdict, ReportEntry, Status};

/// Returns the verdict of each group whose checks all are in a report, and until when the verdicts hold if no new
/// result arrives. `selected` are the indices of the entries' checks.
///
/// Runs nothing. A group that is missing a check has no verdict here: a part of it could pass where the whole fails.
pub(super) fn collect(
    engine: &Engine,
    checks: &CheckSet,
    selected: &[usize],
    entries: &[ReportEntry],
) -> (Vec<GroupVerdict>, Option<Instant>) {
    let mut until = None;
    let verdicts = Group::ALL.into_iter().filter_map(|group| {
        let members = checks.iter().filter(|check| check.spec.is_in(group)).count();
        let present = entries.iter().zip(selected).filter(|(entry, _)| entry.check.is_in(group));
        if present.clone().count() < members {
            return None;
        }
        if group == Group::Readiness && engine.is_draining() {
            return Some(GroupVerdict { group, status: Status::Fail, cause: Some(Cause::Draining) });
        }
        let statuses = present.filter_map(|(entry, &index)| {
            let counting = entry.counting_status()?;
            if entry.result.cause() == Some(&Cause::Pending) {
                return Some(Selection::group(group).pending());
            }
            let check = &checks[index];
            let held = (group == Group::Readiness && entry.result.is_failing())
                .then(|| check.slot.held_until(&check.spec))
                .flatten()
                .filter(|held_until| *held_until > Instant::now());
            until = until.into_iter().chain(held).min();
            Some(if held.is_some() { Status::Warn } else { counting })
        });
        Some(GroupVerdict { group, status: Status::worst(statuses), cause: None })
    });
    (verdicts.collect(), until)
}
