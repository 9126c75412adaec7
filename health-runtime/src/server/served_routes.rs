//! The routes at one address: an endpoint, or any router.

use std::{iter::once, mem, net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    body::Body,
    extract::ConnectInfo,
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
};
use hyper::{
    Request,
    body::{Body as _, Incoming},
};
use tokio::runtime::Handle;
use tower_service::Service as _;

use super::tls::ClientCertificate;
use crate::{
    access::PeerSocket,
    check_runtime::CheckRuntime,
    http::Endpoint,
    maybe_ready::MaybeReady,
    model::{Check, CheckSpec},
    monitor::Monitor,
};

/// The routes that a server serves at one address: an [`Endpoint`], or an axum router.
///
/// Every server takes either. An endpoint alone is served without axum's routing, with about 0.7 of the instructions for each
/// request, and nothing else differs:
///
/// ```
/// use axum::{Router, routing::get};
/// use health_runtime::{Endpoint, ServedRoutes};
///
/// let health = Endpoint::builder().build()?;
/// let alone = ServedRoutes::from(&health);
/// let with_more = ServedRoutes::from(Router::new().route("/version", get(async || "1")).merge(health));
/// # let _ = (alone, with_more);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServedRoutes(RouteSource);

#[derive(Clone, Debug)]
enum RouteSource {
    Endpoint {
        endpoint: Endpoint,
        /// The application's runtime, for policies.
        runtime: Option<CheckRuntime>,
    },
    Router(Router),
}

/// The client at the other end.
#[derive(Clone)]
pub(super) struct ConnectedClient {
    pub(super) address: Option<SocketAddr>,
    pub(super) certificate: Option<ClientCertificate>,
}

impl ConnectedClient {
    pub(super) const fn at(address: Option<SocketAddr>) -> Self {
        Self { address, certificate: None }
    }

    fn add_to(&self, extensions: &mut Extensions) {
        match self.address {
            Some(address) => drop(extensions.insert(ConnectInfo(address))),
            None => drop(extensions.insert(PeerSocket::Unix)),
        }
        self.certificate.clone().map(|certificate| extensions.insert(certificate));
    }
}

impl ServedRoutes {
    /// Runs checks and policies on this runtime.
    pub(super) fn run_checks_on(&mut self, handle: &Handle) {
        let check_runtime = CheckRuntime(handle.clone());
        match &mut self.0 {
            RouteSource::Endpoint { endpoint, runtime } => {
                // Not with the first request, as a router does: one for metrics has no client, and starts background checks.
                let _ = endpoint.monitor().run_on(handle);
                *runtime = Some(check_runtime);
            }
            RouteSource::Router(router) => *router = mem::take(router).layer(Extension(check_runtime)),
        }
    }

    /// Adds a check to the endpoint, under this name or with a number behind it. A router hides its endpoint.
    pub(super) fn add_check(&self, name: &str, check: impl Fn(String) -> Option<Check>) -> Option<AddedCheck> {
        let RouteSource::Endpoint { endpoint, .. } = &self.0 else { return None };
        let monitor = endpoint.monitor();
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let is_free = |name: &String| monitor.checks().all(|check| check.name() != name);
        let name = once(name.to_owned()).chain(numbered).find(is_free)?;
        // Fails only if another thread has taken the name meanwhile.
        monitor.add(check(name.clone())?).ok()?;
        let spec = monitor.checks().find(|spec| spec.name() == name)?;
        Some(AddedCheck { monitor: monitor.clone(), spec })
    }

    /// Answers a request of a client.
    pub(super) fn answer(&self, request: Request<Incoming>, client: &ConnectedClient) -> MaybeReady<Response> {
        // A boxed body costs an allocation, which few requests need.
        let mut request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        match &self.0 {
            RouteSource::Endpoint { endpoint, runtime } => {
                let add_client = |extensions: &mut Extensions| {
                    client.add_to(extensions);
                    runtime.clone().map(|runtime| extensions.insert(runtime));
                };
                let answer = endpoint.respond_to(request, add_client);
                answer.unwrap_or_else(|| MaybeReady::ready(StatusCode::NOT_FOUND.into_response()))
            }
            RouteSource::Router(router) => {
                client.add_to(request.extensions_mut());
                let answer = router.clone().call(request);
                MaybeReady::boxed(async { answer.await.unwrap_or_else(|never| match never {}) })
            }
        }
    }
}

/// A check of an endpoint, which is removed with this value.
pub(super) struct AddedCheck {
    monitor: Monitor,
    spec: Arc<CheckSpec>,
}

impl Drop for AddedCheck {
    fn drop(&mut self) {
        // The user may have removed it, or have put another check in its place, which stays.
        if self.monitor.checks().any(|spec| Arc::ptr_eq(&spec, &self.spec)) {
            let _ = self.monitor.remove(self.spec.name());
        }
    }
}

impl From<Endpoint> for ServedRoutes {
    fn from(endpoint: Endpoint) -> Self {
        Self(RouteSource::Endpoint { endpoint, runtime: None })
    }
}

impl From<&Endpoint> for ServedRoutes {
    fn from(endpoint: &Endpoint) -> Self {
        endpoint.clone().into()
    }
}

impl From<Router> for ServedRoutes {
    fn from(router: Router) -> Self {
        Self(RouteSource::Router(router))
    }
}
