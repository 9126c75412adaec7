//! The workloads: requests, and the checks behind them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Details, Level};
use serde::Serialize;
use tokio::time::sleep;

/// Requests to one service.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Name on the command line.
    pub name: &'static str,
    /// One line for a person.
    pub purpose: &'static str,
    /// Requested path.
    pub path: &'static str,
    /// Further headers of the request, each with its line break.
    pub headers: &'static str,
    /// Connections with a request at the same time.
    pub connections: &'static [usize],
    /// Use of connections.
    pub exchange: Exchange,
    /// Time on the clock between two requests.
    pub step: Duration,
    /// Requests at one connection: before the measurement, and until its end.
    pub requests: [usize; 2],
    /// Subjects that serve it.
    pub subjects: &'static [&'static str],
    /// Checks behind the path.
    pub checks: Checks,
}

/// Workloads whose times count.
pub const WAITS: [Workload; 4] = [
    Workload {
        name: "w4",
        purpose: "checks that wait 10 ms each",
        path: LEVEL_1,
        checks: Checks { count: 100, wait: Duration::from_millis(10), ..RUN },
        subjects: &["limit-tasks", "ours"],
        ..W1
    },
    Workload {
        name: "w6",
        purpose: "1,000 requests at once on one check that waits 200 ms",
        path: LEVEL_1,
        checks: Checks { count: 1, wait: Duration::from_millis(200), ..STORED },
        connections: &[1_000],
        subjects: &["limit-shared", "ours", "ours-make"],
        ..W1
    },
    Workload {
        name: "all-run",
        purpose: "10,000 checks, all run for one request",
        path: LEVEL_1,
        checks: Checks { count: 10_000, ..RUN },
        subjects: &["limit-tasks", "ours"],
        ..W1
    },
    Workload { name: "start", purpose: "start until the first response", subjects: &["bare", "ours"], ..W1 },
];

/// Use of connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exchange {
    /// One request after the other on each connection.
    KeptAlive,
    /// A connection for each request, like those of a kubelet.
    NewConnection,
    /// One request, whose response goes on with the clock.
    Stream,
}

/// Freshness of the results that a request finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Freshness {
    /// Results are stored for a second.
    MaxAge,
    /// Results come from background runs, once a second.
    Background,
    /// Each request runs each check.
    EachRequest,
}

/// The checks of a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checks {
    /// Number of checks, a quarter of them on level 5 and in the liveness group.
    pub count: usize,
    /// Freshness of their results.
    pub freshness: Freshness,
    /// Whether the first check has structured data, like the version of an API.
    pub has_data: bool,
    /// Time that each check waits for something outside.
    pub wait: Duration,
}

const STORED: Checks = Checks { count: 20, freshness: Freshness::MaxAge, has_data: false, wait: Duration::ZERO };
const BACKGROUND: Checks = Checks { freshness: Freshness::Background, ..STORED };
const RUN: Checks = Checks { freshness: Freshness::EachRequest, ..STORED };
const SEED: Checks = Checks { count: 8, has_data: true, ..RUN };

const W1: Workload = Workload {
    name: "w1",
    purpose: "liveness with five checks, stored",
    path: "/livez",
    headers: "",
    connections: &[1, 64],
    exchange: Exchange::KeptAlive,
    step: Duration::ZERO,
    requests: [200, 1_200],
    subjects: &["bare", "ours", "axum-health"],
    checks: STORED,
};

/// One check whose status changes with each run.
const FLIPPING: Checks = Checks { count: 1, ..BACKGROUND };

const LEVEL_1: &str = "/health/levels/1";

