//! Checks that come and go while the monitor runs.

mod draft;
mod drill;
mod overrides;

use std::sync::Arc;

use super::{drills, engine::Engine, monitor::Monitor, schedule};
use crate::{
    error::Error,
    model::{Check, CheckName},
    sync::lock,
};
use draft::Draft;

/// Additions, removals and replacements of checks that [`Monitor::update`] applies at once.
///
/// ```
/// use health_runtime::{Check, CheckUpdate, Level, Monitor, Registry};
///
/// let monitor = Monitor::new(Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?);
/// let orders = Check::new("plugin_orders", Level::L3, || async { true }).depends_on(["db", "plugin_queue"]);
/// let queue = Check::new("plugin_queue", Level::L3, || async { true });
/// monitor.update(CheckUpdate::new().add(orders).add(queue))?;
/// monitor.update(CheckUpdate::new().remove("plugin_orders").remove("plugin_queue"))?;
/// assert_eq!(monitor.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "an update does nothing by itself; hand it to `Monitor::update`"]
pub struct CheckUpdate {
    steps: Vec<UpdateStep>,
}

#[derive(Clone, Debug)]
enum UpdateStep {
    Add(Check),
    Remove(CheckName),
    Replace(Check),
}

impl CheckUpdate {
    /// Returns an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, such as one of the [`probes`](crate::probes). See [`Monitor::add`].
    #[allow(clippy::should_implement_trait, reason = "it takes a check, and not another update")]
    pub fn add(self, check: impl Into<Check>) -> Self {
        self.then(UpdateStep::Add(check.into()))
    }

    /// Removes the check of this name. See [`Monitor::remove`].
    pub fn remove(self, check: impl Into<CheckName>) -> Self {
        self.then(UpdateStep::Remove(check.into()))
    }

    /// Replaces the check of the same name. See [`Monitor::replace`].
    pub fn replace(self, check: impl Into<Check>) -> Self {
        self.then(UpdateStep::Replace(check.into()))
    }

    fn then(mut self, step: UpdateStep) -> Self {
        self.steps.push(step);
        self
    }
}

impl Monitor {
    /// Adds a check: a [single-step update](Self::update).
    ///
    /// The next report has it, in every format, group and stream. A check with an
    /// [interval](crate::Check::interval) starts as at the start of the service, at a random time within the interval, and
    /// is [`pending`](crate::Cause::Pending) until its first result. From a thread without a runtime, it starts on the
    /// runtime on which the monitor was started, or else first ran a check.
    ///
    /// # Errors
    /// Like [`update`](Self::update).
    pub fn add(&self, check: impl Into<Check>) -> Result<(), Error> {
        self.update(CheckUpdate::new().add(check))
    }

    /// Removes a check, declared or not: a [single-step update](Self::update).
    ///
    /// The next report is without it. Its mute and its [history](Self::history) go with it; a check that is added later
    /// under the same name starts anew. Subscribers get no event, because no status has changed.
    ///
    /// A run in progress goes on, up to its timeout, and a blocked thread until the function returns: reports that were
    /// asked for before may wait for it. They show its result, and nothing else does: it is neither counted, logged nor
    /// published. Such a report may still call the function once.
    ///
    /// The function is dropped with everything that it owns when nothing refers to it any longer: here, or on any thread,
    /// such as that of a report in progress. A destructor that panics is logged; one that takes long delays that report,
    /// so close connections elsewhere.
    ///
    /// # Errors
    /// Like [`update`](Self::update). A check that others depend on is removed together with them, in one update.
    pub fn remove(&self, check: impl Into<CheckName>) -> Result<(), Error> {
        self.update(CheckUpdate::new().remove(check))
    }

    /// Replaces the check of the same name, declared or not: a [single-step update](Self::update). Level, groups,
    /// dependencies and everything else may differ.
    ///
    /// The new check goes on where the old one was: it keeps its mute, its [history](Self::history), its numbers and its
    /// thresholds' counts, so that subscribers get an event only if the status differs. Requests never reuse a result of
    /// the old function. In the background, the old result is shown until the first run of the new function. It ages from
    /// the first replacement on, so that a function that hangs becomes stale however often it is replaced.
    ///
    /// A check that moves to another level keeps its mute and its history alone, whose changes are shown to callers of their own
    /// levels. It starts without a result, because callers of the new level may not have been allowed to see the old one.
    ///
    /// A run of the old function in progress goes on as [after a removal](Self::remove), and counts for nothing. Replacing
    /// a blocking check that hangs does not free its thread: the new function blocks another one, and the metric
    /// `health_check_in_flight` knows only the new function.
    ///
    /// # Errors
    /// Like [`update`](Self::update).
    pub fn replace(&self, check: impl Into<Check>) -> Result<(), Error> {
        self.update(CheckUpdate::new().replace(check))
    }

