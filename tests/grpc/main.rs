//! The gRPC health service: the protocol's rules, and the same statuses as over HTTP.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod offers;
mod origin;
mod peer;
mod probing;
mod serving;
mod verdicts;
mod watching;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use health_runtime::{Check, GrpcHealth, Level};
use tonic::{
    Request, Status, Streaming,
    client::{Grpc, GrpcService},
    codegen::{Body, Bytes, StdError, http::uri::PathAndQuery},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_prost::ProstCodec;

/// The messages of `List`, which tonic-health lacks.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthListRequest {}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

fn asking(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn check(health: &GrpcHealth, service: &str) -> Result<ServingStatus, Status> {
    let answer = HealthClient::new(health.clone()).check(asking(service)).await?;
    Ok(answer.into_inner().status())
}

async fn list<T>(transport: T) -> Result<BTreeMap<String, ServingStatus>, Status>
where
    T: GrpcService<tonic::body::Body>,
    T::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let mut client = Grpc::new(transport);
    client.ready().await.map_err(|error| Status::unknown(error.into().to_string()))?;
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/List");
    let codec = ProstCodec::<HealthListRequest, HealthListResponse>::default();
    let answer = client.unary(Request::new(HealthListRequest {}), path, codec).await?;
    Ok(answer.into_inner().statuses.into_iter().map(|(name, answer)| (name, answer.status())).collect())
}

async fn watch(health: &GrpcHealth, service: &str) -> Streaming<HealthCheckResponse> {
    HealthClient::new(health.clone()).watch(asking(service)).await.expect("a stream").into_inner()
}

/// Waits for the next status.
async fn next(watch: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    watch.message().await.expect("no error").expect("no end").status()
}

/// A check whose result can be switched, and the number of its runs.
#[derive(Clone, Default)]
struct Switch {
    is_off: Arc<AtomicBool>,
    runs: Arc<AtomicUsize>,
}

impl Switch {
    fn check(&self, name: &str, level: Level) -> Check {
        let switch = self.clone();
        Check::new(name, level, move || {
            switch.runs.fetch_add(1, Ordering::SeqCst);
            let is_on = !switch.is_off.load(Ordering::SeqCst);
            async move { is_on }
        })
    }

    fn turn(&self, is_on: bool) {
        self.is_off.store(!is_on, Ordering::SeqCst);
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}
