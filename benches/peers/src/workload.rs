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

/// Requests to one service, which are measured.
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
    /// Whether each request has a connection of its own.
    pub reconnects: bool,
    /// Time on the clock between two requests.
    pub step: Duration,
    /// Requests at one connection: before the measurement, and until its end.
    pub requests: [usize; 2],
    /// Subjects that serve it.
    pub subjects: &'static [&'static str],
    /// Checks behind the path.
    pub checks: Checks,
}

/// Freshness of the results that a request finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Freshness {
    /// Results are stored, and stay young.
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
}

const STORED: Checks = Checks { count: 20, freshness: Freshness::MaxAge, has_data: false };
const BACKGROUND: Checks = Checks { freshness: Freshness::Background, ..STORED };
const RUN: Checks = Checks { freshness: Freshness::EachRequest, ..STORED };
const SEED: Checks = Checks { count: 8, freshness: Freshness::EachRequest, has_data: true };

const W1: Workload = Workload {
    name: "w1",
    purpose: "liveness with five checks, stored",
    path: "/livez",
    headers: "",
    connections: &[1, 64],
    reconnects: false,
    step: Duration::ZERO,
    requests: [200, 1_200],
    subjects: &["bare", "ours", "axum-health"],
    checks: STORED,
};

const LEVEL_1: &str = "/health/levels/1";

/// All workloads.
pub const WORKLOADS: [Workload; 10] = [
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
        reconnects: true,
        subjects: &["bare", "ours"],
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

impl Workload {
    /// Finds a workload by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        WORKLOADS.iter().find(|workload| workload.name == name)
    }
}

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
            Declared { name: format!("level_{level}_check_{number}"), level, has_data: self.has_data && number == 0 }
        })
    }

    /// Declares the checks to our endpoint.
    pub fn ours(self) -> impl Iterator<Item = Check> {
        self.all().map(move |Declared { name, level, has_data }| {
            let check = if has_data {
                let runs = Arc::new(AtomicU64::new(0));
                Check::new(name, level, move || {
                    let runs = runs.fetch_add(1, Ordering::Relaxed);
                    async move { Details::pass(facts(runs)) }
                })
            } else {
                Check::new(name, level, || async { true })
            };
            let check = if level == Level::L5 { check.liveness() } else { check };
            match self.freshness {
                Freshness::MaxAge => check.max_age(Duration::from_hours(1)),
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
