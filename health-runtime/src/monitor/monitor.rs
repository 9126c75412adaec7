use std::{panic::Location, sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{
    changes::{Listener, Subscription},
    engine::Engine,
    monitored::Monitored,
    muting::{ListedMute, Muted, parse_list},
    report::{self, Gathered, Selection},
    schedule, shutdown,
};
#[cfg(any(feature = "grpc", feature = "openapi"))]
use crate::model::Levels;
#[cfg(feature = "availability")]
use crate::{
    availability::{WindowEnd, WindowSummary},
    model::Level,
};
use crate::{
    error::{UnknownCheck, file_and_line},
    health_path::{LoopGuard, RequestOrigin},
    log::{self, Topic},
    model::{CheckName, CheckSpec, Report, StatusChange},
    registry::Registry,
    suggest::{Suggestions, nearest},
    sync::lock,
    text::escape_controls,
};

/// Runs the checks of a registry and keeps the latest result of each.
///
/// It is a handle: clones share everything. A thread of its own writes the log, so that a blocked log sink delays no
/// check and no response. Dropping the last handle waits until everything is logged, half a second at most.
///
/// ```
/// use health_runtime::{Check, Level, Monitor, Registry, Selection, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), health_runtime::Error> {
/// let registry = Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?;
/// let monitor = Monitor::new(registry);
/// assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Monitor {
    pub(super) engine: Arc<Engine>,
}

