//! One client that watches one service.
//!
//! A watch has no task: it is polled by the connection that it is written to, and ends with it.

use std::{future::pending, pin::pin, time::Duration};

use futures_util::{
    FutureExt, Stream,
    future::{Either, select},
    stream,
};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::Status;
use tonic_health::pb::{HealthCheckResponse, health_check_response::ServingStatus};

use super::{services::Subject, verdict};
use crate::{
    model::{Cause, Group, Report, StatusChange},
    monitor::{Monitor, Selection, Subscription},
    time::remainder,
};

/// How long it is from one report to the next, at least: a check that changes with each run is not run all the time.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How long a watch goes on when a drain has begun. Clients that heard something try again without waiting when a watch
/// ends, so one that ended at once would keep them trying; and the end of the server waits for it.
const FAREWELL: Duration = Duration::from_secs(1);

type Item = Result<HealthCheckResponse, Status>;

pub(super) struct Watch {
    monitor: Monitor,
    /// `None` if nothing has the name that was asked for.
    subject: Option<(Subject, Selection)>,
    interval: Duration,
    start: Instant,
    changes: Subscription,
    seen: Option<Seen>,
    sent: Option<ServingStatus>,
    /// Set once a drain has begun.
    ends_at: Option<Instant>,
    is_over: bool,
}

/// The latest report.
struct Seen {
    report: Report,
    at: Instant,
}

impl Watch {
    pub(super) fn new(
        monitor: Monitor,
        subject: Option<(Subject, Selection)>,
        interval: Duration,
        start: Instant,
    ) -> Self {
        // Before the first report, so that nothing is lost between the two.
        let changes = monitor.subscribe();
        Self { monitor, subject, interval, start, changes, seen: None, sent: None, ends_at: None, is_over: false }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Item> + Send {
        stream::unfold(self, Self::next)
    }

    async fn next(mut self) -> Option<(Item, Self)> {
        if self.is_over {
            return None;
        }
        let status = match self.changed().await {
            Some(status) => Some(status),
            None => self.last_words().await,
        };
        let item = if let Some(status) = status {
            self.sent = Some(status);
            Ok(verdict::response(status))
        } else {
            self.is_over = true;
            Err(Status::unavailable("shutting down"))
        };
        Some((item, self))
    }

    /// The next status that differs from what was sent; `None` once a drain has begun.
    async fn changed(&mut self) -> Option<ServingStatus> {
        let draining = self.monitor.draining();
        match select(pin!(draining), pin!(self.differing())).await {
            Either::Left(_) => None,
            Either::Right((status, _)) => Some(status),
        }
    }

    async fn differing(&mut self) -> ServingStatus {
        loop {
            if self.seen.is_some() {
                self.news().await;
            }
            let status = self.look().await;
            if self.sent != Some(status) {
                return status;
            }
        }
    }

    /// What is still to be said when a drain has begun; `None` when it is time to end.
    async fn last_words(&mut self) -> Option<ServingStatus> {
        let ends_at = *self.ends_at.get_or_insert_with(|| Instant::now() + FAREWELL);
        let status = match (&self.subject, self.sent) {
            // Whatever its checks say, and however long they would take.
            (Some((Subject::Group(Group::Readiness), _)), _) => Some(ServingStatus::NotServing),
            (_, None) => timeout_at(ends_at, self.look()).await.ok(),
            (_, sent) => sent,
        };
        if status != self.sent {
            return status;
        }
        sleep_until(ends_at).await;
        None
    }

    async fn look(&mut self) -> ServingStatus {
        match &self.subject {
            Some((subject, selection)) => {
                let report = self.monitor.report(selection).await;
                let status = verdict::of_report(*subject, &report);
                self.seen = Some(Seen { report, at: Instant::now() });
                status
            }
            None if self.sent.is_none() => ServingStatus::ServiceUnknown,
            // Checks are fixed at start, so it stays unknown.
            None => pending().await,
        }
    }

    /// Waits until it is worth to look again.
    async fn news(&mut self) {
        let interval = sleep(until_next(self.interval, self.start));
        select(pin!(interval), pin!(self.news_of_checks())).await;
        if let Some(seen) = &self.seen {
            sleep_until(seen.at + PAUSE).await;
        }
        // The next report tells of these.
        while let Some(Some(_)) = self.changes.next().now_or_never() {}
    }

    async fn news_of_checks(&mut self) {
        loop {
            match self.changes.next().await {
                Some(Ok(change)) if !self.is_news(&change) => {}
                Some(_) => return,
                // The monitor is gone, which this holds: never.
                None => pending().await,
            }
        }
    }

    /// Whether a change is one of its checks, and the latest report does not tell of it already. What a report says of a
    /// check before its first result is not that result.
    fn is_news(&self, change: &StatusChange) -> bool {
        let seen = self.seen.as_ref().and_then(|seen| seen.report.result(change.check()));
        seen.is_some_and(|result| result.status() != change.to() || result.cause() == Some(&Cause::Pending))
    }
}

/// How long it is until the next of the moments that are an interval apart.
fn until_next(interval: Duration, start: Instant) -> Duration {
    interval.saturating_sub(remainder(start.elapsed(), interval))
}
