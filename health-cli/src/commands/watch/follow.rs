use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::mpsc::Sender,
    time::{Instant, sleep_until, timeout_at},
};

use super::state::Update;
use crate::{
    client::{Client, Deadline, EventParser, Method},
    failure::Failure,
    question::{Answered, Question, Subject},
    status::Status,
    target::Target,
};

/// Time limit of a report.
const REPORT_LIMIT: Duration = Duration::from_secs(10);

/// Shortest time between two reports of a service, whatever its events say.
const MIN_PERIOD: Duration = Duration::from_secs(1);

/// Longest time between two reports, which is in range for every clock.
const MAX_PERIOD: Duration = Duration::from_secs(365 * 24 * 3600);

/// Follows one service: asks for its report, and until the next one reads its events, if it has any.
pub(super) struct Follower {
    pub(super) index: usize,
    pub(super) target: Target,
    pub(super) client: Arc<Client>,
    pub(super) updates: Sender<Update>,
}

impl Follower {
    /// Runs until nobody takes updates.
    pub(super) async fn run(self, period: Duration) {
        loop {
            let begin = Instant::now();
            let question = Question::new(Subject::Everything);
            let answered = question.ask(&self.client, &self.target, Deadline::after(REPORT_LIMIT)).await;
            let events = answered.as_ref().ok().and_then(events_of);
            if self.updates.send(Update::Report { index: self.index, answered: Box::new(answered) }).await.is_err() {
                return;
            }
            let next = begin + period.clamp(MIN_PERIOD, MAX_PERIOD);
            if let Some(events) = events {
                // An event may ask for a report at once; a stream that ends or fails waits for the next one.
                if matches!(self.read_events(&events, next).await, Ok(NextReport::Now)) {
                    sleep_until(begin + MIN_PERIOD).await;
                    continue;
                }
            }
            sleep_until(next).await;
        }
    }

    /// Reads events until the next report is due.
    async fn read_events(&self, events: &Target, end: Instant) -> Result<NextReport, Failure> {
        let headers = [("accept", "text/event-stream")];
        let mut stream = self.client.open(&Method::Get, events, &headers, Deadline::after(REPORT_LIMIT)).await?;
        if stream.code != 200 || !stream.header("content-type").starts_with("text/event-stream") {
            return Ok(NextReport::InTime);
        }
        let mut parser = EventParser::default();
        while let Ok(Some(bytes)) = timeout_at(end, stream.next()).await {
            let events = parser.read(&bytes).map_err(Failure::not_a_report)?;
            for event in events {
                let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
                match &*event.name {
                    "change" => {
                        let (check, to) = (data["check"].as_str(), data["to"].as_str().and_then(Status::parse));
                        if let (Some(check), Some(status)) = (check, to) {
                            let (index, check) = (self.index, crate::text::printable(check));
                            let _ = self.updates.send(Update::Change { index, check, status }).await;
                        }
                        // The report has the rest: the verdict, its root causes, the message.
                        return Ok(NextReport::Now);
                    }
                    "checks" | "missed" | "draining" => return Ok(NextReport::Now),
                    _ => {}
                }
            }
        }
        Ok(NextReport::InTime)
    }
}

enum NextReport {
    Now,
    InTime,
}

fn events_of(answered: &Answered) -> Option<Target> {
    answered.target.at_link(answered.report.events_link.as_deref()?, "")
}
