//! Results of dependent checks, which must not contradict those of the checks that they depend on.

use std::sync::Arc;

use super::{
    super::{lookup, slot::Lookup},
    blocking::{Blocking, ReportedResult, Standing},
    gather::Gathering,
};
use crate::{
    model::{Cause, CheckResult},
    run_result::RunResult,
};

impl Gathering<'_> {
    /// Returns whether a check's result contradicts this report's results of its dependencies: the run that it joined began
    /// before one of them changed, was cut off with its runtime, or was limited by a longer path.
    pub(super) fn contradicts(&self, index: usize, known: &[Option<ReportedResult>]) -> bool {
        let Some(ReportedResult { result, standing }) = &known[index] else { return false };
        if *standing == Standing::Recorded && self.checks.dependencies(index).is_empty() {
            return false;
        }
        let blocking = self.blocking(index, known);
        match standing {
            Standing::Limited => true,
            _ if blocking == Blocking::Unknown => false,
            Standing::Recorded => !self.matches_dependencies(index, result, known),
            Standing::Unrecorded => match result.cause {
                Some(Cause::CutOff) => true,
                // It waited for another dependency; this one blocks it all the same.
                Some(Cause::TimedOut) => blocking.blocks(),
                _ => false,
            },
            Standing::Stored => false,
        }
    }

    /// Looks a check up again whose result contradicts those of its dependencies.
    pub(super) async fn reconcile(&self, index: usize, known: &mut [Option<ReportedResult>]) {
        let blocking = self.blocking(index, known);
        let is_blocked = blocking.blocks();
        let check = &self.checks[index];
        let again = if check.spec.interval().is_none() && blocking != Blocking::InThisReport {
            self.look_again(index, is_blocked, known).await
        } else {
            // A request neither runs a background check nor records a result that no slot has.
            None
        };
        known[index] = match again {
            Some(again) => Some(again),
            // Its own result does not count.
            None if is_blocked => {
                let failing = self.checks.dependencies(index).iter().copied();
                let blocker = |other: usize| {
                    let known = known[other].as_ref().filter(|known| Blocking::by(Some(known)).blocks())?;
                    Some((self.checks[other].spec.name(), Arc::clone(&known.result)))
                };
                let blockers: Vec<_> = failing.filter_map(blocker).collect();
                Some(self.unrecorded(index, RunResult::blocked(check.spec.name(), &blockers, false)))
            }
            None => return,
        };
    }

    /// Runs a check again. `None` if the new result contradicts the dependencies as well: it came from the run of a
    /// caller that had other results of them.
    async fn look_again(
        &self,
        index: usize,
        is_blocked: bool,
        known: &[Option<ReportedResult>],
    ) -> Option<ReportedResult> {
        loop {
            let lookup = lookup::or_run(self.engine, self.checks, index, self.request, |dependency| {
                let ReportedResult { result, standing } = known[dependency].as_ref()?;
                Some(match standing {
                    Standing::Recorded => Lookup::Done(Arc::clone(result)),
                    // A result for this report alone must not block the recorded results of its dependents.
                    Standing::Unrecorded => Lookup::Missing,
                    Standing::Limited | Standing::Stored => Lookup::Stored,
                })
            });
            let again = self.settle(index, lookup).await;
            let is_final = match again.standing {
                Standing::Recorded => self.matches_dependencies(index, &again.result, known),
                Standing::Unrecorded => !is_blocked,
                // It came from the run of a deeper request. Its successor does not, unless requests come without end.
                Standing::Limited => false,
                // The request may not wait for the next run.
                Standing::Stored => true,
            };
            if is_final {
                return Some(again);
            }
            if is_blocked {
                return None;
            }
            // It is blocked by a check that passes here, so only the next run has a result to show.
        }
    }

    /// Returns whether this report knows that a check is blocked. One failing dependency is enough.
    fn blocking(&self, index: usize, known: &[Option<ReportedResult>]) -> Blocking {
        let dependencies = self.checks.dependencies(index).iter();
        dependencies.map(|dependency| Blocking::by(known[*dependency].as_ref())).max().unwrap_or(Blocking::No)
    }

    /// Returns whether a result is blocked by exactly those dependencies that fail in this report, as far as it knows
    /// them.
    fn matches_dependencies(&self, index: usize, result: &CheckResult, known: &[Option<ReportedResult>]) -> bool {
        // The names stand in the order of the dependencies.
        let mut names = result.blocked_by().iter().peekable();
        self.checks.dependencies(index).iter().all(|dependency| {
            let is_named = names.next_if(|name| *name == self.checks[*dependency].spec.name()).is_some();
            match Blocking::by(known[*dependency].as_ref()) {
                Blocking::Unknown => true,
                blocking => is_named == blocking.blocks(),
            }
        })
    }
}
