//! Instances that share a store, each a monitor of its own.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use health_drivers::CANARY;
use health_runtime::{Check, CheckResult, Fleet, FleetRole, Level, Monitor, Registry, Selection, Status};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::client::Client;

pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// Time after which a run in progress counts as dead: the timeout and that of the store.
pub(crate) const LEASE: Duration = Duration::from_secs(6);

/// Instances that share a store, and the number of their runs.
pub(crate) struct Instances {
    monitors: Vec<Monitor>,
    runs: Arc<AtomicU64>,
}

pub(crate) fn monitor(fleet: Fleet, run_time: Duration, began: impl Fn() + Clone + Send + Sync + 'static) -> Monitor {
    let run = move || {
        began();
        sleep(run_time)
    };
    let check = Check::new("lag", Level::L2, run).interval(INTERVAL).timeout(Duration::from_secs(1)).fleet(true);
    Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"))
}

impl Instances {
    pub(crate) fn start(fleets: Vec<Fleet>) -> Self {
        let runs = Arc::<AtomicU64>::default();
        let start = |(index, fleet): (usize, Fleet)| {
            let runs = Arc::clone(&runs);
            let count = move || {
                runs.fetch_add(1, Ordering::Relaxed);
            };
            monitor(fleet.instance(format!("pod-{index}")), Duration::from_millis(5), count)
        };
        Self { monitors: fleets.into_iter().enumerate().map(start).collect(), runs }
    }

    /// Starts instances with a connection of their own each.
    pub(crate) async fn of(store: &str, port: u16, number: usize) -> Self {
        let mut fleets = Vec::new();
        for _ in 0..number {
            fleets.push(Client::connect(store, port).await.fleet());
        }
        Self::start(fleets)
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    pub(crate) async fn results(&self) -> Vec<CheckResult> {
        let mut results = Vec::new();
        for monitor in &self.monitors {
            let report = monitor.report(&Selection::everything()).await;
            results.push(report.entries()[0].result.as_ref().clone());
        }
        results
    }

    /// Asserts that one instance runs the check in each interval. A busy machine runs it less often, never more.
    pub(crate) async fn assert_one_run_per_interval(&self, state: &str) {
        let (before, began) = (self.runs(), Instant::now());
        sleep(INTERVAL * 10).await;
        let (runs, intervals) = (self.runs() - before, began.elapsed().as_secs() + 1);
        println!("{state}: {runs} runs of {} instances in {intervals} intervals", self.monitors.len());
        // A tenth of an interval is the jitter.
        assert!(runs >= 4 && runs <= intervals * 10 / 9 + 1, "{state}: {runs} runs in {intervals} intervals");
    }

    /// Waits until each instance has such a role. No status changes meanwhile.
    pub(crate) async fn eventually(&self, state: &str, is_role: impl Fn(FleetRole) -> bool) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(40) {
            let results = self.results().await;
            assert!(!format!("{results:?}").contains(CANARY), "{results:?}");
            let has_role = |result: &CheckResult| result.fleet().is_some_and(|run| is_role(run.role()));
            if results.iter().all(|result| has_role(result) && result.status() == Status::Pass) {
                println!("{state}: after {:?}", began.elapsed());
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
        panic!("{state}: {:?}", self.results().await);
    }

    pub(crate) async fn eventually_shared(&self, state: &str) {
        self.eventually(state, |role| role != FleetRole::Alone).await;
    }

    pub(crate) async fn eventually_alone(&self, state: &str) {
        self.eventually(state, |role| role == FleetRole::Alone).await;
    }
}

/// The results that a store has accepted, which a client of its own reads all the time.
pub(crate) struct AcceptedResults {
    tokens: Arc<Mutex<HashSet<u64>>>,
    began: Instant,
    task: JoinHandle<()>,
}

impl AcceptedResults {
    pub(crate) fn watch(client: Client) -> Self {
        let tokens = Arc::<Mutex<HashSet<u64>>>::default();
        let all = Arc::clone(&tokens);
        let task = tokio::spawn(async move {
            loop {
                let entry = client.entry().await.unwrap_or_default();
                if let Some(token) = done_token(&entry) {
                    all.lock().expect("no panic").insert(token);
                }
                sleep(INTERVAL / 20).await;
            }
        });
        Self { tokens, began: Instant::now(), task }
    }

    /// Asserts that no interval has had two.
    pub(crate) fn assert_one_per_interval(self, state: &str) {
        self.task.abort();
        let (accepted, intervals) = (self.tokens.lock().expect("no panic").len(), self.began.elapsed().as_secs() + 1);
        println!("{state}: {accepted} accepted results in {intervals} intervals");
        let most = usize::try_from(intervals).expect("a number") + 1;
        assert!(accepted >= 4 && accepted <= most, "{state}: {accepted} results in {intervals} intervals");
    }
}

/// Returns the token of the run that the result in an entry is of.
pub(crate) fn done_token(entry: &str) -> Option<u64> {
    let rest = entry.split(r#""done":{"token":"#).nth(1)?;
    rest.split(',').next()?.parse().ok()
}
