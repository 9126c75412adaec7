use std::sync::Arc;

use axum::Router;

#[cfg(any(feature = "grpc", feature = "systemd"))]
use super::offer::Offer;
use super::{
    load_balancers::StatusCodes,
    paths::RouteScope,
    router::Routes,
    routes::{RoutePath, route_paths},
    service::Service,
};
#[cfg(any(feature = "grpc", feature = "systemd"))]
use crate::access::Decision;
use crate::{access::RefusalCounts, error::Error, model::Levels, monitor::Monitor};

/// The health endpoint: routes to merge into the service's own router, and the monitor behind them.
///
/// [`health_endpoint!`](crate::health_endpoint) and [`Endpoint::builder`] build one. `Router::merge` takes it as it is:
///
/// ```
/// use axum::{Router, extract::State, routing::get};
/// use health_runtime::Endpoint;
///
/// let health = Endpoint::builder().build()?;
/// let app: Router = Router::new()
///     .route("/", get(async |State(greeting): State<String>| greeting))
///     .merge(health)
///     .with_state("hello".to_owned());
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// A clone is the same endpoint: `.merge(health.clone())` leaves `health` for [`monitor`](Self::monitor).
///
/// It may be served at several addresses, with fewer routes at some of them: [`levels`](Self::levels),
/// [`without_levels`](Self::without_levels), [`without_groups`](Self::without_groups) and
/// [`status_codes`](Self::status_codes) return the same endpoint with the same monitor, so a check runs once for all
/// addresses.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub(super) routes: Arc<Routes>,
}

impl Endpoint {
    /// Returns the routes, for a router with any state, of which they use none. `Router::new().merge(endpoint)` needs no call of this.
    ///
    /// A path has one owner: a merge with a router that has one of these paths panics and names it, whatever its methods, and
    /// whichever router is merged into the other. The same holds for a second endpoint at the same paths. Remove the other
    /// route, or move this endpoint by [`base_path`](crate::EndpointBuilder::base_path) and
    /// [`without_root_probes`](crate::EndpointBuilder::without_root_probes).
    ///
    /// A release build has only the paths at the root, the base path, those of groups and a catch-all, because `axum::serve`
    /// clones each route for each connection. So it does not find a second owner of `/health/levels/1`, and the service's route
    /// wins; debug builds, and with them tests, panic there as well. `MatchedPath` is the catch-all below the base path.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.routes.router()
    }

    /// Returns the same endpoint with these levels alone, for one of its addresses:
    ///
    /// ```
    /// use axum::Router;
    /// use health_runtime::{Endpoint, Level};
    ///
    /// let health = Endpoint::builder().build()?;
    /// let everybody: Router = health.levels(Level::L4..=Level::L5).router();
    /// let operators: Router = health.router();
    /// # let _ = (everybody, operators);
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    ///
    /// The other levels and their checks do not exist there: their paths are 404 like those of unknown checks, and neither
    /// reports nor the status of the overview include them. Groups stay whole, whatever the levels of their checks, because
    /// readiness without the database would be wrong; so they show the names and statuses of all members. A dependency at
    /// another level still blocks a check.
    ///
    /// A second call keeps the levels that both calls name.
    #[must_use]
    pub fn levels(&self, levels: impl Into<Levels>) -> Self {
        self.within(RouteScope { levels: self.routes.scope.levels.and(levels.into()), ..self.routes.scope })
    }

    /// Returns the same endpoint without the overview, the levels and the single checks. It keeps the groups and the build
    /// information, for an address that only orchestrators use.
    #[must_use]
    pub fn without_levels(&self) -> Self {
        self.within(RouteScope { levels: Levels::NONE, ..self.routes.scope })
    }

    /// Returns the same endpoint without the groups, at the root and under the base path.
    #[must_use]
    pub fn without_groups(&self) -> Self {
        self.within(RouteScope { has_groups: false, ..self.routes.scope })
    }

    /// Returns the same endpoint with other status codes, for an address whose clients read them differently:
    ///
    /// ```
    /// use axum::Router;
    /// use health_runtime::{Endpoint, StatusCodes};
    ///
    /// let health = Endpoint::builder().build()?;
    /// let consul: Router = health.status_codes(StatusCodes::new().warn(429))?.router();
    /// let kubelet: Router = health.router();
    /// # let _ = (consul, kubelet);
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    ///
    /// It has no OpenAPI document, because that describes the [codes of the builder](crate::EndpointBuilder::status_codes).
    ///
    /// # Errors
    /// [`Problem::InvalidStatusCode`](crate::Problem::InvalidStatusCode) for each code that a report cannot have.
    pub fn status_codes(&self, codes: StatusCodes) -> Result<Self, Error> {
        let status_codes = Some(codes.validate().map_err(Error::new)?);
        Ok(self.within(RouteScope { status_codes, ..self.routes.scope }))
    }

    /// Returns the offer over a transport without credentials, with the levels that the caller was granted elsewhere.
    #[cfg(any(feature = "grpc", feature = "systemd"))]
    pub(crate) fn offer(&self, granted: Option<&Decision>) -> Offer {
        Offer::new(&self.routes.service, self.routes.scope, granted)
    }

    pub(super) fn new(service: &Arc<Service>, scope: RouteScope, routes: Vec<RoutePath>) -> Self {
        Self { routes: Arc::new(Routes::new(service, scope, routes)) }
    }

    fn within(&self, scope: RouteScope) -> Self {
        let service = &self.routes.service;
        Self::new(service, scope, route_paths(&service.paths))
    }

    /// Returns the number of refused requests since the start, by reason; zero without [`access`](crate::EndpointBuilder::access).
    #[must_use]
    pub fn refusals(&self) -> RefusalCounts {
        self.routes.service.authorizer.as_ref().map(|authorizer| authorizer.refusals()).unwrap_or_default()
    }

    #[cfg(feature = "haproxy-agent")]
    pub(crate) fn service(&self) -> Arc<Service> {
        Arc::clone(&self.routes.service)
    }

    /// Returns the monitor behind the routes.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.routes.service.monitor
    }
}

impl<S: Clone + Send + Sync + 'static> From<Endpoint> for Router<S> {
    /// Returns [`Endpoint::router`].
    fn from(endpoint: Endpoint) -> Self {
        endpoint.router()
    }
}
