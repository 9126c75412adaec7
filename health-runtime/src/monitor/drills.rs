//! The begin and the end of drills. A drill replaces a check as an update does, and counts for no reader as one: slot,
//! thresholds, holds and timeouts of the check go on as they are.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, sleep_until};

use super::{
    check_set::CheckSet,
    drilling::{DrillOrder, Drilling, MAX_DRILL},
    engine::Engine,
    monitored::Monitored,
    schedule,
    slot::RunId,
    wait::{self, Awaited},
};
use crate::{
    error::{DrillError, UnknownCheck},
    log::{self, Topic},
    model::{CheckSpec, Drill, Group, Level},
    sync::lock,
    text::escape_controls,
    time::timestamp_seconds,
};

/// Begins a drill of a check, of this level if one is named, in place of an earlier drill.
pub(super) fn begin(
    engine: &Arc<Engine>,
    check: &str,
    level: Option<Level>,
    order: DrillOrder,
) -> Result<Arc<Drill>, DrillError> {
    if order.duration.is_zero() || order.duration > MAX_DRILL {
        return Err(DrillError::Duration(order.duration));
    }
    let turn = lock(&engine.updating);
    let checks = engine.checks();
    let found = level.map_or_else(|| checks.find(check), |level| checks.find_at(check, level));
    let Some(index) = found else {
        // An update has removed or moved it meanwhile.
        return Err(UnknownCheck { name: check.to_owned(), suggestion: None }.into());
    };
    let check = &checks[index];
    let name = || check.spec.name().to_owned();
    // Under the lock: a drain ends all drills that have begun by then.
    if engine.is_draining() {
        return Err(DrillError::Draining);
    }
    if !check.spec.is_enabled() {
        return Err(DrillError::Disabled(name()));
    }
    if check.latest().is_some_and(|latest| latest.is_failing && latest.drill.is_none()) {
        return Err(DrillError::Failing(name()));
    }
    if !order.includes_liveness && concerns_liveness(&checks, index) {
        return Err(DrillError::Liveness(name()));
    }
    let timer = |expires| engine.find_runtime().map(|_| engine.spawn(end_at(expires, Arc::downgrade(engine))));
    let drilling = Drilling::new(order, timer).ok_or_else(|| DrillError::Passes(name()))?;
    let drill = Arc::clone(&drilling.drill);
    log_begin(&check.spec, &drill);
    let drilled = Arc::new(check.drilled(Some(drilling), &engine.layer, engine.fleet.as_ref()));
    let before = engine.set_checks((*checks).clone().with(index, Arc::clone(&drilled)));
    drop((turn, before));
    schedule::start(engine);
    run_at_once(engine, vec![drilled]);
    Ok(drill)
}

/// Ends the drill of the check of this name, if it is in one.
pub(super) fn end(engine: &Arc<Engine>, check: &str) {
    end_some(engine, "undrill", |drilled, _| drilled.spec.name() == check);
}

/// Ends all drills at the drain of the service. Takes the lock even if there seems to be none, because one may be
/// beginning that has not seen the drain.
pub(super) fn end_all(engine: &Arc<Engine>) {
    end_some(engine, "drain", |_, _| true);
}

/// Ends the drills whose time is over. Every reader calls it, because the runtime of their timers may be gone.
pub(super) fn end_expired(engine: &Arc<Engine>) {
    if engine.has_drills() {
        end_some(engine, "expired", |_, drilling| drilling.expires <= Instant::now());
    }
}

async fn end_at(expires: Instant, engine: Weak<Engine>) {
    sleep_until(expires).await;
    if let Some(engine) = engine.upgrade() {
        end_expired(&engine);
    }
}

fn end_some(engine: &Arc<Engine>, cause: &'static str, is_selected: impl Fn(&Monitored, &Drilling) -> bool) {
    let turn = lock(&engine.updating);
    let checks = engine.checks();
    let Some(next) = without(engine, &checks, cause, |index, drilling| is_selected(&checks[index], drilling)) else {
        return;
    };
    let before = engine.set_checks(next);
    drop((turn, before));
    replace_results(engine);
}

