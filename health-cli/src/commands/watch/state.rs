use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::{
    exit::Exit,
    failure::Failure,
    output::{status_word, tally},
    question::Answered,
    report::Report,
    status::Status,
    text::timestamp,
};

/// Number of changes that are kept for the screen.
const MAX_CHANGES: usize = 100;

/// News of a service, by its place in the command line.
pub(super) enum Update {
    Report {
        index: usize,
        answered: Box<Result<Answered, Failure>>,
    },
    /// A change, a moment before the report that has the rest of it.
    Change {
        index: usize,
        check: String,
        status: Status,
    },
}

/// A service as it is known.
pub(super) struct Service {
    pub(super) url: String,
    /// `None` before the first report.
    pub(super) known: Option<Result<Answered, Failure>>,
    statuses: BTreeMap<String, Status>,
    verdict: Option<Status>,
    /// Name of the service, once a report has it.
    name: Option<String>,
}

/// A change of a check's status, or of a whole service.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Change {
    pub(super) at: String,
    pub(super) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// `None` for the service itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) check: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Status>,
    /// `None` for a check that is gone.
    pub(super) to: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

pub(super) struct Services {
    pub(super) services: Vec<Service>,
    /// Latest changes, the newest first.
    pub(super) changes: VecDeque<Change>,
}

impl Change {
    /// Returns the change as a line for people.
    pub(super) fn line(&self) -> String {
        let subject = self.check.as_ref().map(|check| format!(" {check}")).unwrap_or_default();
        let from = self.from.map(|from| format!(" (was {})", from.word())).unwrap_or_default();
        let to = self.to.map_or_else(|| "gone".to_owned(), status_word);
        let message = self.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        let service = self.service.as_deref().unwrap_or(&self.url);
        // The time of the day is enough for people.
        let time = self.at.split_once('T').map_or(&*self.at, |(_, time)| time);
        format!("{time}  {service}{subject}  {to}{from}{message}")
    }
}

impl Services {
    pub(super) fn new(urls: impl Iterator<Item = String>) -> Self {
        let service = |url| Service { url, known: None, statuses: BTreeMap::new(), verdict: None, name: None };
        Self { services: urls.map(service).collect(), changes: VecDeque::new() }
    }

    /// Applies an update, and returns the changes that it makes.
    pub(super) fn apply(&mut self, update: Update) -> Vec<Change> {
        let changes = match update {
            Update::Report { index, answered } => self.services[index].report(*answered),
            Update::Change { index, check, status } => self.services[index].change(&check, status),
        };
        for change in &changes {
            self.changes.push_front(change.clone());
        }
        self.changes.truncate(MAX_CHANGES);
        changes
    }

    /// Returns the exit code: that of the worst service.
    pub(super) fn exit(&self) -> Exit {
        let is_well =
            |service: &Service| service.verdict.is_some_and(|status| Exit::of_status(status, false) == Exit::Pass);
        if self.services.iter().all(is_well) { Exit::Pass } else { Exit::Fail }
    }
}

impl Service {
    fn report(&mut self, answered: Result<Answered, Failure>) -> Vec<Change> {
        let is_first = self.statuses.is_empty();
        let mut changes = Vec::new();
        let (verdict, message) = match &answered {
            Ok(answered) => (answered.report.status, Some(summary(&answered.report))),
            Err(failure) => (Status::Unknown, Some(failure.to_string())),
        };
        if let Ok(Answered { report, .. }) = &answered {
            self.name = report.service.clone().or_else(|| self.name.take());
            let statuses: BTreeMap<_, _> =
                report.checks.iter().map(|check| (check.name.clone(), check.status)).collect();
            for check in report.checks.iter().filter(|_| !is_first) {
                let from = self.statuses.get(&check.name).copied();
                if from != Some(check.status) {
                    let message = Some(check.reason()).filter(|reason| !reason.is_empty());
                    changes.push(self.changed(Some(&check.name), from, Some(check.status), message));
                }
            }
            for (name, from) in self.statuses.iter().filter(|(name, _)| !statuses.contains_key(*name)) {
                changes.push(self.changed(Some(name), Some(*from), None, None));
            }
            self.statuses = statuses;
        }
        if self.verdict != Some(verdict) {
            changes.push(self.changed(None, self.verdict, Some(verdict), message));
            self.verdict = Some(verdict);
        }
        self.known = Some(answered);
        changes
    }

    fn change(&mut self, check: &str, status: Status) -> Vec<Change> {
        let from = self.statuses.insert(check.to_owned(), status);
        if let Some(Ok(answered)) = &mut self.known
            && let Some(entry) = answered.report.checks.iter_mut().find(|entry| entry.name == check)
        {
            entry.status = status;
        }
        if from == Some(status) { Vec::new() } else { vec![self.changed(Some(check), from, Some(status), None)] }
    }

    fn changed(
        &self,
        check: Option<&str>,
        from: Option<Status>,
        to: Option<Status>,
        message: Option<String>,
    ) -> Change {
        Change {
            at: timestamp(),
            url: self.url.clone(),
            service: self.name.clone(),
            check: check.map(ToOwned::to_owned),
            from,
            to,
            message,
        }
    }
}

/// Returns the counts of a report, and its root causes.
fn summary(report: &Report) -> String {
    let causes = report.causes();
    let causes = if causes.is_empty() { String::new() } else { format!(", because of {}", causes.join(", ")) };
    format!("{}{causes}", tally(report))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::{Entry, Shape};

    #[test]
    fn first_report_is_one_change_also_after_a_failure() {
        let mut services = Services::new(["http://127.0.0.1:8080".to_owned()].into_iter());
        let answered = |status| {
            let mut report = Report::new(Shape::Native, Status::Pass);
            report.checks.push(Entry::new("db", status));
            let target = "http://127.0.0.1:8080".parse().expect("a URL");
            Update::Report { index: 0, answered: Box::new(Ok(Answered { report, target, elapsed: Duration::ZERO })) }
        };
        let down = Update::Report { index: 0, answered: Box::new(Err(Failure::unreachable("it is down"))) };
        let mut changed = |update| services.apply(update).into_iter().map(|change| change.check).collect::<Vec<_>>();
        assert_eq!(changed(down), [None]);
        assert_eq!(changed(answered(Status::Pass)), [None]);
        assert_eq!(changed(answered(Status::Fail)), [Some("db".to_owned())]);
    }
}
