//! The measured values with their goals.

use std::{fmt::Display, process::ExitCode};

use crate::{INTERVAL, PROCESSES, TIMEOUT};

pub(crate) struct Table {
    rows: Vec<String>,
    has_missed: bool,
}

impl Table {
    pub(crate) fn new(instances: usize) -> Self {
        println!("{instances} instances in {PROCESSES} processes, interval {INTERVAL:?}, timeout {TIMEOUT:?}");
        Self {
            rows: vec!["| store, fault | subject | goal | measured |".to_owned(), "|---|---|---|---|".to_owned()],
            has_missed: false,
        }
    }

    /// Adds a figure without a goal.
    pub(crate) fn figure(&mut self, state: &str, subject: &str, measured: impl Display) {
        self.row(format!("| {state} | {subject} | | {measured} |"));
    }

    /// Adds a figure that has to meet its goal.
    pub(crate) fn goal(
        &mut self,
        state: &str,
        subject: &str,
        goal: impl Display,
        measured: impl Display,
        is_met: bool,
    ) {
        self.has_missed |= !is_met;
        let word = if is_met { "" } else { ": MISSED" };
        self.row(format!("| {state} | {subject} | {goal} | {measured}{word} |"));
    }

    fn row(&mut self, row: String) {
        println!("{row}");
        self.rows.push(row);
    }

    pub(crate) fn print(self) -> ExitCode {
        println!("\n{}", self.rows.join("\n"));
        if self.has_missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
