//! The stream of one client that watches one service. It has no task: its connection polls it, and it ends with the
//! connection.

use std::{future::pending, pin::pin, time::Duration};

use futures_util::{
    FutureExt, Stream,
    future::{Either, select},
    stream,
};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::Status;
use tonic_health::pb::{HealthCheckResponse, health_check_response::ServingStatus};

use super::{
    services::{self, ServiceKind},
    serving_status,
};
use crate::{
    http::Offer,
    model::{Cause, Group, Levels, Report, StatusChange},
    monitor::{Monitor, Selection, Subscription},
    time::remainder,
};

/// Shortest time between two reports, which limits the runs of a check that changes each time.
pub(super) const MIN_REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Time for which a watch goes on after a drain has begun. Clients reconnect at once when a watch ends, so an immediate end would
/// keep them reconnecting. The server's shutdown waits for this time.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

type WatchItem = Result<HealthCheckResponse, Status>;

pub(super) struct WatchStream {
    monitor: Monitor,
    service: WatchedService,
    interval: Duration,
    start: Instant,
    changes: Subscription,
    /// `None` before the first report, and while the service is unknown.
    latest: Option<Report>,
    /// Time of the latest report, also if its service has gone since.
    reported_at: Option<Instant>,
    /// Version of the checks at the latest look at the service.
    version: u64,
    sent: Option<ServingStatus>,
    /// Set once a drain has begun.
    ends_at: Option<Instant>,
    is_over: bool,
}

/// The service that a client named, which may come and go.
pub(super) struct WatchedService {
    pub(super) name: String,
    pub(super) offer: Offer,
}

impl WatchedService {
    /// Returns `None` while it is unknown.
    fn find(&self, monitor: &Monitor) -> Option<(ServiceKind, Selection)> {
        services::find(monitor, &self.name, &self.offer)
    }
}

impl WatchStream {
    pub(super) fn new(monitor: Monitor, service: WatchedService, interval: Duration, start: Instant) -> Self {
        // Before the first report, so that no change is lost in between.
        let changes = monitor.subscribe();
        Self {
            monitor,
            service,
            interval,
            start,
            changes,
            latest: None,
            reported_at: None,
            version: 0,
            sent: None,
            ends_at: None,
            is_over: false,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = WatchItem> + Send {
        stream::unfold(self, Self::next)
    }

    async fn next(mut self) -> Option<(WatchItem, Self)> {
        if self.is_over {
            return None;
        }
        let status = match self.changed().await {
            Some(status) => Some(status),
            None => self.status_during_drain().await,
        };
        let item = if let Some(status) = status {
            self.sent = Some(status);
            Ok(serving_status::response(status))
        } else {
            self.is_over = true;
            Err(Status::unavailable("shutting down"))
        };
        Some((item, self))
    }

    /// Returns the next status that differs from the one sent last; `None` once a drain has begun.
    async fn changed(&mut self) -> Option<ServingStatus> {
        let draining = self.monitor.draining();
        match select(pin!(draining), pin!(self.differing())).await {
            Either::Left(_) => None,
            Either::Right((status, _)) => Some(status),
        }
    }

    async fn differing(&mut self) -> ServingStatus {
        loop {
            if self.sent.is_some() {
                self.wait_for_change().await;
            }
            let status = self.status().await;
            if self.sent != Some(status) {
                return status;
            }
        }
    }

    /// Returns the last status to send after a drain has begun; `None` when the stream is to end.
    async fn status_during_drain(&mut self) -> Option<ServingStatus> {
        let ends_at = *self.ends_at.get_or_insert_with(|| Instant::now() + DRAIN_GRACE);
        let status = match (self.service.find(&self.monitor), self.sent) {
            // Whatever its checks report, and however long they would take.
            (Some((ServiceKind::Group(Group::Readiness), _)), _) => Some(ServingStatus::NotServing),
            (_, None) => timeout_at(ends_at, self.status()).await.ok(),
            (_, sent) => sent,
        };
        if status != self.sent {
            return status;
        }
        sleep_until(ends_at).await;
        None
    }

    /// Returns the current status, from a new report.
    async fn status(&mut self) -> ServingStatus {
        // Before the look at the checks, so that no update is missed.
        self.version = self.monitor.version(Levels::ALL);
        let Some((kind, selection)) = self.service.find(&self.monitor) else {
            self.latest = None;
            return ServingStatus::ServiceUnknown;
        };
        let report = self.monitor.report(&selection).await;
        let status = serving_status::of_report(kind, &report);
        self.latest = Some(report);
        self.reported_at = Some(Instant::now());
        status
    }

    /// Waits until a check has changed, came or went, or for the interval.
    async fn wait_for_change(&mut self) {
        let updated = self.monitor.updated_since(self.version);
        if self.latest.is_some() {
            let interval = sleep(until_next(self.interval, self.start));
            select(pin!(select(pin!(interval), pin!(updated))), pin!(self.wait_for_changed_check())).await;
        } else {
            // Without a service, no change and no mute matters.
            updated.await;
        }
        if let Some(latest) = self.reported_at.filter(|_| self.service.find(&self.monitor).is_some()) {
            sleep_until(latest + MIN_REPORT_INTERVAL).await;
        }
        // The next report includes these.
        while let Some(Some(_)) = self.changes.next().now_or_never() {}
    }

    async fn wait_for_changed_check(&mut self) {
        loop {
            match self.changes.next().await {
                Some(Ok(change)) if !self.is_news(&change) => {}
                Some(_) => return,
                // Never: `self` keeps the monitor alive.
                None => pending().await,
            }
        }
    }

    /// Returns whether a change concerns one of its checks and is not in the latest report. A pending check in a report has no
    /// result yet.
    fn is_news(&self, change: &StatusChange) -> bool {
        let reported = self.latest.as_ref().and_then(|report| report.result(change.check()));
        reported.is_some_and(|result| result.status() != change.current() || result.cause() == Some(&Cause::Pending))
    }
}

/// Returns the time until the next multiple of the interval since `start`.
fn until_next(interval: Duration, start: Instant) -> Duration {
    interval.saturating_sub(remainder(start.elapsed(), interval))
}
