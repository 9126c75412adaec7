//! Probe of another service's health over gRPC.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use tokio::time::Instant;
use tonic::{
    Code, Request, Status as GrpcStatus,
    body::Body,
    client::GrpcService,
    codegen::{Body as HttpBody, Bytes, StdError},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::{
    deadline::Deadline,
    probe::{excerpt, idle_check, probe},
};
use crate::model::{Level, Outcome};

/// Time by which a deadline may seem to be early: it travels in whole milliseconds, and on another clock.
const DEADLINE_TOLERANCE: Duration = Duration::from_millis(20);

/// The message of tonic about a request whose time is over, with the code `CANCELLED`.
const TONIC_TIMEOUT_MESSAGE: &str = "Timeout expired";

probe! {
    /// The probe of [`probes::grpc`](grpc()).
    pub struct GrpcProbe { ask: AskHealth, service: String }

    /// Sends one request.
    task fn observe;
}

/// Checks the health that another service reports over gRPC, by the method `Check` of `grpc.health.v1.Health`.
///
/// Name `grpc`, or `grpc_` and the service (`grpc_billing.v1.Invoices`), level 3, and no data: in the values view it is a
/// boolean. The empty service is the whole server; of [`GrpcHealth`](crate::GrpcHealth) it is the readiness, which is the one to ask
/// for: if two services ask each other for a full report, each waits for the other.
///
/// The request takes the `channel` that your own client has, with its TLS, its load balancing and its interceptors:
///
/// ```no_run
/// use health_runtime::{Registry, probes};
/// use tonic::transport::Channel;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), health_runtime::Error> {
/// let channel = Channel::from_static("http://billing.internal:50051").connect_lazy();
/// // let invoices = InvoicesClient::new(channel.clone());
/// let billing = probes::grpc(channel, "billing.v1.Invoices").name("billing");
/// let registry = Registry::builder().check(billing).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok(())
/// # }
/// ```
///
/// | answer | status |
/// |---|---|
/// | `SERVING` | pass |
/// | `NOT_SERVING` | fail |
/// | `UNKNOWN`: the server has no status yet | fail |
/// | `NOT_FOUND`: the server does not know the service | fail |
/// | `UNIMPLEMENTED`: the server has no health service | fail |
/// | `UNAVAILABLE`: no connection, or the server shuts down | fail |
/// | `UNAUTHENTICATED`, `PERMISSION_DENIED` | fail |
/// | none within the time | fail |
///
/// Each has a message of its own. The probe opens no connection: a channel connects by itself, and again after a failure. The deadline goes along
/// (`grpc-timeout`), so that the server gives up in time as well.
#[track_caller]
pub fn grpc(channel: impl GrpcChannel, service: impl Into<String>) -> GrpcProbe {
    let service = service.into();
    let name = if service.is_empty() { "grpc".to_owned() } else { format!("grpc_{service}") };
    GrpcProbe { check: idle_check(name, Level::L3), ask: AskHealth::through(channel), service }
}

/// A channel to a gRPC server: tonic's `Channel`, or any service that a tonic client takes. Not to be implemented.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel to a gRPC server",
    label = "has to be a channel, such as a clone of the `tonic::transport::Channel` behind your client",
    note = "pass the channel, not a client or a URL: `Channel::from_static(\"http://billing:50051\").connect_lazy()`",
    note = "it has to be `Clone + Send + Sync + 'static`, and of the version of tonic that health-runtime takes (`cargo tree -i tonic`)"
)]
pub trait GrpcChannel: Clone + Send + Sync + 'static {
    /// Asks for the status of a service.
    #[doc(hidden)]
    fn check_health(&self, request: Request<HealthCheckRequest>) -> HealthFuture;
}

/// The number of a status.
type HealthFuture = Pin<Box<dyn Future<Output = Result<i32, GrpcStatus>> + Send>>;

// Else the error for another type would list the traits of tower.
#[diagnostic::do_not_recommend]
impl<T> GrpcChannel for T
where
    T: GrpcService<Body> + Clone + Send + Sync + 'static,
    T::Future: Send,
    T::Error: Send,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
{
    fn check_health(&self, request: Request<HealthCheckRequest>) -> HealthFuture {
        let mut client = HealthClient::new(self.clone());
        Box::pin(async move { Ok(client.check(request).await?.into_inner().status) })
    }
}

