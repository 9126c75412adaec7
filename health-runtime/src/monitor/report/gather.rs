//! A report: results that are known already, and the runs that it needs.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

#[cfg(feature = "page")]
use super::group_verdicts;
use super::{
    super::{
        check_set::CheckSet,
        engine::Engine,
        lookup,
        muting::Muted,
        schedule,
        slot::Lookup,
        wait::{self, Awaited, CHECKS_PER_TURN, Ended, give_way, keep_pace},
    },
    blocking::ReportedResult,
    gathered::{Gathered, Validity},
    selection::Selection,
};
use crate::{
    model::{Cause, CheckResult, Group, Report, ReportEntry, Status},
    run_result::RunResult,
};

/// Longest validity of a response that shows a check without a result: each report gives a background check whose task
/// ended a new one.
const MAX_PENDING_AGE: Duration = Duration::from_secs(1);

pub(in crate::monitor) async fn gather(engine: &Arc<Engine>, selection: &Selection) -> Gathered {
    let asked_at = Instant::now();
    // Before everything that mutes, drains and updates change.
    let epoch = engine.epoch();
    let checks = &*engine.checks();
    let gathering = Gathering { engine, checks, selection, asked_at, deadline: asked_at + selection.deadline() };
    let selected: Vec<usize> = (0..checks.len()).filter(|index| selection.selects(&checks[*index].spec)).collect();
    let needed = lookup::in_order(checks, &selected);
    let mut lookups = vec![None; checks.len()];
    for (step, needed) in needed.chunks(CHECKS_PER_TURN).enumerate() {
        if step > 0 {
            give_way().await;
        }
        for index in needed {
            schedule::ensure(engine, &checks[*index]);
        }
        lookup::all(engine, checks, needed, &mut lookups);
    }
    let mut known = gathering.settle_all(lookups).await;
    for (step, &index) in needed.iter().enumerate() {
        gathering.reconcile(index, &mut known).await;
        keep_pace(step).await;
    }
    let mut mutes = Vec::with_capacity(selected.len());
    for (step, &index) in selected.iter().enumerate() {
        mutes.push(gathering.muted(index, &known));
        keep_pace(step).await;
    }
    let validity = gathering.validity(&needed, &known).await;
    let mut validity = validity.and_then(|validity| gathering.until_unmuted(validity, &selected, &known, &mutes));
    let mut entries = Vec::with_capacity(selected.len());
    for (&index, muted) in selected.iter().zip(mutes) {
        let Some(known) = &known[index] else { continue };
        let check = Arc::clone(&checks[index].spec);
        let result = match gathering.held(index, &known.result) {
            Some((held, until)) => {
                validity = validity.map(|validity| validity.no_longer_than(Some(until)));
                Arc::new(held)
            }
            None => Arc::clone(&known.result),
        };
        entries.push(ReportEntry { check, result, muted: muted.map(|muted| muted.mute) });
        keep_pace(entries.len()).await;
    }
    #[cfg(feature = "page")]
    let groups = if selection.has_group_verdicts() {
        let (groups, until) = group_verdicts::collect(engine, checks, &selected, &entries);
        validity = validity.map(|validity| validity.no_longer_than(until));
        groups
    } else {
        Vec::new()
    };
    // After the generation was read: a drain outdates responses from before it.
    let cause = (selection.selects_group(Group::Readiness) && engine.is_draining()).then_some(Cause::Draining);
    let report = Report::new(selection.shown_levels().to_vec(), entries).failing_because_of(cause);
    Gathered {
        report,
        epoch,
        validity,
        #[cfg(feature = "page")]
        groups,
    }
}

/// A report in the making.
pub(super) struct Gathering<'a> {
    pub(super) engine: &'a Arc<Engine>,
    /// The checks as they were when the report was asked for.
    pub(super) checks: &'a CheckSet,
    selection: &'a Selection,
    asked_at: Instant,
    deadline: Instant,
}

