//! One thing to measure, and how one process tells another about it.

use std::{
    fmt,
    io::{Error, Result},
};

use crate::workload::{Checks, Freshness, WAITS, WORKLOADS, Workload};

/// Checks from which on fewer requests suffice.
const USUAL_CHECKS: usize = 20;

/// A workload at a subject, with a number of connections.
#[derive(Clone, Debug)]
pub struct Case {
    /// The workload, possibly with another number of checks.
    pub workload: Workload,
    /// Name of the service.
    pub subject: String,
    /// Connections with a request at the same time.
    pub connections: usize,
}

impl Case {
    /// Finds the workload, and leaves its checks as they are.
    pub fn new(workload: &str, subject: &str, connections: usize) -> Result<Self> {
        Ok(Self { workload: named(workload)?, subject: subject.to_owned(), connections })
    }

    /// Reads the arguments of a process.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let [workload, subject, connections, checks] = arguments else {
            return Err(Error::other("give a workload, a subject, a number of connections and a number of checks"));
        };
        let mut case = Self::new(workload, subject, connections.parse().map_err(Error::other)?)?;
        case.workload.checks.count = checks.parse().map_err(Error::other)?;
        Ok(case)
    }

    /// Returns the arguments that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn arguments(&self) -> [String; 4] {
        let Self { workload, subject, connections } = self;
        [workload.name.to_owned(), subject.clone(), connections.to_string(), workload.checks.count.to_string()]
    }

    /// Returns the requests before the measurement and until its end: fewer if many checks run, and a few for each
    /// connection.
    #[must_use]
    pub fn requests(&self) -> [usize; 2] {
        let Checks { count, freshness, .. } = self.workload.checks;
        let divisor = if freshness == Freshness::MaxAge { 1 } else { count.div_ceil(USUAL_CHECKS).max(1) };
        let [before, until] = self.workload.requests.map(|requests| requests / divisor);
        [before.max(2 * self.connections), until.max(6 * self.connections)]
            .map(|requests| requests.div_ceil(self.connections) * self.connections)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:<14} {:<13} {:>5}", self.workload.name, self.subject, self.connections)
    }
}

/// Finds a workload by its name.
pub fn named(name: &str) -> Result<Workload> {
    WORKLOADS.into_iter().chain(WAITS).find(|workload| workload.name == name).ok_or_else(|| {
        let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        Error::other(format!("there is no workload named `{name}`; there are {}", names.join(", ")))
    })
}
