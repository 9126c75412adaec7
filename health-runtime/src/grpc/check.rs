//! The methods `Check` and `Watch`, as the library's server calls them.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tonic::{Extensions, Request, Response, Status, codegen::BoxStream};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server::Health};

use super::{services::Services, timeout::within, verdict, watch::Watch};
use crate::{
    access::Decision,
    http::{Endpoint, Offer},
    monitor::Monitor,
};

/// What every call needs.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    pub(super) endpoint: Endpoint,
    pub(super) services: Arc<Services>,
    pub(super) watch_interval: Duration,
    /// From when on intervals are counted, so that all who watch look at the same time and share the runs.
    pub(super) start: Instant,
}

impl Answering {
    pub(super) fn monitor(&self) -> &Monitor {
        self.endpoint.monitor()
    }

    /// Returns the offer to the caller, before any check runs. A decision is there if an interceptor has made one.
    pub(super) fn offer(&self, extensions: &Extensions) -> Offer {
        self.endpoint.offer(extensions.get::<Decision>())
    }
}

#[tonic::async_trait]
impl Health for Answering {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let offer = self.offer(request.extensions());
        let Some((subject, selection)) = self.services.find(&request.get_ref().service, &offer) else {
            // Without the name: a header has no room for a long one.
            return Err(Status::not_found("no group, level or health check has this name"));
        };
        let report = self.monitor().report(&within(selection, request.metadata())).await;
        Ok(Response::new(verdict::response(verdict::of_report(subject, &report))))
    }

    type WatchStream = BoxStream<HealthCheckResponse>;

    /// A client that says how long it waits means the stream, which may end at any time.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let offer = self.offer(request.extensions());
        let subject = self.services.find(&request.get_ref().service, &offer);
        let watch = Watch::new(self.monitor().clone(), subject, self.watch_interval, self.start);
        Ok(Response::new(Box::pin(watch.into_stream())))
    }
}
