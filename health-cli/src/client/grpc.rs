//! The health service of gRPC, grpc.health.v1.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Request, Response, Uri, body::Incoming, client::conn::http2, http::uri::PathAndQuery};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::{task::JoinHandle, time::Instant};
use tonic::{Code, body::Body, client::Grpc, metadata::MetadataValue};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use super::{
    Client, Deadline,
    connect::{exchange_failure, root},
};
use crate::{
    credentials::Credentials,
    failure::{Failure, FailureKind},
    status::Status,
    target::Target,
    text::printable,
};

impl Client {
    /// Asks for one service by its name; the empty name is the whole server.
    ///
    /// # Errors
    /// There is no answer in time, the service is unknown, or the caller is refused.
    pub(crate) async fn serving_status(
        &self,
        target: &Target,
        service: &str,
        deadline: Deadline,
    ) -> Result<(Status, Duration), Failure> {
        let begin = Instant::now();
        let connection = self.connect_grpc(target, deadline).await?;
        let mut client = HealthClient::with_origin(connection.sender(), connection.origin.clone());
        let request = self.grpc_request(HealthCheckRequest { service: service.to_owned() }, target, deadline)?;
        let answer = deadline.wait(&format!("{target} does not answer"), client.check(request)).await?;
        let answer = answer.map_err(|status| failure(target, service, &status, self.has_credentials()))?;
        Ok((status_of(answer.into_inner()), begin.elapsed()))
    }

    /// Asks for all services of a server, by their names. Few servers have this method, `List`, which is younger than the others.
    ///
    /// # Errors
    /// There is no answer in time, the server has no such method, or the caller is refused.
    pub(crate) async fn serving_statuses(
        &self,
        target: &Target,
        deadline: Deadline,
    ) -> Result<(BTreeMap<String, Status>, Duration), Failure> {
        let begin = Instant::now();
        let connection = self.connect_grpc(target, deadline).await?;
        let mut client = Grpc::with_origin(connection.sender(), connection.origin.clone());
        let request = self.grpc_request(ListRequest {}, target, deadline)?;
        let codec = ProstCodec::<ListRequest, ListResponse>::default();
        let list = async {
            client.ready().await.map_err(|error| tonic::Status::unavailable(error.to_string()))?;
            client.unary(request, PathAndQuery::from_static("/grpc.health.v1.Health/List"), codec).await
        };
        let answer = deadline.wait(&format!("{target} does not answer"), list).await?;
        let answer = answer.map_err(|status| failure(target, "", &status, self.has_credentials()))?;
        let statuses = answer.into_inner().statuses;
        let statuses = statuses.into_iter().map(|(name, response)| (printable(&name), status_of(response)));
        Ok((statuses.collect(), begin.elapsed()))
    }

    async fn connect_grpc(&self, target: &Target, deadline: Deadline) -> Result<GrpcConnection, Failure> {
        if matches!(self.credentials, Credentials::Signed { .. }) {
            return Err(Failure::usage(
                "a request of gRPC cannot be signed; use `--bearer`, `--basic` or `--access-key`",
            ));
        }
        let stream = self.connect(target, deadline).await?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let handshake = deadline.wait(&format!("{target} does not answer with HTTP/2"), handshake).await?;
        let (sender, connection) =
            handshake.map_err(|error| exchange_failure(target, "HTTP/2", &error, "; is it `http://`?"))?;
        let task = tokio::spawn(async {
            // Its error is that of the request.
            let _ = connection.await;
        });
        let scheme = if target.is_tls() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", target.authority).parse();
        let origin = origin.map_err(|error| Failure::usage(format!("the host of {target} is not valid: {error}")))?;
        Ok(GrpcConnection { sender, task, origin })
    }

    fn grpc_request<T>(&self, message: T, target: &Target, deadline: Deadline) -> Result<tonic::Request<T>, Failure> {
        let mut request = tonic::Request::new(message);
        request.set_timeout(deadline.left());
        for (name, value) in self.credentials.headers("POST", target)? {
            let value = MetadataValue::try_from(value)
                .map_err(|_| Failure::usage("the name of the credentials has characters that no header can hold"))?;
            request.metadata_mut().insert(name, value);
        }
        Ok(request)
    }
}

/// A connection with its task, which ends with it.
struct GrpcConnection {
    sender: http2::SendRequest<Body>,
    task: JoinHandle<()>,
    origin: Uri,
}

impl GrpcConnection {
    fn sender(&self) -> Sender {
        Sender(self.sender.clone())
    }
}

impl Drop for GrpcConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The messages of `List`, which tonic-health lacks.
#[derive(Clone, PartialEq, Message)]
struct ListRequest {}

#[derive(Clone, PartialEq, Message)]
struct ListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

fn status_of(response: HealthCheckResponse) -> Status {
    match response.status() {
        ServingStatus::Serving => Status::Pass,
        ServingStatus::NotServing => Status::Fail,
        ServingStatus::Unknown | ServingStatus::ServiceUnknown => Status::Unknown,
    }
}

fn failure(target: &Target, service: &str, status: &tonic::Status, has_credentials: bool) -> Failure {
    let message = printable(status.message());
    let detail = if message.is_empty() { String::new() } else { format!(": {message}") };
    let (kind, text) = match status.code() {
        Code::NotFound => (
            FailureKind::NotAReport,
            format!(
                "{target} has no service `{}`{detail}; write its name behind the port: `grpc://host:50051/name`",
                printable(service)
            ),
        ),
        Code::Unimplemented => {
            (FailureKind::NotAReport, format!("{target} has no health service (grpc.health.v1){detail}"))
        }
        Code::Unauthenticated | Code::PermissionDenied if has_credentials => {
            (FailureKind::Refused, format!("{target} refuses these credentials{detail}"))
        }
        Code::Unauthenticated | Code::PermissionDenied => {
            (FailureKind::Refused, format!("{target} asks for credentials{detail}; `healthctl help check` lists them"))
        }
        code => {
            let cause = if message.is_empty() { root(status).to_string() } else { message };
            (FailureKind::Unreachable, format!("{target} does not answer ({code:?}): {}", printable(&cause)))
        }
    };
    Failure::new(kind, text)
}

/// The connection as the client of tonic sees it.
struct Sender(http2::SendRequest<Body>);

impl Service<Request<Body>> for Sender {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
