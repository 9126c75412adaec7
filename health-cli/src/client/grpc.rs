//! The health service of gRPC, grpc.health.v1.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Request, Response, body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;
use tonic::{Code, body::Body, metadata::MetadataValue};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
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
        let task = tokio::spawn(connection);
        let scheme = if target.is_tls() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", target.authority).parse();
        let origin = origin.map_err(|error| Failure::usage(format!("the host of {target} is not valid: {error}")))?;
        let mut client = HealthClient::with_origin(Sender(sender), origin);
        let mut request = tonic::Request::new(HealthCheckRequest { service: service.to_owned() });
        request.set_timeout(deadline.left());
        for (name, value) in self.credentials.headers("POST", target)? {
            let value = MetadataValue::try_from(value)
                .map_err(|_| Failure::usage("the name of the credentials has characters that no header can hold"))?;
            request.metadata_mut().insert(name, value);
        }
        let answer = deadline.wait(&format!("{target} does not answer"), client.check(request)).await;
        task.abort();
        let answer = answer?.map_err(|status| failure(target, service, &status, self.has_credentials()))?;
        let status = match answer.into_inner().status() {
            ServingStatus::Serving => Status::Pass,
            ServingStatus::NotServing => Status::Fail,
            ServingStatus::Unknown | ServingStatus::ServiceUnknown => Status::Unknown,
        };
        Ok((status, begin.elapsed()))
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