/// A channel of any type.
#[derive(Clone)]
struct AskHealth(Arc<dyn Fn(Request<HealthCheckRequest>) -> HealthFuture + Send + Sync>);

impl AskHealth {
    fn through(channel: impl GrpcChannel) -> Self {
        Self(Arc::new(move |request| channel.check_health(request)))
    }
}

impl fmt::Debug for AskHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskHealth")
    }
}

impl GrpcProbe {
    async fn look(&self, deadline: Deadline) -> Result<i32, String> {
        let mut request = Request::new(HealthCheckRequest { service: self.service.clone() });
        request.set_timeout(deadline.end.saturating_duration_since(Instant::now()));
        let answer = deadline.wait("no answer came", (self.ask.0)(request)).await?;
        answer.map_err(|status| self.describe(&status, deadline))
    }

    fn judge(&self, number: i32) -> Outcome {
        let subject = self.subject();
        match ServingStatus::try_from(number) {
            Ok(ServingStatus::Serving) => Outcome::pass(),
            Ok(ServingStatus::NotServing) => Outcome::fail(format!("{subject} reports NOT_SERVING")),
            Ok(ServingStatus::Unknown) => {
                Outcome::fail(format!("{subject} reports UNKNOWN: the server has no status of it yet"))
            }
            Ok(ServingStatus::ServiceUnknown) => Outcome::fail(self.unknown_service()),
            Err(_) => Outcome::fail(format!("{subject} reports {number}, which is not a status of the protocol")),
        }
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    const fn faults(&self) -> Option<String> {
        None
    }

    fn subject(&self) -> String {
        if self.service.is_empty() { "the server".to_owned() } else { format!("`{}`", self.service) }
    }

    fn unknown_service(&self) -> String {
        if self.service.is_empty() {
            "the server reports nothing for the empty service; ask for one by its name".to_owned()
        } else {
            format!("the server does not know the service `{}`", self.service)
        }
    }

    /// Returns the text about a request without a status.
    fn describe(&self, status: &GrpcStatus, deadline: Deadline) -> String {
        let text = text_of(status);
        let is_late = status.code() == Code::DeadlineExceeded
            || (status.code() == Code::Cancelled && status.message() == TONIC_TIMEOUT_MESSAGE);
        match status.code() {
            _ if is_late && Instant::now() + DEADLINE_TOLERANCE >= deadline.end => {
                format!("no answer came {deadline}")
            }
            _ if is_late => format!("a shorter timeout than that of the check ended the request: {text}"),
            Code::NotFound => self.unknown_service(),
            Code::Unimplemented => {
                "the server has no health service; register `grpc.health.v1.Health` there".to_owned()
            }
            Code::Unavailable => format!("the server is not available: {text}"),
            Code::Unauthenticated | Code::PermissionDenied => {
                format!("the server refuses the request ({text}); send credentials by an interceptor on the channel")
            }
            code => format!("the server answered {code:?}: {text}"),
        }
    }
}

/// Returns the message of a status, and the innermost cause behind it.
fn text_of(status: &GrpcStatus) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    if let Some(cause) = cause.map(ToString::to_string).filter(|cause| !text.contains(cause)) {
        let separator = if text.is_empty() { "" } else { ": " };
        text = format!("{text}{separator}{cause}");
    }
    if text.is_empty() {
        text = status.code().to_string();
    }
    excerpt(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Endpoint, GrpcHealth, model::Status};

    fn probe(service: &str) -> GrpcProbe {
        grpc(GrpcHealth::new(&Endpoint::builder().without_declared_checks().build().expect("an endpoint")), service)
    }

    #[test]
    fn every_number_is_judged() {
        for (number, status, message) in [
            (0, Status::Fail, Some("`orders` reports UNKNOWN: the server has no status of it yet")),
            (1, Status::Pass, None),
            (2, Status::Fail, Some("`orders` reports NOT_SERVING")),
            (3, Status::Fail, Some("the server does not know the service `orders`")),
            (17, Status::Fail, Some("`orders` reports 17, which is not a status of the protocol")),
            (-1, Status::Fail, Some("`orders` reports -1, which is not a status of the protocol")),
        ] {
            let outcome = probe("orders").judge(number);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
        assert_eq!(probe("").judge(2).message(), Some("the server reports NOT_SERVING"));
    }
}
