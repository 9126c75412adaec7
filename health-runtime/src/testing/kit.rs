use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{SeenCheck, SeenReport, clock, forced::Forced, history::History, script::Script};
use crate::{
    error::UnknownCheck,
    model::{Check, CheckSpec, Group, ReportEntry, StatusChange},
    monitor::{Monitor, Selection},
    registry::{Registry, RegistryBuilder},
    suggest::nearest,
};

/// A [`Monitor`] whose time and whose checks are in the hands of a test.
///
/// The clock stands still, and passes only while the test waits for something: for [`advance`](Self::advance), for a
/// check that takes its time, or for a sleep of its own.
#[derive(Debug)]
pub struct TestMonitor {
    monitor: Monitor,
    /// In the order of the monitor's checks.
    scripts: Vec<Arc<Script>>,
    history: Arc<History>,
    start: Instant,
}

impl TestMonitor {
    /// A kit for these checks. `Registry::builder().declared().state(…)` makes a registry of all checks that the program
    /// declares, as the endpoint does.
    ///
    /// # Panics
    /// Outside a Tokio runtime of one thread whose clock is paused, which is what `#[tokio::test(start_paused = true)]`
    /// gives.
    #[must_use]
    #[track_caller]
    pub fn new(registry: Registry) -> Self {
        clock::assert_paused();
        let mut scripts = Vec::new();
        let registry = registry.map_work(|work| {
            let script = Arc::new(Script::default());
            let work = script.play(work);
            scripts.push(script);
            work
        });
        let monitor = Monitor::new(registry);
        let history = History::of(&monitor);
        Self { monitor, scripts, history, start: Instant::now() }
    }

    /// A kit for checks that need no state.
    ///
    /// # Panics
    /// Like [`new`](Self::new), and if something is wrong with the checks, with all that is.
    #[must_use]
    #[track_caller]
    pub fn of<C: Into<Check>>(checks: impl IntoIterator<Item = C>) -> Self {
        match checks.into_iter().fold(Registry::builder(), RegistryBuilder::check).build() {
            Ok(registry) => Self::new(registry),
            Err(error) => panic!("{error}"),
        }
    }

    /// The monitor itself, to mute, drain and subscribe.
    #[must_use]
    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// From its next run on, a check does this in place of its own function. A run under way ends as it began.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn force(&self, check: &str, forced: impl Into<Forced>) {
        self.find(check).1.force(Some(forced.into()));
    }

    /// A check does these at its next runs, one at each, and then again what it did before.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn force_next(&self, check: &str, forced: impl IntoIterator<Item = Forced>) {
        self.find(check).1.force_next(forced);
    }

    /// From its next run on, a check calls its own function again.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn release(&self, check: &str) {
        self.find(check).1.force(None);
    }

    /// Lets exactly this much time pass. Background checks run when they are due; those that are due by the end have
    /// been run then, and every result that needs no more time has landed.
    ///
    /// Checks that are not in the background are run by requests, and by nothing else.
    ///
    /// # Cancellation
    /// Dropping the future leaves the clock where it is by then.
    pub async fn advance(&self, time: Duration) {
        clock::pass(time, &self.scripts).await;
    }

    /// Lets time pass until a check has been run once more, and looks at it: a background check when it is due, any
    /// other by a request as soon as its result is too old to be used again.
    ///
    /// A check that is blocked is not run. It is looked at after the time in which it would have been.
    ///
    /// # Cancellation
    /// Dropping the future stops no run, and leaves the clock where it is by then.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn run(&self, check: &str) -> impl Future<Output = SeenCheck> + Send {
        self.run_times(check, 1)
    }

    /// Does what [`run`](Self::run) does several times, one after the other, and looks at the check after the last.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn run_times(&self, check: &str, times: u32) -> impl Future<Output = SeenCheck> + Send {
        let (spec, script) = self.find(check);
        async move {
            let mut seen = None;
            for _ in 0..times {
                seen = Some(self.run_once(spec, script).await);
            }
            match seen {
                Some(seen) => seen,
                None => self.look_at(spec).await,
            }
        }
    }

    async fn run_once(&self, spec: &CheckSpec, script: &Script) -> SeenCheck {
        if let (Some(interval), Some(retry)) = (spec.interval(), spec.retry_interval()) {
            // One that is on its way may take up to its timeout, and an interval be a tenth longer than it is said to be.
            let longest = interval.max(retry).saturating_mul(2).saturating_add(spec.timeout());
            script.next_end(longest).await;
            clock::settle(&self.scripts).await;
        } else if script.begun() > 0 {
            self.advance(spec.max_age()).await;
        }
        self.look_at(spec).await
    }

    /// Looks at one check, as a request for it alone does: a result that is young enough is used again, and a background
    /// check is only read.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn look(&self, check: &str) -> impl Future<Output = SeenCheck> + Send {
        let (spec, _) = self.find(check);
        self.look_at(spec)
    }

    async fn look_at(&self, spec: &CheckSpec) -> SeenCheck {
        let seen = self.report(&Selection::check(spec.name())).await;
        seen.check(spec.name()).clone()
    }

    /// Asks for a report, as a request does.
    ///
    /// Time passes if a check takes some, at most the deadline of the report.
    ///
    /// # Cancellation
    /// Dropping the future stops no run.
    pub async fn report(&self, selection: &Selection) -> SeenReport {
        let report = self.monitor.report(selection).await;
        clock::settle(&self.scripts).await;
        let at = self.start.elapsed();
        let seen = |entry: &ReportEntry| SeenCheck::new(entry.clone(), at, self.history.of_check(entry.check.name()));
        let checks = report.entries().iter().map(seen).collect();
        SeenReport::new(report, checks, at)
    }

    /// Asks for the report on a group: whether the service is ready, for one.
    pub async fn group(&self, group: Group) -> SeenReport {
        self.report(&Selection::group(group)).await
    }

    /// How often a check was run, whether its own function was called or something forced.
    ///
    /// # Panics
    /// If no check has this name.
    #[must_use]
    #[track_caller]
    pub fn runs(&self, check: &str) -> u64 {
        self.find(check).1.begun()
    }

    /// All changes of a check's status since the kit was made.
    ///
    /// # Panics
    /// If no check has this name.
    #[track_caller]
    pub fn changes(&self, check: &str) -> impl Future<Output = Vec<Arc<StatusChange>>> + Send {
        let (spec, _) = self.find(check);
        async move {
            clock::settle(&self.scripts).await;
            self.history.of_check(spec.name()).into_iter().map(|noted| noted.change).collect()
        }
    }

    #[track_caller]
    fn find(&self, name: &str) -> (&CheckSpec, &Arc<Script>) {
        let mut checks = self.monitor.checks().zip(&self.scripts);
        let Some(found) = checks.find(|(spec, _)| spec.name() == name) else {
            let suggestion = nearest(name, self.monitor.checks().map(CheckSpec::name));
            panic!("{}", UnknownCheck { name: name.to_owned(), suggestion })
        };
        found
    }
}