impl Monitor {
    /// Returns a monitor of these checks, the first ones: [`update`](Self::update) changes them later. Background checks start on the current Tokio runtime, or else with the first
    /// report, and end when the last handle is dropped. All other checks run on demand.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let monitor = Self::at_rest(registry, LoopGuard::new(None));
        monitor.start();
        monitor
    }

    /// Returns a monitor that runs nothing yet, so that it can be muted and listened to before.
    pub(crate) fn at_rest(registry: Registry, loop_guard: LoopGuard) -> Self {
        Self { engine: Arc::new(Engine::new(registry, loop_guard)) }
    }

    /// Starts the background checks, if there is a current Tokio runtime.
    pub(crate) fn start(&self) {
        schedule::start(&self.engine);
    }

    /// Returns the declaration of each check, by level and name, as they are at this moment.
    #[must_use]
    pub fn checks(&self) -> impl ExactSizeIterator<Item = Arc<CheckSpec>> + use<> {
        let checks = self.engine.checks();
        (0..checks.len()).map(move |index| Arc::clone(&checks[index].spec))
    }

    /// Returns the declarations of the checks that are off, by level and name.
    pub(crate) fn off_checks(&self) -> &[CheckSpec] {
        &self.engine.off
    }

    /// Returns the number of [updates](Self::update) that concerned checks of these levels. Code that stores
    /// something made from checks reads the number before the checks, and makes it again once the number differs.
    #[cfg(any(feature = "grpc", feature = "openapi"))]
    pub(crate) fn version(&self, levels: Levels) -> u64 {
        self.engine.checks().version(levels)
    }

    /// Gathers the results of the selected checks: a stored result if it is young enough, otherwise that of a new run
    /// or of one in progress. All checks run concurrently; a check waits for its dependencies alone.
    ///
    /// It takes as long as the slowest check, at most until the selection's deadline ([`Selection::with_deadline`]). A
    /// check that is not done by then is reported as timed out, and its run goes on.
    ///
    /// # Cancellation
    /// Dropping the future stops no run and changes no result: no caller owns a run.
    ///
    /// # Panics
    /// Outside a Tokio runtime whose timer is enabled.
    pub async fn report(&self, selection: &Selection) -> Report {
        self.gather(selection).await.report
    }

    /// Announces the end of the service: readiness fails from now on with the cause `draining`, even where a response
    /// was cached. Everything else answers as before, and checks still run.
    ///
    /// A drain cannot be undone, and a second call does nothing. One event is logged.
    /// [`graceful_shutdown`](Self::graceful_shutdown) drains on SIGTERM.
    ///
    /// ```
    /// use health_runtime::{Group, Monitor, Registry, Selection, Status};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), health_runtime::Error> {
    /// let monitor = Monitor::new(Registry::builder().build()?);
    /// monitor.drain();
    /// assert_eq!(monitor.report(&Selection::group(Group::Readiness)).await.status(), Status::Fail);
    /// assert_eq!(monitor.report(&Selection::group(Group::Liveness)).await.status(), Status::Pass);
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain(&self) {
        shutdown::drain(&self.engine);
    }

    /// Returns whether [`drain`](Self::drain) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.engine.is_draining()
    }

    /// Waits until a drain has begun, perhaps long ago. The future keeps the monitor alive.
    #[cfg(feature = "grpc")]
    pub(crate) fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        let engine = Arc::clone(&self.engine);
        let mut wakeups = engine.changes.wakeups();
        async move {
            while !engine.is_draining() {
                // The sender lives as long as the engine.
                let _ = wakeups.changed().await;
            }
        }
    }

    /// Returns the time between the drain and the moment at which the listener closes, where it is known.
    #[cfg(feature = "systemd")]
    pub(crate) fn drain_delay(&self) -> Option<Duration> {
        self.engine.drain_delay.get().copied()
    }

    /// Returns a channel that has a new value after each change and update, and when a drain begins. It ends with the
    /// monitor.
    #[cfg(any(feature = "alerts", feature = "systemd"))]
    pub(crate) fn wakeups(&self) -> tokio::sync::watch::Receiver<()> {
        self.engine.changes.wakeups()
    }

    /// Spawns a task on the runtime of runs.
    ///
    /// # Panics
    /// If nothing has started on a runtime yet, and none is current.
    #[cfg(feature = "systemd")]
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.spawn(task);
    }

    /// Waits until the checks are no longer of this [version](Self::version). The future keeps the monitor alive.
    #[cfg(feature = "grpc")]
    pub(crate) fn updated_since(&self, version: u64) -> impl Future<Output = ()> + Send + use<> {
        let engine = Arc::clone(&self.engine);
        let mut wakeups = engine.changes.wakeups();
        async move {
            while engine.checks().version(Levels::ALL) == version {
                // The sender lives as long as the engine.
                let _ = wakeups.changed().await;
            }
        }
    }

    /// Waits for SIGTERM or Ctrl-C (on other systems than Unix for Ctrl-C), [drains](Self::drain), waits for `delay`,
    /// then resolves: made for axum's `with_graceful_shutdown`.
    ///
    /// During `delay` the service takes requests as before, while load balancers find out that it is not ready. `delay`
    /// has to cover that time: for a kubelet `periodSeconds × failureThreshold`, and some seconds until every node
    /// knows. A second signal ends the wait at once.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use health_runtime::Endpoint;
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let health = Endpoint::builder().build()?;
    /// let shutdown = health.monitor().graceful_shutdown(Duration::from_secs(15));
    /// let app = axum::Router::new().merge(health.router());
    /// let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    /// axum::serve(listener, app).with_graceful_shutdown(shutdown).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The signals are caught from this call on, not from the first poll, so that none is lost between the two; outside
    /// a runtime, from the first poll on. They no longer end the process by themselves then, not even after the future
    /// has resolved or was dropped: a request that never ends needs a time limit of its own, or SIGKILL. A signal that
    /// cannot be caught is logged, and ends the process as usual.
    ///
    /// # Cancellation
    /// Dropping the future is safe. A drain that has begun stays.
    ///
    /// # Panics
    /// On a Tokio runtime without I/O or without a timer; `#[tokio::main]` enables both.
    pub fn graceful_shutdown(&self, delay: Duration) -> impl Future<Output = ()> + Send + use<> {
        shutdown::gracefully(Arc::clone(&self.engine), delay)
    }

    /// Sets the runtime on which checks run, independent of the caller's runtime. The first call decides. Default:
    /// the caller's runtime.
    ///
    /// Call it for a router that is served on another runtime than the application's, whose connections and timers the
    /// checks use. `serve_isolated` calls it by itself.
    ///
    /// Returns whether checks run on this runtime from now on: `false` if an earlier call named another one.
    #[must_use = "an earlier call may have named another runtime"]
    pub fn run_on(&self, runtime: &Handle) -> bool {
        self.engine.run_on(runtime)
    }

    /// Subscribes to all changes of status from now on. Each change is delivered once, and the changes of one check in
    /// their order. See [`Subscription`] for slow subscribers.
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(self.engine.changes.subscribe())
    }

    /// Returns the latest changes of a check's status, the oldest first: 64 at most, including its first result until
    /// there are more. Messages are cut at 1 KiB, which bounds the memory.
    ///
    /// # Errors
    /// If no check has this name.
    pub fn history(&self, check: impl Into<CheckName>) -> Result<Vec<Arc<StatusChange>>, UnknownCheck> {
        Ok(self.find(check)?.history.all())
    }

    /// Returns the availability of a check in each window, without running it; `None` if no check has this name.
    #[cfg(feature = "availability")]
    pub(crate) fn check_availability(&self, name: &str, end: WindowEnd) -> Option<[WindowSummary; 3]> {
        let checks = self.engine.checks();
        Some(checks[checks.find(name)?].timeline.summaries(end))
    }

    /// Returns the availability of a level with all its checks, without running any; `None` for a level without a check.
    #[cfg(feature = "availability")]
    pub(crate) fn level_availability(&self, level: Level, end: WindowEnd) -> Option<[WindowSummary; 3]> {
        self.engine.timelines.summaries(level, end)
    }

    /// Calls a function at each change of status from now on, one after the other, until the monitor is gone. A
    /// listener that holds a clone of the monitor keeps it alive.
    ///
    /// The function is called on a thread of its own, so it may block and may call the monitor. As long as the runtime
    /// in which it was registered exists, the function is called inside it and can `tokio::spawn`.
    ///
    /// A listener never affects checks, responses or other listeners. A panic is logged, and the next change follows as
    /// usual. A listener that is more than 64 changes behind loses the oldest, whose number is logged. A listener that
    /// never returns keeps its thread, which ends with the process; no runtime waits for it.
    pub fn on_change(&self, listener: impl FnMut(&StatusChange) + Send + 'static) {
        self.listen(Listener::new(listener));
    }

    /// Returns all changes from now on, for the test kit of this monitor.
    #[cfg(feature = "testing")]
    pub(crate) fn record(&self) -> tokio::sync::mpsc::UnboundedReceiver<Arc<StatusChange>> {
        self.engine.changes.record()
    }

    pub(crate) fn listen(&self, listener: Listener) {
        listener.start(self.engine.changes.subscribe());
    }

    /// Mutes a check for some time, 30 years at most, in place of an earlier mute. A muted check still runs, is shown
    /// with its status and publishes its changes, but counts for nothing: neither for its level and its groups nor for
    /// the report. Its dependents stay blocked while it fails, and count for nothing either, unless a check that is not
    /// muted blocks them as well.
    ///
    /// Every caller sees that the check is muted and until when. The reason and the location of this call are details.
    /// All of it is logged, and the first report after the end of the mute logs the end.
    ///
    /// # Errors
    /// If no check has this name.
    #[track_caller]
    pub fn mute(&self, check: impl Into<CheckName>, duration: Duration, reason: &str) -> Result<(), UnknownCheck> {
        // Not during an update, which hands the mute on to the replacement of the check and to its timeline.
        let _turn = lock(&self.engine.updating);
        let monitored = self.find(check)?;
        self.mute_anew(&monitored, Muted::new(Some(duration), reason, file_and_line(Location::caller())));
        Ok(())
    }

    /// Ends the mute of a check. A mute of it in `HEALTH_MUTE` no longer holds either, also if the check is removed and
    /// added again.
    ///
    /// # Errors
    /// If no check has this name. A check that is not muted is not an error.
    pub fn unmute(&self, check: impl Into<CheckName>) -> Result<(), UnknownCheck> {
        let _turn = lock(&self.engine.updating);
        self.end_mute(&*self.find(check)?);
        Ok(())
    }

    /// Mutes the checks of a list like `billing,legacy=2h`, also those that are added later. Faulty entries are logged and
    /// left out: a typo made at night must not keep the service from starting.
    pub(crate) fn mute_listed(&self, list: &str, caller: &str) {
        let checks = self.engine.checks();
        let mut suggestions = Suggestions::new(checks.iter().map(|check| check.spec.name()));
        let warn = |problem: &str, event: fn(String, String)| {
            let (caller, problem) = (caller.to_owned(), escape_controls(problem).into_owned());
            log::write(Topic::Checks, move || event(caller, problem));
        };
        for entry in parse_list(list) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(problem) => {
                    warn(&problem, |caller, problem| tracing::warn!(caller, problem, "invalid mute ignored"));
                    continue;
                }
            };
            let muted = Muted::new(entry.duration, "muted at start", caller.to_owned());
            if let Some(index) = checks.find(entry.check) {
                self.mute_by(&checks[index], muted.clone());
            } else {
                let (name, suggestion) = (entry.check.to_owned(), suggestions.nearest(entry.check, None));
                let problem = UnknownCheck { name, suggestion }.to_string();
                warn(&problem, |caller, problem| {
                    tracing::warn!(caller, problem, "muted health check does not exist yet");
                });
            }
            self.engine.listed_mutes.push(ListedMute { check: entry.check.to_owned(), muted });
        }
    }

    pub(super) fn mute_by(&self, monitored: &Monitored, muted: Muted) {
        monitored.mute(muted);
        self.engine.outdate();
        self.engine.changes.wake();
    }

    pub(super) fn find(&self, check: impl Into<CheckName>) -> Result<Arc<Monitored>, UnknownCheck> {
        let (checks, name) = (self.engine.checks(), check.into());
        checks.find_named(&name).map(|index| Arc::clone(&checks[index])).ok_or_else(|| UnknownCheck {
            name: name.to_string(),
            suggestion: nearest(name.as_str(), checks.iter().map(|check| check.spec.name())),
        })
    }

    /// Returns the declaration of a check, or the error with the nearest name.
    #[cfg(feature = "testing")]
    pub(crate) fn declaration(&self, check: impl Into<CheckName>) -> Result<Arc<CheckSpec>, UnknownCheck> {
        Ok(Arc::clone(&self.find(check)?.spec))
    }

    /// Returns the declaration of the check of this name, faster than a search among all [`checks`](Self::checks).
    pub(crate) fn spec(&self, name: &str) -> Option<Arc<CheckSpec>> {
        let checks = self.engine.checks();
        checks.find(name).map(|index| Arc::clone(&checks[index].spec))
    }

    /// Gathers a report like [`report`](Self::report), with the validity of a response made from it.
    pub(crate) async fn gather(&self, selection: &Selection) -> Gathered {
        report::gather(&self.engine, selection).await
    }

    /// Returns whether a request is answered from stored results alone.
    pub(crate) fn stops(&self, origin: Option<&RequestOrigin>) -> bool {
        origin.is_some_and(|origin| self.engine.loop_guard.stops(&origin.path).is_some())
    }

    /// Returns whether a response made from a report is still true.
    pub(crate) fn is_valid(&self, gathered: &Gathered) -> bool {
        gathered.is_valid(&self.engine)
    }
}