/// All workloads whose instructions are counted.
pub const WORKLOADS: [Workload; 12] = [
    W1,
    Workload {
        name: "w3",
        purpose: "20 checks, stored by `max_age`",
        path: LEVEL_1,
        subjects: &["bare", "limit-stored", "ours"],
        ..W1
    },
    Workload {
        name: "w3-background",
        purpose: "20 background checks of 1 s, at 1,000 requests/s",
        path: LEVEL_1,
        connections: &[1],
        step: Duration::from_millis(1),
        requests: [2_000, 7_000],
        subjects: &["limit-stored", "ours", "health"],
        checks: BACKGROUND,
        ..W1
    },
    Workload {
        name: "background-second",
        purpose: "20 background checks of 1 s, at one request/s",
        path: LEVEL_1,
        connections: &[1],
        step: Duration::from_secs(1),
        requests: [200, 600],
        subjects: &["limit-stored", "ours"],
        checks: BACKGROUND,
        ..W1
    },
    Workload {
        name: "w2",
        purpose: "20 checks, run for each request",
        path: LEVEL_1,
        subjects: &["limit", "limit-tasks", "ours", "axum-health"],
        checks: RUN,
        ..W1
    },
    Workload {
        name: "lv",
        purpose: "liveness with five checks, run for each request",
        subjects: &["limit", "ours", "axum-health"],
        checks: RUN,
        ..W1
    },
    Workload {
        name: "seed",
        purpose: "level 1 of eight checks, one with data, run for each request",
        path: LEVEL_1,
        subjects: &["limit", "ours", "axum-health"],
        checks: SEED,
        ..W1
    },
    Workload {
        name: "password",
        purpose: "a password policy, 20 checks stored",
        path: LEVEL_1,
        headers: "Authorization: Basic YWRhOmNvcnJlY3QgaG9yc2U=\r\n",
        subjects: &["ours"],
        ..W1
    },
    Workload {
        name: "connection",
        purpose: "a new connection and a request to the service's own route",
        path: "/",
        connections: &[1],
        exchange: Exchange::NewConnection,
        subjects: &["bare", "ours", "bare-make", "ours-make"],
        ..W1
    },
    Workload {
        name: "events",
        purpose: "a change, sent to each stream of events",
        path: "/health/events",
        connections: &[1, 64],
        exchange: Exchange::Stream,
        step: Duration::from_millis(100),
        // A stream ends after five minutes.
        requests: [20, 220],
        subjects: &["ours"],
        checks: FLIPPING,
        ..W1
    },
    Workload { name: "w1-server", subjects: &["hyper", "ours-server"], purpose: "w1 on a server without axum's", ..W1 },
    Workload {
        name: "w3-server",
        purpose: "w3 on a server without axum's",
        path: LEVEL_1,
        subjects: &["hyper", "ours-server"],
        ..W1
    },
];

/// Data of one check.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    version: &'static str,
    used_bytes: u64,
    free_bytes: u64,
    runs: u64,
}

/// One check, as every subject declares it.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Name in the response.
    pub name: String,
    /// Level, of which the fifth is also the liveness group.
    pub level: Level,
    /// Whether it answers with [`Facts`].
    pub has_data: bool,
    /// Time that it waits.
    pub wait: Duration,
}

impl Declared {
    /// Runs the check, in a service by hand.
    pub async fn run(wait: Duration) {
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }
}

impl Checks {
    /// Returns the checks of a path: five of twenty are on level 5, three on level 1, four on the others.
    pub fn behind(self, path: &str) -> impl Iterator<Item = Declared> + use<> {
        let is_liveness = path == "/livez";
        self.all().filter(move |check| !is_liveness || check.level == Level::L5)
    }

    fn all(self) -> impl Iterator<Item = Declared> {
        let per_level = self.count.div_ceil(5);
        (0..self.count).map(move |number| {
            let level = match number / per_level {
                _ if number == self.count - 1 => Level::L5,
                0 => Level::L5,
                1 => Level::L4,
                2 => Level::L3,
                3 => Level::L2,
                _ => Level::L1,
            };
            Declared {
                name: format!("level_{level}_check_{number}"),
                level,
                has_data: self.has_data && number == 0,
                wait: self.wait,
            }
        })
    }

    /// Declares the checks to our endpoint. Stored results stay young for `max_age`.
    pub fn ours(self, max_age: Duration) -> impl Iterator<Item = Check> {
        self.all().map(move |Declared { name, level, has_data, wait }| {
            let check = if has_data {
                let runs = Arc::new(AtomicU64::new(0));
                Check::new(name, level, move || {
                    let runs = runs.fetch_add(1, Ordering::Relaxed);
                    async move { Details::pass(facts(runs)) }
                })
            } else if self == FLIPPING {
                let runs = AtomicU64::new(0);
                Check::new(name, level, move || {
                    std::future::ready(runs.fetch_add(1, Ordering::Relaxed).is_multiple_of(2))
                })
            } else if wait.is_zero() {
                Check::new(name, level, || async { true })
            } else {
                Check::new(name, level, move || sleep(wait))
            };
            let check = if level == Level::L5 { check.liveness() } else { check };
            match self.freshness {
                Freshness::MaxAge => check.max_age(max_age),
                Freshness::Background => check.interval(Duration::from_secs(1)),
                Freshness::EachRequest => check.max_age(Duration::ZERO),
            }
        })
    }
}

/// Builds the data of a check.
#[must_use]
pub const fn facts(runs: u64) -> Facts {
    Facts { version: "3.0.3", used_bytes: 1_234_567_890, free_bytes: 9_876_543_210, runs }
}
