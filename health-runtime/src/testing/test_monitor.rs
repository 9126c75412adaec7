use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    CheckSnapshot, ReportSnapshot,
    change_recorder::ChangeRecorder,
    clock,
    interceptor::{Interceptor, Interceptors},
};
use crate::{
    health_path::RequestOrigin,
    model::{Check, CheckName, CheckSpec, Forced, Group, ReportEntry, StatusChange},
    monitor::{Monitor, Selection},
    registry::{Registry, RegistryBuilder},
};

/// A [`Monitor`] whose clock and checks a test controls.
///
/// Time passes only while the test waits: for [`advance`](Self::advance), for a check that takes time, or for a sleep of its own.
#[derive(Debug)]
pub struct TestMonitor {
    monitor: Monitor,
    interceptors: Arc<Interceptors>,
    recorder: Arc<ChangeRecorder>,
    start: Instant,
}

impl TestMonitor {
    /// Makes a test monitor of a registry. `Registry::builder().declared().state(…)` makes a registry of all checks that the
    /// program declares, as the endpoint does.
    ///
    /// # Panics
    /// Outside a Tokio runtime with one thread whose clock is paused, such as that of `#[tokio::test(start_paused = true)]`.
    #[must_use]
    #[track_caller]
    pub fn new(registry: Registry) -> Self {
        clock::assert_paused();
        let interceptors = Arc::new(Interceptors::default());
        let all = Arc::clone(&interceptors);
        let monitor = Monitor::new(registry.with_layer(move |spec, work| all.of(spec.name()).wrap(work)));
        let recorder = ChangeRecorder::start(&monitor);
        Self { monitor, interceptors, recorder, start: Instant::now() }
    }

    /// Makes a test monitor of checks without state.
    ///
    /// # Panics
    /// Like [`new`](Self::new), and if the checks are not valid, with all problems.
    #[must_use]
    #[track_caller]
    pub fn with_checks<C: Into<Check>>(checks: impl IntoIterator<Item = C>) -> Self {
        match checks.into_iter().fold(Registry::builder(), RegistryBuilder::check).build() {
            Ok(registry) => Self::new(registry),
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the monitor itself, to mute, drain and subscribe, and to add, remove and replace checks. A forced behavior
    /// and the number of runs belong to the name of a check, and outlive its function.
    #[must_use]
    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Forces a behavior on a check in place of its own function, from its next run on.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn force(&self, check: impl Into<CheckName>, forced: impl Into<Forced>) {
        self.find(check).1.force(Some(forced.into()));
    }

    /// Forces one behavior on each of the next runs of a check. Then the check behaves as before.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn force_next(&self, check: impl Into<CheckName>, forced: impl IntoIterator<Item = Forced>) {
        self.find(check).1.force_next(forced);
    }

    /// Ends the forced behavior of a check, from its next run on.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn release(&self, check: impl Into<CheckName>) {
        self.find(check).1.force(None);
    }

    /// Lets exactly this much time pass. Background checks run when they are due. At the end, all checks that are due have
    /// run, and every result that needs no more time is there.
    ///
    /// Checks that are not in the background run on request only.
    ///
    /// # Cancellation
    /// Dropping the future leaves the clock at the time reached.
    pub async fn advance(&self, time: Duration) {
        clock::pass(time, &self.interceptors).await;
    }