/// Ends the drills that an update would bring into liveness without the second word.
pub(super) fn spare_liveness(engine: &Engine, checks: CheckSet) -> CheckSet {
    let is_unconfirmed = |index, drilling: &Drilling| !drilling.includes_liveness && concerns_liveness(&checks, index);
    without(engine, &checks, "liveness", is_unconfirmed).unwrap_or(checks)
}

/// Returns the checks without the selected drills; `None` if there are none.
fn without(
    engine: &Engine,
    checks: &CheckSet,
    cause: &'static str,
    is_selected: impl Fn(usize, &Drilling) -> bool,
) -> Option<CheckSet> {
    let mut next = None;
    for (index, check) in checks.iter().enumerate() {
        if check.drilling.as_ref().is_some_and(|drilling| is_selected(index, drilling)) {
            log_end(check, cause);
            let own = check.drilled(None, &engine.layer, engine.fleet.as_ref());
            next = Some(next.unwrap_or_else(|| checks.clone()).with(index, Arc::new(own)));
        }
    }
    next
}

/// Runs every check whose latest result is left over from a drill, also those on demand: readers that run nothing would show
/// it until the next request.
pub(super) fn replace_results(engine: &Arc<Engine>) {
    schedule::start(engine);
    let checks = engine.checks();
    let in_order = || checks.order().iter().map(|index| &checks[*index]);
    run_at_once(engine, in_order().filter(|check| is_left_over(check)).cloned().collect());
    let waiting = checks.order().iter().filter(|index| !checks.dependencies(**index).is_empty());
    replace_later(
        engine,
        waiting
            .filter_map(|index| Some((Arc::clone(&checks[*index]), checks[*index].slot.run_in_progress()?)))
            .collect(),
    );
}

/// Does the same to checks whose runs in progress may wait for one of the drill, which blocks them after its end.
fn replace_later(engine: &Arc<Engine>, waiting: Vec<(Arc<Monitored>, RunId)>) {
    if !waiting.is_empty() && engine.find_runtime().is_some() {
        let of_task = Arc::clone(engine);
        engine.spawn(async move {
            for (check, id) in waiting {
                wait::for_all(&of_task, &[Awaited { check: &check, id }], None).await;
                if is_left_over(&check) {
                    schedule::run_once(&of_task, &check).await;
                    of_task.changes.wake();
                }
            }
        });
    }
}

fn is_left_over(check: &Monitored) -> bool {
    check.drilling.is_none() && check.latest().is_some_and(|result| result.drill.is_some())
}

/// Runs checks on the runtime of runs, if there is one: one after the other, because each may be blocked by those before.
fn run_at_once(engine: &Arc<Engine>, checks: Vec<Arc<Monitored>>) {
    if !checks.is_empty() && engine.find_runtime().is_some() {
        let of_task = Arc::clone(engine);
        engine.spawn(async move {
            for check in checks {
                schedule::run_once(&of_task, &check).await;
            }
            // The status may be the same as in the drill, so that there is no change to wake readers.
            of_task.changes.wake();
        });
    }
}

/// Returns whether a check belongs to liveness, or blocks one that does.
fn concerns_liveness(checks: &CheckSet, index: usize) -> bool {
    let mut is_concerned = vec![false; checks.len()];
    checks.order().iter().any(|&other| {
        is_concerned[other] = other == index || checks.dependencies(other).iter().any(|below| is_concerned[*below]);
        is_concerned[other] && checks[other].spec.is_in(Group::Liveness)
    })
}

fn log_begin(check: &CheckSpec, drill: &Arc<Drill>) {
    let (check, drill) = (check.name().to_owned(), Arc::clone(drill));
    log::write(Topic::Checks, move || {
        let (behavior, until) = (drill.behavior(), timestamp_seconds(drill.until()));
        let (reason, by) = (drill.reason().map(escape_controls), escape_controls(drill.by()));
        let (reason, by) = (reason.as_deref(), &*by);
        tracing::warn!(check, behavior, until, reason, by, "health check drill begun");
    });
}

/// Logs the end of the drill of a check, if it is in one.
pub(super) fn log_end(check: &Monitored, cause: &'static str) {
    let Some(drilling) = &check.drilling else { return };
    let (check, drill) = (check.spec.name().to_owned(), Arc::clone(&drilling.drill));
    log::write(Topic::Checks, move || {
        let by = &*escape_controls(drill.by());
        tracing::info!(check, by, cause, "health check drill ended");
    });
}
