//! The methods `Check` and `Watch`, as the library's server calls them.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tonic::{Request, Response, Status, codegen::BoxStream};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server::Health};

use super::{services::Services, timeout::within, verdict, watch::Watch};
use crate::monitor::Monitor;

/// What every call needs.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    pub(super) monitor: Monitor,
    pub(super) services: Arc<Services>,
    pub(super) watch_interval: Duration,
    /// From when on intervals are counted, so that all who watch look at the same time and share the runs.
    pub(super) start: Instant,
}

#[tonic::async_trait]
impl Health for Answering {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let Some((subject, selection)) = self.services.find(&request.get_ref().service) else {
            // Without the name: a header has no room for a long one.
            return Err(Status::not_found("no group, level or health check has this name"));
        };
        let report = self.monitor.report(&within(selection, request.metadata())).await;
        Ok(Response::new(verdict::response(verdict::of_report(subject, &report))))
    }

    type WatchStream = BoxStream<HealthCheckResponse>;

    /// A client that says how long it waits means the stream, which may end at any time.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let subject = self.services.find(&request.get_ref().service);
        let watch = Watch::new(self.monitor.clone(), subject, self.watch_interval, self.start);
        Ok(Response::new(Box::pin(watch.into_stream())))
    }
}
