//! Mutes that reach further than their check: what only muted checks block is part of the same maintenance.

use std::sync::Arc;

use super::{muting::Muted, shared::Shared};
use crate::model::{Cause, CheckResult};

/// Returns the mute by which a result counts for nothing: the check's own, or the excuse of a blocked check. `latest`
/// yields the results of the checks that it depends on.
pub(super) fn mute_of(
    shared: &Shared,
    index: usize,
    result: &CheckResult,
    latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
) -> Option<Muted> {
    let check = &shared.checks[index];
    check.muting.current(check.spec.name()).or_else(|| excuse(shared, blockers(shared, index, result)?, latest))
}

/// Returns the mute that ends first among those of the checks at the root of a blockade, if all of these are muted.
pub(super) fn excuse(
    shared: &Shared,
    mut to_visit: Vec<usize>,
    latest: impl Fn(usize) -> Option<Arc<CheckResult>>,
) -> Option<Muted> {
    let mut is_visited = vec![false; shared.checks.len()];
    let mut first: Option<Muted> = None;
    while let Some(index) = to_visit.pop() {
        if std::mem::replace(&mut is_visited[index], true) {
            continue;
        }
        let check = &shared.checks[index];
        match check.muting.current(check.spec.name()) {
            Some(muted) => first = Some(first.map_or_else(|| muted.clone(), |first| first.sooner(muted.clone()))),
            None => to_visit.extend(blockers(shared, index, &*latest(index)?)?),
        }
    }
    first.map(Muted::of_dependent)
}

/// Returns the checks that block one; `None` if the check failed by itself.
fn blockers(shared: &Shared, index: usize, result: &CheckResult) -> Option<Vec<usize>> {
    let Some(Cause::Blocked { by }) = &result.cause else { return None };
    let dependencies = shared.checks[index].dependencies.iter().copied();
    Some(
        dependencies
            .filter(|dependency| by.iter().any(|name| name == shared.checks[*dependency].spec.name()))
            .collect(),
    )
}
