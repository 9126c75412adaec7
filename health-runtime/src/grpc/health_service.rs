//! The methods `Check` and `Watch`, as tonic-health calls them.

use std::time::Duration;

use tokio::time::Instant;
use tonic::{Extensions, Request, Response, Status, codegen::BoxStream};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server::Health};

use super::{
    services, serving_status,
    timeout::{answer, asked_by},
    watch::{WatchStream, WatchedService},
};
use crate::{
    access::Decision,
    http::{Endpoint, Offer},
    monitor::Monitor,
};

/// The health service, which all calls share.
#[derive(Clone, Debug)]
pub(super) struct HealthService {
    pub(super) endpoint: Endpoint,
    pub(super) watch_interval: Duration,
    /// Origin of the intervals: all watches look at the same times, and share the runs.
    pub(super) start: Instant,
}

impl HealthService {
    pub(super) fn monitor(&self) -> &Monitor {
        self.endpoint.monitor()
    }

    /// Returns the services that the caller may see, before any check runs. The extensions hold a decision if an interceptor
    /// made one.
    pub(super) fn offer(&self, extensions: &Extensions) -> Offer {
        self.endpoint.offer(extensions.get::<Decision>())
    }
}

#[tonic::async_trait]
impl Health for HealthService {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let offer = self.offer(request.extensions());
        let Some((kind, selection)) = services::find(self.monitor(), &request.get_ref().service, &offer) else {
            // Without the name, which could be too long for a header.
            return Err(Status::not_found("there is no group, level or health check of this name"));
        };
        let gathered = self.monitor().gather(&asked_by(selection, request.metadata())?).await;
        let status = serving_status::of_report(kind, &gathered.report);
        Ok(answer(serving_status::response(status), gathered.is_limited))
    }

    type WatchStream = BoxStream<HealthCheckResponse>;

    /// Ignores the client's deadline: it limits the stream, which may end at any time.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let offer = self.offer(request.extensions());
        let service = WatchedService { name: request.into_inner().service, offer };
        let watch = WatchStream::new(self.monitor().clone(), service, self.watch_interval, self.start);
        Ok(Response::new(Box::pin(watch.into_stream())))
    }
}