impl Gathering<'_> {
    /// Waits for all runs at the same time.
    async fn settle_all(&self, lookups: Vec<Option<Lookup>>) -> Vec<Option<ReportedResult>> {
        let mut running = Vec::new();
        let known = lookups.into_iter().enumerate().map(|(index, lookup)| match lookup? {
            Lookup::Done(result) => Some(ReportedResult::recorded(result)),
            Lookup::Missing => Some(self.unrecorded(index, RunResult::Pending(self.selection.pending()))),
            Lookup::Running(run) => {
                running.push((index, run.id));
                None
            }
        });
        let mut known: Vec<_> = known.collect();
        if running.is_empty() {
            return known;
        }
        give_way().await;
        let awaited: Vec<_> = running.iter().map(|&(index, id)| Awaited { check: &self.checks[index], id }).collect();
        let ended = wait::for_all(self.engine, &awaited, Some(self.deadline)).await;
        for ((index, _), ended) in running.into_iter().zip(ended) {
            known[index] = Some(self.reported(index, ended));
        }
        known
    }

    pub(super) async fn settle(&self, index: usize, lookup: Lookup) -> ReportedResult {
        let ended = match lookup {
            Lookup::Done(result) => Ok(result),
            Lookup::Missing => Err(RunResult::Pending(self.selection.pending())),
            Lookup::Running(run) => {
                give_way().await;
                let run = Awaited { check: &self.checks[index], id: run.id };
                let ended = wait::for_all(self.engine, &[run], Some(self.deadline)).await;
                ended.into_iter().next().unwrap_or(Err(RunResult::CutOff))
            }
        };
        self.reported(index, ended)
    }

    fn reported(&self, index: usize, ended: Ended) -> ReportedResult {
        ended.map_or_else(|result| self.unrecorded(index, result), ReportedResult::recorded)
    }

    pub(super) fn unrecorded(&self, index: usize, result: RunResult) -> ReportedResult {
        let check = &self.checks[index];
        let before = check.slot.latest();
        let before = before.as_ref().map(|latest| &*latest.result);
        let (is_failing, duration) = (result.is_failure(), self.asked_at.elapsed());
        let result = result.into_check_result(&check.spec, before, is_failing, 0, duration);
        ReportedResult { result: Arc::new(result), is_recorded: false }
    }

    /// Returns the validity of a report, if the slots hold all of its results at this generation, or none for a check that
    /// it shows without a result, and its checks are the present ones.
    async fn validity(&self, needed: &[usize], known: &[Option<ReportedResult>]) -> Option<Validity> {
        let generation = self.engine.generation();
        // An update replaces the checks before it counts the generation up.
        if !std::ptr::eq(Arc::as_ptr(&self.engine.checks()), self.checks) {
            return None;
        }
        let mut until: Option<Instant> = None;
        let mut results = Vec::with_capacity(needed.len());
        for &index in needed {
            let check = &self.checks[index];
            let known = known[index].as_ref()?;
            let (result, valid_until) = match check.slot.latest() {
                Some(latest) if known.is_recorded && Arc::ptr_eq(&known.result, &latest.result) => {
                    let valid_until = latest.valid_until(&check.spec);
                    (Some(latest.result), valid_until)
                }
                None if known.is_pending() => (None, Some(self.asked_at + MAX_PENDING_AGE)),
                _ => return None,
            };
            until = until.into_iter().chain(valid_until).min();
            results.push((index, result));
            keep_pace(results.len()).await;
        }
        Some(Validity::new(generation, results, until))
    }

    fn muted(&self, index: usize, known: &[Option<ReportedResult>]) -> Option<Muted> {
        let result_of = |index: usize| known[index].as_ref().map(|known| Arc::clone(&known.result));
        self.checks.mute_of(index, &known[index].as_ref()?.result, result_of)
    }

    /// Shortens the validity to the mutes of a report. `None` if they are not the active ones at the report's
    /// generation.
    fn until_unmuted(
        &self,
        mut validity: Validity,
        selected: &[usize],
        known: &[Option<ReportedResult>],
        mutes: &[Option<Muted>],
    ) -> Option<Validity> {
        for (index, used) in selected.iter().zip(mutes) {
            if *used != self.muted(*index, known) {
                return None;
            }
            let expires = used.as_ref().and_then(|used| used.expires);
            validity = validity.no_longer_than(expires);
        }
        Some(validity)
    }

    /// Returns the warning that readiness shows for a failing check that holds on to its last pass, and the end of the
    /// hold.
    fn held(&self, index: usize, result: &CheckResult) -> Option<(CheckResult, Instant)> {
        let check = &self.checks[index];
        if check.spec.hold().is_none() || !self.selection.selects_group(Group::Readiness) {
            return None;
        }
        if !result.is_failing {
            check.slot.end_hold();
            return None;
        }
        let until = check.slot.hold(&check.spec, self.asked_at)?;
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let held_until = SystemTime::now().checked_add(left);
        Some((CheckResult { status: Status::Warn, held_until, ..result.clone() }, until))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, sleep};

    use super::*;
    use crate::model::{Check, Level};

    const MAX_AGE: Duration = Duration::from_secs(1);

    fn check(name: &str) -> Check {
        Check::new(name, Level::L3, || async {})
    }

    #[tokio::test(start_paused = true)]
    async fn recorded_report_is_valid_until_a_result_is_old_or_new() {
        let engine = Engine::for_checks(["older", "younger"].map(|name| check(name).max_age(MAX_AGE)));
        let report = async |selection| gather(&engine, &selection).await;
        report(Selection::check("older")).await;
        advance(MAX_AGE / 4).await;
        let both = report(Selection::everything()).await;
        advance(Duration::from_nanos(749_999_999)).await;
        assert!(both.is_valid(&engine));
        advance(Duration::from_nanos(1)).await;
        assert!(!both.is_valid(&engine));

        let younger = report(Selection::check("younger")).await;
        assert!(younger.is_valid(&engine));
        report(Selection::check("older")).await;
        assert!(younger.is_valid(&engine), "it does not show the result that is recorded");
        engine.outdate();
        assert!(!younger.is_valid(&engine));
    }

    /// Another result of `quick` replaces the one in the report before the report is complete.
    #[tokio::test(start_paused = true)]
    async fn report_with_an_outdated_result_is_not_valid() {
        let slow = Check::new("slow", Level::L3, || sleep(Duration::from_millis(50)));
        let engine = Engine::for_checks([check("quick").max_age(Duration::ZERO), slow]);
        let (everything, quick) = (Selection::everything(), Selection::check("quick"));
        let (report, ()) = tokio::join!(gather(&engine, &everything), async {
            sleep(Duration::from_millis(20)).await;
            gather(&engine, &quick).await;
        });
        assert!(!report.is_valid(&engine));

        // A run that goes on has no recorded result.
        advance(MAX_AGE).await;
        let hasty = Selection::everything().with_deadline(Duration::from_millis(20));
        assert!(!gather(&engine, &hasty).await.is_valid(&engine));
    }

    /// Another caller may mute and unmute between the two looks at the mutes of a report.
    #[tokio::test(start_paused = true)]
    async fn report_with_an_outdated_mute_is_not_valid() {
        let engine = Engine::for_checks([check("db")]);
        let selection = Selection::everything();
        gather(&engine, &selection).await;
        let checks = &*engine.checks();
        let known = [checks[0].latest().map(ReportedResult::recorded)];
        let now = Instant::now();
        let gathering = Gathering { engine: &engine, checks, selection: &selection, asked_at: now, deadline: now };
        let muting = &checks[0].muting;
        let mute = |time| {
            muting.set(Muted::new(Some(time), "known", "a test".to_owned()));
            gathering.muted(0, &known)
        };
        let until = |used: &Option<Muted>| {
            let ageless = Validity::new(engine.generation(), Vec::new(), None);
            let validity = gathering.until_unmuted(ageless, &[0], &known, std::slice::from_ref(used))?;
            Some(validity.until.map(|until| until.duration_since(now)))
        };
        assert_eq!(until(&None), Some(None));
        let short = mute(MAX_AGE);
        assert_eq!(until(&short), Some(Some(MAX_AGE)));
        assert_eq!(until(&None), None, "muted since");
        let long = mute(MAX_AGE * 9);
        assert_eq!(until(&short), None, "another mute since");
        assert_eq!(until(&long), Some(Some(MAX_AGE * 9)));
        muting.clear();
        assert_eq!(until(&long), None, "unmuted since");
    }
}