    /// Adds, removes and replaces checks at once: every report, stream and scrape sees all of the update or nothing of it.
    /// The whole set is validated as at the start of the service; an error changes nothing.
    ///
    /// It may be called at any time and from any thread, also while the service drains. Updates take place one after the
    /// other. One event is logged. The time that it takes grows with the number of all checks, so that many additions are
    /// better made in one update.
    ///
    /// # Errors
    /// One error that lists all problems: the removal or replacement of an unknown name, the removal of a check that a
    /// remaining one depends on, and everything that [`RegistryBuilder::build`](crate::RegistryBuilder::build) finds in
    /// the new set.
    pub fn update(&self, update: CheckUpdate) -> Result<(), Error> {
        if !update.steps.is_empty() {
            apply(&self.engine, |draft| update.steps.into_iter().for_each(|step| draft.take(step)))?;
        }
        Ok(())
    }
}

/// Replaces the checks by those of a changed draft.
fn apply(engine: &Arc<Engine>, change: impl FnOnce(&mut Draft<'_>)) -> Result<(), Error> {
    let turn = lock(&engine.updating);
    let before = engine.checks();
    let mut draft = Draft::new(&before);
    change(&mut draft);
    let applied = draft.validate().map(|graph| {
        draft.log();
        let checks = draft.commit(engine, before.updates(), graph);
        engine.set_checks(drills::spare_liveness(engine, checks))
    });
    // Before the functions that are gone are dropped: what they own may update the checks meanwhile, or take its time.
    drop(turn);
    if applied.is_ok() && before.has_drills() {
        // It may have ended some.
        drills::replace_results(engine);
    } else if applied.is_ok() {
        schedule::start(engine);
    }
    applied.map(drop)
}

#[cfg(all(test, feature = "availability", not(shuttle)))]
mod tests {
    use std::{
        sync::{OnceLock, mpsc},
        thread,
        time::Duration,
    };

    use super::*;
    use crate::{
        availability::WindowEnd,
        health_path::LoopGuard,
        model::{Level, Outcome},
        monitor::report::Selection,
        registry::Registry,
    };

    const MINUTE: Duration = Duration::from_secs(60);

    fn db(level: Level) -> Check {
        Check::new("db", level, || async { Outcome::fail("down") })
    }

    /// The update has made the replacement of `db` by then, and not yet that of `last`.
    #[tokio::test(start_paused = true)]
    async fn mute_during_an_update_reaches_the_timeline_of_the_replacement() {
        let during = Arc::new(OnceLock::<Box<dyn Fn() + Send + Sync>>::new());
        let hook = Arc::clone(&during);
        let last = || Check::new("last", Level::L5, || async {});
        let registry = Registry::builder().check(db(Level::L1)).check(last()).build().expect("good checks");
        let registry = registry.with_layer(move |spec, work| {
            if let Some(during) = hook.get().filter(|_| spec.name() == "last") {
                during();
            }
            work
        });
        let monitor = Monitor::at_rest(registry, LoopGuard::new(None));
        let (engine, (done, muted)) = (Arc::downgrade(&monitor.engine), mpsc::channel());
        let mute = move || {
            let (engine, done) = (engine.upgrade().expect("a monitor"), done.clone());
            let mute = thread::spawn(move || {
                Monitor { engine }.mute("db", MINUTE * 60, "a test").expect("a check");
                let _ = done.send(());
            });
            // The update goes on once the mute is done, or waits.
            for _ in (0..100).take_while(|_| !mute.is_finished()) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        assert!(during.set(Box::new(mute)).is_ok());
        monitor.update(CheckUpdate::new().replace(db(Level::L2)).replace(last())).expect("good checks");
        muted.recv().expect("a mute");

        assert_eq!(monitor.report(&Selection::everything()).await.result("db").map(|db| db.is_failing), Some(true));
        tokio::time::advance(MINUTE).await;
        let [hour, ..] = monitor.level_availability(Level::L2, WindowEnd::Now).expect("a level");
        assert_eq!((hour.total.fail, hour.total.pass), (0, 0));
    }
}
