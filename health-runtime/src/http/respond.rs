//! The endpoint without a router, for every server that uses the types of the crate `http`.

use std::{
    convert::Infallible,
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "server")]
use axum::http::Extensions;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, Response},
};
use http_body::{Frame, SizeHint};

use super::endpoint::Endpoint;
#[cfg(feature = "server")]
use crate::maybe_ready::MaybeReady;

impl Endpoint {
    /// Returns whether a path belongs to the endpoint: one of its routes, or any path below its base path or its levels
    /// path. Any other path belongs to the service.
    ///
    /// ```
    /// use health_runtime::Endpoint;
    ///
    /// let health = Endpoint::builder().build()?;
    /// assert!(health.serves("/readyz") && health.serves("/health/levels/2"));
    /// assert!(!health.serves("/orders"));
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.routes.find(path).is_some()
    }

    /// Answers a request without axum, so that actix-web, hyper and others serve the endpoint on their own port. The
    /// repository has recipes for both, `tests/frameworks/actix.rs` and `hyper.rs`.
    ///
    /// ```
    /// use health_runtime::Endpoint;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let health = Endpoint::builder().build()?;
    /// let request = http::Request::get("/readyz").body(String::new())?;
    /// let response = health.respond(request).await;
    /// assert_eq!(response.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// - A path for which [`serves`](Self::serves) is `false` is answered with 404. Ask `serves` first where the service
    ///   has routes of its own.
    /// - A prefix belongs into [`base_path`](crate::EndpointBuilder::base_path), because no router strips it.
    /// - Access by address, and limits by address, need a [`PeerAddress`](crate::access::PeerAddress) among the
    ///   extensions of the request. Without one the caller has no address.
    /// - Only the routes for `POST` read the body of a request. The body of a response to `HEAD` is empty, and its
    ///   `Content-Length` is that of `GET`.
    /// - It needs a Tokio runtime. Checks run on the one that the request came in on, unless
    ///   [`Monitor::run_on`](crate::Monitor::run_on) names another.
    ///
    /// # Cancellation
    /// Dropping the future is safe. Checks that it started run on.
    pub fn respond<B>(&self, request: Request<B>) -> impl Future<Output = Response<ResponseBody>> + Send + use<B>
    where
        B: HttpBody<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let route = self.routes.find(request.uri().path());
        let response = self.routes.answer(route, request.map(Body::new));
        async move { response.await.map(ResponseBody) }
    }

    /// Answers a request of our own server; `None` for a path that is not the endpoint's. Adds the client to the request only
    /// if the answer may depend on it, because extensions cost allocations.
    #[cfg(feature = "server")]
    pub(crate) fn respond_to(
        &self,
        mut request: Request<Body>,
        add_client: impl FnOnce(&mut Extensions),
    ) -> Option<MaybeReady<Response<Body>>> {
        let route = self.routes.find(request.uri().path())?;
        if self.routes.service.authorizer.is_some() || route.reads_client() {
            add_client(request.extensions_mut());
        }
        Some(self.routes.answer(Some(route), request))
    }
}

/// The body of a response of [`Endpoint::respond`](crate::Endpoint::respond). All bodies except the stream of events have a
/// known length. Reading a body cannot fail.
#[derive(Debug)]
pub struct ResponseBody(Body);

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The endpoint's bodies are bytes or its own streams, which do not fail. An error would end the body.
        Pin::new(&mut self.0).poll_frame(context).map(|frame| frame?.ok().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
