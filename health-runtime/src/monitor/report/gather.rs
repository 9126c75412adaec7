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
        drills,
        engine::Engine,
        lookup,
        muting::Muted,
        permission::RunRequest,
        schedule,
        slot::Lookup,
        wait::{self, Awaited, CHECKS_PER_TURN, Ended, give_way, is_turn_over},
    },
    blocking::{ReportedResult, Standing},
    gathered::{Gathered, Validity},
    selection::Selection,
};
use crate::{
    model::{Cause, CheckResult, Group, Report, ReportEntry, Status},
    run_result::{NoResult, Provenance, RunResult},
    time::after,
};

/// Longest validity of a response that shows a check without a result: each report gives a background check whose task
/// ended a new one.
const MAX_PENDING_AGE: Duration = Duration::from_secs(1);

pub(in crate::monitor) async fn gather(engine: &Arc<Engine>, selection: &Selection) -> Gathered {
    let asked_at = Instant::now();
    drills::end_expired(engine);
    // Before the checks, the mutes and the drain are read: an event that changes one of them has another epoch.
    let epoch = engine.epoch();
    let checks = &*engine.checks();
    let request = RunRequest::new(&engine.loop_guard, selection.origin()).running(selection.check_to_run());
    let gathering = Gathering {
        engine,
        checks,
        selection,
        request,
        asked_at,
        deadline: after(asked_at, selection.deadline(checks.overrides())),
    };
    let mut selected = Vec::with_capacity(checks.len());
    selected.extend((0..checks.len()).filter(|index| selection.selects(&checks[*index].spec)));
    let needed = lookup::in_order(checks, &selected);
    let mut lookups = vec![None; checks.len()];
    for (step, needed) in needed.chunks(CHECKS_PER_TURN).enumerate() {
        if step > 0 {
            give_way().await;
        }
        if request.stop_reason().is_none() {
            for index in needed {
                schedule::ensure(engine, &checks[*index]);
            }
        }
        lookup::all(engine, checks, needed, request, &mut lookups);
    }
    let mut known = gathering.settle_all(lookups).await;
    for (step, &index) in needed.iter().enumerate() {
        if gathering.contradicts(index, &known) {
            // Boxed, because it is large and rare.
            Box::pin(gathering.reconcile(index, &mut known)).await;
        }
        if is_turn_over(step) {
            give_way().await;
        }
    }
    // Before the validity, which does not hold if a mute or a result changes meanwhile.
    let mut until: Option<Instant> = None;
    let mut entries = Vec::with_capacity(selected.len());
    for (step, &index) in selected.iter().enumerate() {
        let Some(known_result) = &known[index] else { continue };
        let muted = gathering.muted(index, &known);
        let held = gathering.held(index, known_result);
        let ends = [muted.as_ref().and_then(|muted| muted.expires), held.as_ref().map(|(_, until)| *until)];
        until = until.into_iter().chain(ends.into_iter().flatten()).min();
        entries.push(ReportEntry {
            check: Arc::clone(&checks[index].spec),
            result: held.map_or_else(|| Arc::clone(&known_result.result), |(held, _)| Arc::new(held)),
            muted: muted.map(|muted| muted.mute),
            drill: checks[index].drill(&known_result.result),
        });
        if is_turn_over(step) {
            give_way().await;
        }
    }
    #[cfg(feature = "page")]
    let groups = if selection.has_group_verdicts() {
        let (groups, ends) = group_verdicts::collect(engine, checks, &selected, &entries);
        until = until.into_iter().chain(ends).min();
        groups
    } else {
        Vec::new()
    };
    let validity = gathering.validity(epoch, &needed, &known).await;
    let validity = validity.map(|validity| validity.no_longer_than(until));
    let cause = (selection.selects_group(Group::Readiness) && engine.is_draining()).then_some(Cause::Draining);
    let service = Arc::clone(engine.loop_guard.instance.service());
    let report = Report::new(service, selection.shown_levels().to_vec(), entries).failing_because_of(cause);
    let is_limited = selected.iter().any(|index| known[*index].as_ref().is_some_and(ReportedResult::is_limited));
    Gathered {
        report,
        is_limited,
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
    pub(super) request: RunRequest<'a>,
    asked_at: Instant,
    deadline: Instant,
}

impl Gathering<'_> {
    /// Waits for all runs at the same time.
    async fn settle_all(&self, lookups: Vec<Option<Lookup>>) -> Vec<Option<ReportedResult>> {
        let is_running = |lookup: &&Lookup| matches!(lookup, Lookup::Running(_));
        let mut running = Vec::with_capacity(lookups.iter().flatten().filter(is_running).count());
        let known = lookups.into_iter().enumerate().map(|(index, lookup)| match lookup? {
            Lookup::Done(result) => Some(ReportedResult::recorded(result)),
            Lookup::Missing => Some(self.pending(index)),
            Lookup::Stored => Some(self.stored(index)),
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
        match lookup {
            Lookup::Done(result) => ReportedResult::recorded(result),
            Lookup::Missing => self.pending(index),
            Lookup::Stored => self.stored(index),
            Lookup::Running(run) => {
                give_way().await;
                let run = Awaited { check: &self.checks[index], id: run.id };
                let ended = wait::for_all(self.engine, &[run], Some(self.deadline)).await;
                self.reported(index, ended.into_iter().next().unwrap_or(Ended::CutOff))
            }
        }
    }

    fn reported(&self, index: usize, ended: Ended) -> ReportedResult {
        match ended {
            Ended::Recorded(result) if self.request.accepts(&result) => ReportedResult::recorded(result),
            Ended::Recorded(_) if self.deadline <= Instant::now() => self.unrecorded(index, RunResult::OutOfTime),
            Ended::Recorded(result) => ReportedResult { result, standing: Standing::Limited },
            Ended::OutOfTime => self.unrecorded(index, RunResult::OutOfTime),
            // The run of a fleet's check ends without a result if the store has nothing new, so the latest one counts.
            Ended::CutOff if self.checks[index].member.is_some() => {
                match lookup::read(self.engine, &self.checks[index], Instant::now()) {
                    Lookup::Done(result) => ReportedResult::recorded(result),
                    _ => self.pending(index),
                }
            }
            Ended::CutOff => self.unrecorded(index, RunResult::CutOff),
        }
    }

    fn pending(&self, index: usize) -> ReportedResult {
        self.unrecorded(index, RunResult::Missing(NoResult::Background, self.selection.pending()))
    }

    /// Returns the latest result, for a request that waits for no other. A background check's is stale all the same, but
    /// nothing is recorded.
    fn stored(&self, index: usize) -> ReportedResult {
        let check = &self.checks[index];
        let latest = check.slot.latest_at(self.request.depth());
        let result = match (&latest, check.spec.stale_after()) {
            (Some(latest), Some(max_age))
                if latest.valid_until(&check.spec).is_some_and(|end| end <= self.asked_at) =>
            {
                self.unrecorded(index, RunResult::Stale { max_age }).result
            }
            (Some(latest), _) => Arc::clone(&latest.result),
            (None, _) => {
                let reason = self.request.stop_reason().map_or(NoResult::AskingRun, NoResult::Stopped);
                self.unrecorded(index, RunResult::Missing(reason, self.selection.unknown())).result
            }
        };
        ReportedResult { result, standing: Standing::Stored }
    }

    pub(super) fn unrecorded(&self, index: usize, result: RunResult) -> ReportedResult {
        let check = &self.checks[index];
        let before = check.slot.latest();
        let before = before.as_ref().map(|latest| &*latest.result);
        let (is_failing, duration) = (result.is_failure(), self.asked_at.elapsed());
        let provenance = Provenance::default();
        let result = result.into_check_result(&check.spec, before, provenance, is_failing, 0, duration);
        ReportedResult { result: Arc::new(result), standing: Standing::Unrecorded }
    }

    /// Returns the validity of a report, if the slots hold all of its results at this generation, or none for a check that
    /// it shows without a result, and the epoch is the one in which the report began.
    async fn validity(&self, epoch: u64, needed: &[usize], known: &[Option<ReportedResult>]) -> Option<Validity> {
        let generation = self.engine.generation();
        if self.engine.epoch() != epoch {
            return None;
        }
        let mut until: Option<Instant> = None;
        let mut results = Vec::with_capacity(needed.len());
        for &index in needed {
            let check = &self.checks[index];
            let known = known[index].as_ref()?;
            let (result, valid_until) = match check.slot.latest() {
                Some(latest) if known.standing == Standing::Recorded && Arc::ptr_eq(&known.result, &latest.result) => {
                    let valid_until = latest.valid_until(&check.spec);
                    (Some(latest.result), valid_until)
                }
                None if known.is_pending() => (None, Some(self.asked_at + MAX_PENDING_AGE)),
                _ => return None,
            };
            let drill_until = check.drilling.as_ref().map(|drilling| drilling.expires);
            until = until.into_iter().chain(valid_until).chain(drill_until).min();
            results.push((index, result));
            if is_turn_over(results.len()) {
                give_way().await;
            }
        }
        Some(Validity::new(generation, results, until))
    }

    fn muted(&self, index: usize, known: &[Option<ReportedResult>]) -> Option<Muted> {
        let result_of = |index: usize| known[index].as_ref().map(|known| Arc::clone(&known.result));
        self.checks.mute_of(index, &known[index].as_ref()?.result, result_of)
    }

    /// Returns the warning that readiness shows for a failing check that holds on to its last pass, and the end of the
    /// hold.
    fn held(&self, index: usize, known: &ReportedResult) -> Option<(CheckResult, Instant)> {
        let (check, result) = (&self.checks[index], &known.result);
        if check.spec.hold().is_none() || !self.selection.selects_group(Group::Readiness) {
            return None;
        }
        // Requests from services, which a stranger may forge, neither begin nor end a hold: their time may be too short.
        let is_local = self.request.is_local();
        if !result.is_failing {
            if is_local {
                check.slot.end_hold();
            }
            return None;
        }
        let until = check.slot.hold(&check.spec, self.asked_at, is_local)?;
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let held_until = SystemTime::now().checked_add(left);
        Some((CheckResult { status: Status::Warn, held_until, ..(**result).clone() }, until))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, sleep};

    use super::*;
    use crate::{
        model::{Check, Level},
        monitor::Monitor,
    };

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

    /// Another caller may mute and unmute while a report waits for its runs.
    #[tokio::test(start_paused = true)]
    async fn report_is_valid_as_long_as_its_mutes() {
        let reported_during = async |event: fn(&Monitor)| {
            let slow = Check::new("db", Level::L3, || sleep(Duration::from_millis(50))).max_age(MAX_AGE * 9);
            let monitor = Monitor { engine: Engine::for_checks([slow]) };
            let selection = Selection::everything();
            let (report, ()) = tokio::join!(gather(&monitor.engine, &selection), async {
                sleep(Duration::from_millis(20)).await;
                event(&monitor);
            });
            (report, monitor)
        };
        let mute = |monitor: &Monitor| monitor.mute("db", MAX_AGE, "a test").expect("a check");
        let unmute = |monitor: &Monitor| monitor.unmute("db").expect("a check");

        let (report, monitor) = reported_during(|_| {}).await;
        assert!(report.is_valid(&monitor.engine));
        mute(&monitor);
        assert!(!report.is_valid(&monitor.engine), "muted since");
        let muted = gather(&monitor.engine, &Selection::everything()).await;
        advance(MAX_AGE.saturating_sub(Duration::from_nanos(1))).await;
        assert!(muted.is_valid(&monitor.engine));
        advance(Duration::from_nanos(1)).await;
        assert!(!muted.is_valid(&monitor.engine), "the mute is over");
        mute(&monitor);
        let muted = gather(&monitor.engine, &Selection::everything()).await;
        assert!(muted.is_valid(&monitor.engine));
        mute(&monitor);
        assert!(!muted.is_valid(&monitor.engine), "another mute since");
        let muted = gather(&monitor.engine, &Selection::everything()).await;
        unmute(&monitor);
        assert!(!muted.is_valid(&monitor.engine), "unmuted since");

        let events: [fn(&Monitor); 3] = [
            |monitor| monitor.mute("db", MAX_AGE, "a test").expect("a check"),
            |monitor| {
                monitor.mute("db", MAX_AGE, "a test").expect("a check");
                monitor.unmute("db").expect("a check");
            },
            Monitor::drain,
        ];
        for event in events {
            let (report, monitor) = reported_during(event).await;
            assert!(!report.is_valid(&monitor.engine));
        }
    }
}
