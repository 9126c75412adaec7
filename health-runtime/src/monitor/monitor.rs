use std::{panic::Location, sync::Arc, time::Duration};

use tokio::runtime::Handle;

#[cfg(feature = "events")]
use super::change_cursor::ChangeCursor;
#[cfg(feature = "metrics")]
use super::metrics;
use super::{
    engine::{Engine, Monitored, Validity},
    muting::{Muted, parse_list},
    report::{self, Gathered},
    schedule,
    selection::Selection,
    shutdown,
    subscribers::{Listener, Subscription},
};
#[cfg(feature = "metrics")]
use crate::model::CheckMetrics;
#[cfg(feature = "events")]
use crate::model::Levels;
use crate::{
    error::{UnknownCheck, file_and_line},
    log::{self, Topic},
    model::{CheckSpec, Level, Report, StatusChange},
    registry::Registry,
    suggest::{Suggestions, nearest},
    text::escape_controls,
    time::timestamp_seconds,
};

/// Runs the checks of a registry and keeps the latest result of each.
///
/// It is a handle: clones share everything. A thread of its own writes the log, so that a log sink that blocks delays no
/// check and no answer; the end of the last handle waits until everything is logged, half a second at most.
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
    engine: Arc<Engine>,
}

impl Monitor {
    /// A monitor of these checks. Background checks start on the Tokio runtime that this is called in, or else with the
    /// first report; nothing else runs before it is asked for. They end when the last handle is gone.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let monitor = Self::at_rest(registry);
        monitor.start();
        monitor
    }

    /// A monitor that is to be muted and listened to before anything runs.
    pub(crate) fn at_rest(registry: Registry) -> Self {
        Self { engine: Arc::new(Engine::new(registry)) }
    }

    /// Starts the background checks, if this is called in a Tokio runtime.
    pub(crate) fn start(&self) {
        if Handle::try_current().is_ok() {
            (0..self.engine.checks.len()).for_each(|index| schedule::ensure(&self.engine, index));
        }
    }

    /// What is known of each check, by level and name.
    pub fn checks(&self) -> impl Iterator<Item = &CheckSpec> {
        self.engine.checks.iter().map(|check| &*check.spec)
    }

    /// Gathers the results that a selection asks for: those young enough as they are, the others by running
    /// the check, or by joining a run that is under way. All run concurrently; a check waits for those that
    /// it depends on and for nothing else.
    ///
    /// It takes as long as the slowest check, at most until the selection's deadline
    /// ([`Selection::with_deadline`]); what is not done by then is in the report as timed out, and its run
    /// goes on.
    ///
    /// # Cancellation
    /// Dropping the future stops no run and changes no result: a run belongs to nobody.
    ///
    /// # Panics
    /// Outside a Tokio runtime whose timer is enabled.
    pub async fn report(&self, selection: &Selection) -> Report {
        self.gather(selection).await.report
    }

    /// Says that the service is going away: from now on readiness fails with the cause `draining`, at once, also where an
    /// answer was stored. Everything else answers as before, and checks still run.
    ///
    /// There is no way back, and doing it twice is doing it once. One event is logged. To do it on SIGTERM, see
    /// [`graceful_shutdown`](Self::graceful_shutdown).
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
        self.engine.drain();
    }

    /// Whether [`drain`](Self::drain) was called.
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

    /// Waits for SIGTERM or Ctrl-C (on other systems than Unix for Ctrl-C), [drains](Self::drain), waits for `delay`,
    /// then resolves: made for axum's `with_graceful_shutdown`.
    ///
    /// During `delay` the service takes requests as before, while load balancers find out that it is not ready. It has to
    /// be at least what they take for that: a kubelet `periodSeconds × failureThreshold`, and some seconds until every
    /// node knows. A second signal ends the wait at once.
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
    /// The signals are caught from this call on, not from the first poll, so that none is lost between the two; outside a
    /// runtime, from the first poll on. From then on they no longer end the process by themselves, not even after
    /// the future has resolved or was dropped: a request that never ends has to be ended by a time limit of its own,
    /// or by SIGKILL. A signal that cannot be caught is logged, and ends the process as it does without this.
    ///
    /// # Cancellation
    /// Dropping the future is safe. A drain that has begun stays.
    ///
    /// # Panics
    /// On a Tokio runtime without I/O or without a timer; `#[tokio::main]` enables both.
    pub fn graceful_shutdown(&self, delay: Duration) -> impl Future<Output = ()> + Send + use<> {
        shutdown::gracefully(Arc::clone(&self.engine), delay)
    }

    /// Sets the runtime on which checks run, whatever runtime they are asked for on. The first call decides. Default: the
    /// caller's runtime.
    ///
    /// It is for a router that is served on another runtime than the application's, whose connections and timers the
    /// checks use. `serve_isolated` calls it by itself.
    ///
    /// Returns whether checks run on this runtime from now on: `false` if an earlier call named another one.
    #[must_use = "an earlier call may have named another runtime"]
    pub fn run_on(&self, runtime: &Handle) -> bool {
        self.engine.run_on(runtime)
    }

    /// Subscribes to the changes of status from now on: each once, and those of one check in the order in which they
    /// happened. How many a slow subscriber may leave untaken stands at [`Subscription`].
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(self.engine.changes.subscribe())
    }

    /// The latest changes of a check's status, the oldest first: 64 at most, its first result among them until there are
    /// more. Of a message longer than 1 KiB the rest is left out, so that memory is bounded whatever a check says.
    ///
    /// # Errors
    /// If no check has this name.
    pub fn history(&self, check: &str) -> Result<Vec<Arc<StatusChange>>, UnknownCheck> {
        Ok(self.find(check)?.history.all())
    }

    /// Returns a reader of the changes of these levels: from now on, and for a time those before.
    #[cfg(feature = "events")]
    pub(crate) fn follow(&self, levels: Levels) -> ChangeCursor {
        ChangeCursor::new(&self.engine, levels)
    }

    /// Calls a function at each change of status from now on, one after the other, until the monitor is gone. (A
    /// listener that holds a clone of the monitor keeps it alive.)
    ///
    /// It is called on a thread of its own, so it may block, and it may call the monitor. If the runtime in which it
    /// is registered is still there it is called inside it, so that it can `tokio::spawn`. Whatever it does, checks,
    /// answers and other listeners go on as if it were not there: a panic is logged, and the next change is told to
    /// it as usual. One that is more than 64 changes behind misses the oldest, which is logged with their number. One
    /// that never returns keeps its thread, which ends with the process; no runtime waits for it.
    pub fn on_change(&self, listener: impl FnMut(&StatusChange) + Send + 'static) {
        self.listen(Listener::new(listener));
    }

    /// All changes from now on, for the kit that this monitor is in.
    #[cfg(feature = "testing")]
    pub(crate) fn record(&self) -> tokio::sync::mpsc::UnboundedReceiver<Arc<StatusChange>> {
        self.engine.changes.record()
    }

    pub(crate) fn listen(&self, listener: Listener) {
        listener.start(self.engine.changes.subscribe());
    }

    /// Mutes a check for some time, 30 years at most; a mute that it has already is replaced. It goes on to be run, to
    /// be shown as it is, and to tell of its changes, but it counts for nothing: neither in the status of its level and
    /// its groups nor in that of the report. Checks that depend on it stay blocked while it fails, because it does not
    /// work, and count for nothing either, unless a check that is not muted blocks them as well.
    ///
    /// That it is muted, and until when, is shown to everybody; why and by whom (the place of this call) only to those
    /// who may see details. All of it is logged, and so is the end of the mute, by the first report after it.
    ///
    /// # Errors
    /// If no check has this name.
    #[track_caller]
    pub fn mute(&self, check: &str, for_how_long: Duration, why: &str) -> Result<(), UnknownCheck> {
        self.mute_by(self.find(check)?, Some(for_how_long), why, file_and_line(Location::caller()));
        Ok(())
    }

    /// Lets a check count again.
    ///
    /// # Errors
    /// If no check has this name. One that is not muted is no error.
    pub fn unmute(&self, check: &str) -> Result<(), UnknownCheck> {
        let monitored = self.find(check)?;
        if monitored.muting.clear() {
            self.engine.outdate();
            let check = check.to_owned();
            log::write(Topic::Checks, move || tracing::info!(check, "health check is no longer muted"));
        }
        Ok(())
    }

    /// Mutes what a list like `billing,legacy=2h` says. What it says wrong is logged and left out: a slip of
    /// somebody who mutes at night is no reason not to start.
    pub(crate) fn mute_listed(&self, list: &str, by: &str) {
        let mut suggestions = Suggestions::new(self.checks().map(CheckSpec::name));
        for entry in parse_list(list) {
            let muted = entry.and_then(|entry| match self.monitored(entry.check) {
                Some(check) => Ok((check, entry.for_how_long)),
                None => Err(UnknownCheck {
                    name: entry.check.to_owned(),
                    suggestion: suggestions.nearest(entry.check, None),
                }
                .to_string()),
            });
            match muted {
                Ok((check, for_how_long)) => self.mute_by(check, for_how_long, "muted at start", by.to_owned()),
                Err(problem) => {
                    let (by, problem) = (by.to_owned(), escape_controls(&problem).into_owned());
                    log::write(Topic::Checks, move || tracing::warn!(by, problem, "not muted"));
                }
            }
        }
    }

    fn mute_by(&self, monitored: &Monitored, for_how_long: Option<Duration>, why: &str, by: String) {
        let muted = Muted::new(for_how_long, why, by);
        let mute = Arc::clone(&muted.mute);
        monitored.muting.set(muted);
        self.engine.outdate();
        let check = monitored.spec.name().to_owned();
        log::write(Topic::Checks, move || {
            let (why, by) = (&*escape_controls(mute.why()), mute.by());
            let until = mute.until().map(timestamp_seconds);
            tracing::warn!(check, until, why, by, "health check is muted");
        });
    }

    fn find(&self, name: &str) -> Result<&Monitored, UnknownCheck> {
        self.monitored(name).ok_or_else(|| UnknownCheck {
            name: name.to_owned(),
            suggestion: nearest(name, self.checks().map(CheckSpec::name)),
        })
    }

    fn monitored(&self, name: &str) -> Option<&Monitored> {
        let checks = &self.engine.checks;
        // They are sorted by level, and by name within one.
        let at = |level| checks.binary_search_by_key(&(level, name), |check| (check.spec.level(), check.spec.name()));
        Level::ALL.into_iter().find_map(|level| Some(&checks[at(level).ok()?]))
    }

    /// Returns the declaration of the check of this name, faster than a search among all [`checks`](Self::checks).
    pub(crate) fn spec(&self, name: &str) -> Option<&CheckSpec> {
        self.monitored(name).map(|check| &*check.spec)
    }

    /// Like [`report`](Self::report), and says for how long an answer made of it stays true.
    pub(crate) async fn gather(&self, selection: &Selection) -> Gathered {
        report::gather(&self.engine, selection).await
    }

    /// The numbers of every check, which is not run for them.
    #[cfg(feature = "metrics")]
    pub(crate) fn metrics(&self) -> Vec<CheckMetrics> {
        metrics::collect(&self.engine)
    }

    /// Whether an answer is still true.
    pub(crate) fn is_valid(&self, validity: Validity) -> bool {
        self.engine.is_valid(validity)
    }

    #[cfg(test)]
    pub(super) const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}