    /// Lets time pass until a check has run once more, and returns its snapshot. A background check runs when it is due, any
    /// other by a request as soon as its result is too old to be reused.
    ///
    /// A blocked check does not run. Its snapshot is taken after the time in which it would have run.
    ///
    /// # Cancellation
    /// Dropping the future stops no run, and leaves the clock at the time reached.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn run(&self, check: impl Into<CheckName>) -> impl Future<Output = CheckSnapshot> + Send {
        self.run_times(check, 1)
    }

    /// Calls [`run`](Self::run) several times, and returns the last snapshot.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn run_times(&self, check: impl Into<CheckName>, times: u32) -> impl Future<Output = CheckSnapshot> + Send {
        let (spec, interceptor) = self.find(check);
        async move {
            let mut seen = None;
            for _ in 0..times {
                seen = Some(self.run_once(&spec, &interceptor).await);
            }
            match seen {
                Some(seen) => seen,
                None => self.snapshot_of(spec.name()).await,
            }
        }
    }

    async fn run_once(&self, spec: &CheckSpec, interceptor: &Interceptor) -> CheckSnapshot {
        if let (Some(interval), Some(retry)) = (spec.interval(), spec.retry_interval()) {
            // An unfinished run may take its whole timeout, and an interval may be a tenth longer than configured.
            let longest = interval.max(retry).saturating_mul(2).saturating_add(spec.timeout());
            interceptor.next_end(longest).await;
            clock::settle(&self.interceptors).await;
        } else if interceptor.begun() > 0 {
            self.advance(spec.max_age()).await;
        }
        self.snapshot_of(spec.name()).await
    }

    /// Takes a snapshot of one check like a request for it alone: a recent result is reused, and a background check does not
    /// run.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn snapshot(&self, check: impl Into<CheckName>) -> impl Future<Output = CheckSnapshot> + Send {
        let (spec, _) = self.find(check);
        async move { self.snapshot_of(spec.name()).await }
    }

    async fn snapshot_of(&self, check: &str) -> CheckSnapshot {
        let seen = self.report(&Selection::check(check)).await;
        seen.check(check).clone()
    }

    /// Makes a report like a request.
    ///
    /// Time passes if a check takes time, up to the deadline of the report.
    ///
    /// # Cancellation
    /// Dropping the future stops no run.
    pub async fn report(&self, selection: &Selection) -> ReportSnapshot {
        let report = self.monitor.report(selection).await;
        clock::settle(&self.interceptors).await;
        let at = self.start.elapsed();
        let seen =
            |entry: &ReportEntry| CheckSnapshot::new(entry.clone(), at, self.recorder.changes_of(entry.check.name()));
        let checks = report.entries().iter().map(seen).collect();
        ReportSnapshot::new(report, checks, at)
    }

    /// Makes a report like a request of another service, with the services that it has passed, as `Health-Path` names them:
    /// `"edge/1, orders/2"`. A path of more than four services is too deep: the report starts and awaits nothing.
    ///
    /// # Cancellation
    /// Dropping the future stops no run.
    ///
    /// # Panics
    /// If the path is not valid.
    #[track_caller]
    pub fn report_behind(&self, path: &str, selection: &Selection) -> impl Future<Output = ReportSnapshot> + Send {
        let origin = match RequestOrigin::behind(path) {
            Ok(origin) => origin,
            Err(problem) => panic!("{problem}"),
        };
        let selection = selection.clone().asked_from(origin);
        async move { self.report(&selection).await }
    }

    /// Makes the report of a group, such as readiness.
    pub async fn group(&self, group: Group) -> ReportSnapshot {
        self.report(&Selection::group(group)).await
    }

    /// Returns the number of runs of a check, with those whose behavior was forced.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[must_use]
    #[track_caller]
    pub fn runs(&self, check: impl Into<CheckName>) -> u64 {
        self.find(check).1.begun()
    }

    /// Returns all changes of a check's status since the test monitor was made.
    ///
    /// # Panics
    /// If there is no check of this name.
    #[track_caller]
    pub fn changes(&self, check: impl Into<CheckName>) -> impl Future<Output = Vec<Arc<StatusChange>>> + Send {
        let (spec, _) = self.find(check);
        async move {
            clock::settle(&self.interceptors).await;
            self.recorder.changes_of(spec.name()).into_iter().map(|recorded| recorded.change).collect()
        }
    }

    #[track_caller]
    fn find(&self, check: impl Into<CheckName>) -> (Arc<CheckSpec>, Arc<Interceptor>) {
        let spec = match self.monitor.declaration(check) {
            Ok(spec) => spec,
            Err(error) => panic!("{error}"),
        };
        let interceptor = self.interceptors.of(spec.name());
        (spec, interceptor)
    }
}
