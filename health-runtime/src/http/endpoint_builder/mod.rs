//! The settings of an endpoint, and its start.

mod checks;

use std::sync::Arc;

#[cfg(feature = "events")]
use super::event_stream::EventStreams;
#[cfg(feature = "haproxy-agent")]
use super::load_balancers::HaproxyAgent;
use super::{
    cache::Cache,
    cached_response::vary,
    endpoint::Endpoint,
    load_balancers::{EnvoyHeaders, StatusCodes},
    paths::{LevelsPath, RouteScope},
    routes::valid_paths,
    service::Service,
    start_log::{log_count, warn_if_second, warn_of_one_worker},
};
#[cfg(feature = "alerts")]
use crate::alerts::AlertReceiver;
use crate::{
    access::{Access, Authorizer},
    build_info::{BuildMetadata, RuntimeInfo},
    error::{Error, Problem},
    health_path::LoopGuard,
    model::{StateValue, StatusChange},
    monitor::{Listener, Monitor},
    overrides::{OverrideSource, OverridesFile, parse_file, parse_list},
    registry::{Registry, RegistryBuilder},
    render::ShowDetails,
};

/// The checks that operators mute at start.
const MUTE_VARIABLE: &str = "HEALTH_MUTE";

/// Collects the settings of an [`Endpoint`]. Each key of [`health_endpoint!`](crate::health_endpoint) is a method here.
///
/// ```
/// use health_runtime::{Check, Endpoint, Level};
///
/// let endpoint = Endpoint::builder()
///     .checks([Check::new("db", Level::L1, || async { true })])
///     .base_path("/status")
///     .build()?;
/// let app: axum::Router = axum::Router::new().merge(endpoint);
/// # let _ = app;
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting without the others")]
pub struct EndpointBuilder {
    build_info: Option<BuildMetadata>,
    base_path: String,
    levels_path: LevelsPath,
    registry: RegistryBuilder,
    has_declared_checks: bool,
    has_root_probes: bool,
    has_isolated_checks: bool,
    show_details: Option<ShowDetails>,
    access: Option<Access>,
    status_codes: StatusCodes,
    envoy: EnvoyHeaders,
    #[cfg(feature = "haproxy-agent")]
    agent: HaproxyAgent,
    listeners: Vec<Listener>,
    #[cfg(feature = "alerts")]
    alert_receivers: Vec<AlertReceiver>,
    muted: Option<String>,
    max_depth: Option<usize>,
    #[cfg(feature = "events")]
    event_streams: usize,
    #[cfg(feature = "metrics")]
    has_duration_histogram: bool,
}

impl Endpoint {
    /// Starts with every check that `#[health_check]` declared in this program, and all defaults.
    pub fn builder() -> EndpointBuilder {
        EndpointBuilder {
            build_info: None,
            base_path: "/health".to_owned(),
            levels_path: LevelsPath::default(),
            registry: Registry::builder(),
            has_declared_checks: true,
            has_root_probes: true,
            has_isolated_checks: false,
            show_details: None,
            access: None,
            status_codes: StatusCodes::new(),
            envoy: EnvoyHeaders::new(),
            #[cfg(feature = "haproxy-agent")]
            agent: HaproxyAgent::new(),
            listeners: Vec::new(),
            #[cfg(feature = "alerts")]
            alert_receivers: Vec::new(),
            muted: None,
            max_depth: None,
            #[cfg(feature = "events")]
            event_streams: 64,
            #[cfg(feature = "metrics")]
            has_duration_histogram: true,
        }
    }
}

impl EndpointBuilder {
    /// Sets the build information, from [`BuildInfo::BUILD_INFO`](crate::BuildInfo::BUILD_INFO). Default: none.
    pub fn build_info(mut self, build_info: BuildMetadata) -> Self {
        self.build_info = Some(build_info);
        self
    }

    /// Adds a value that checks borrow, found by its type; an `Arc<T>` is also lent as a `&T`. Two of one type are an
    /// error of [`build`](Self::build).
    pub fn state<T: StateValue>(mut self, value: T) -> Self {
        self.registry = self.registry.state(value);
        self
    }

    /// Sets the path of the overview, the prefix of the other paths. Default: `/health`.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.base_path = path.into();
        self
    }

    /// Sets the path of the level reports, and with `(path, View::Values)` their shape for a query without `view`. Default:
    /// `{base}/levels`, in the native shape.
    pub fn levels_path(mut self, path: impl Into<LevelsPath>) -> Self {
        self.levels_path = path.into();
        self
    }

    /// Sets the callers that see details. Default: the policies of [`access`](Self::access) decide; without them, it is
    /// [`ShowDetails::Never`].
    pub fn details(mut self, show: ShowDetails) -> Self {
        self.show_details = Some(show);
        self
    }

    /// Sets the rules that grant levels and details to callers. Default: everybody may run every level, and nobody sees
    /// details.
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Sets the HTTP status codes of reports. Default: pass and warn 200, fail 503.
    pub fn status_codes(mut self, codes: StatusCodes) -> Self {
        self.status_codes = codes;
        self
    }

    /// Sets the headers of reports for Envoy. Default: none.
    pub fn envoy(mut self, headers: EnvoyHeaders) -> Self {
        self.envoy = headers;
        self
    }

    /// Sets the answers to `HAProxy`, at `{base}/agent` and by [`serve_agent`](crate::serve_agent). Default:
    /// [`HaproxyAgent::new`].
    #[cfg(feature = "haproxy-agent")]
    pub fn agent(mut self, agent: HaproxyAgent) -> Self {
        self.agent = agent;
        self
    }

    /// Adds a function to call at each change of a check's status, on a separate thread; see [`Monitor::on_change`].
    ///
    /// ```
    /// use health_runtime::{Endpoint, Status, StatusChange};
    ///
    /// fn page_somebody(change: &StatusChange) {
    ///     if change.current() == Status::Fail && !change.is_muted() {
    ///         // …
    ///     }
    /// }
    ///
    /// let endpoint = Endpoint::builder().on_change(page_somebody).build()?;
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    pub fn on_change(mut self, listener: impl FnMut(&StatusChange) + Send + 'static) -> Self {
        self.listeners.push(Listener::new(listener));
        self
    }

    /// Adds a receiver of alerts, see [`alerts`](crate::alerts). May be called more than once.
    #[cfg(feature = "alerts")]
    pub fn alert_to(mut self, receiver: impl Into<AlertReceiver>) -> Self {
        self.alert_receivers.push(receiver.into());
        self
    }

    /// Sets the maximum number of open streams of `{base}/events`; a request above it is answered 503. Default: 64. With 0,
    /// every request is refused.
    ///
    /// One address may open a quarter of them, at least one; an IPv6 /64 counts as one address. A proxy counts as one address
    /// unless [`Access::behind`](crate::access::Access) declares it and it sends the client's address. Callers without a known
    /// address, such as those over Unix sockets, may open all of them.
    #[cfg(feature = "events")]
    pub fn event_streams(mut self, at_most: usize) -> Self {
        self.event_streams = at_most;
        self
    }

    /// Sets the checks to mute from the start, such as `"billing,legacy=2h"`: until the process ends, or for a time. An invalid
    /// entry is logged and skipped. Default: the environment variable `HEALTH_MUTE`, which any value here replaces, even `""`.
    pub fn muted(mut self, list: impl Into<String>) -> Self {
        self.muted = Some(list.into());
        self
    }

    /// Sets the number of services that a request for health may have passed (`Health-Path`), 31 at most. A request that has
    /// passed more starts no run and waits for none: it is answered from stored results. Default: 4.
    pub fn max_depth(mut self, services: usize) -> Self {
        self.max_depth = Some(services);
        self
    }

    /// Leaves out the checks that `#[health_check]` declared, such as in a test of a few checks.
    pub fn without_declared_checks(mut self) -> Self {
        self.has_declared_checks = false;
        self
    }

    /// Leaves out `/livez`, `/readyz` and `/startupz` at the root, for a service with routes of these names. The same answers
    /// stay under the base path.
    pub fn without_root_probes(mut self) -> Self {
        self.has_root_probes = false;
        self
    }

    /// Leaves the histogram `health_check_duration_seconds` out of the metrics, so that a check has 12 series instead of 27: for
    /// many instances with many checks. The counters of runs and the ages stay.
    #[cfg(feature = "metrics")]
    pub fn without_duration_histogram(mut self) -> Self {
        self.has_duration_histogram = false;
        self
    }

    /// Runs each asynchronous check on a thread of the blocking pool, so that a blocking check (a synchronous client, a long
    /// computation) stops neither the application nor this endpoint.
    ///
    /// Otherwise a check that blocks holds a worker thread of the runtime, even past its timeout, and as many such checks as
    /// there are workers stop everything. A pod with one CPU has one worker, which is logged as a warning at start. Connections
    /// and timers of the checks stay with the runtime. A run costs about 20 µs more, and a thread while it lasts. With
    /// [`health_endpoint!`](crate::health_endpoint): `configure: EndpointBuilder::isolated_checks`.
    pub fn isolated_checks(mut self) -> Self {
        self.has_isolated_checks = true;
        self
    }

    /// Calls a function with the builder, for settings without a key in [`health_endpoint!`](crate::health_endpoint).
    pub fn configure(self, configure: impl FnOnce(Self) -> Self) -> Self {
        configure(self)
    }

    /// Validates everything, and logs the number of checks and the muted ones.
    ///
    /// # Errors
    /// One error that lists every problem: of the checks and the state (see
    /// [`RegistryBuilder::build`](crate::RegistryBuilder::build)), the paths, the status codes, the rules of access, the
    /// settings for load balancers, and the receivers of alerts.
    pub fn build(self) -> Result<Endpoint, Error> {
        let mut problems = Vec::new();
        let registry = if self.has_declared_checks { self.registry.declared() } else { self.registry };
        let file = OverridesFile::from_environment();
        let registry = with_environment(registry, file.as_ref(), &mut problems);
        let registry = or_problems(registry.build().map_err(Error::into_problems), &mut problems);
        problems.extend(registry.as_ref().and_then(missing_fleet));
        let paths = or_problems(valid_paths(&self.base_path, &self.levels_path, self.has_root_probes), &mut problems);
        let status_codes = or_problems(self.status_codes.validate(), &mut problems);
        let authorizer = or_problems(self.access.map(Authorizer::new).transpose(), &mut problems);
        let envoy = or_problems(self.envoy.validate(), &mut problems);
        #[cfg(feature = "haproxy-agent")]
        let agent = self.agent.validate(&mut problems);
        #[cfg(feature = "alerts")]
        let alert_receivers: Vec<_> = {
            let service = self.build_info.as_ref().map(BuildMetadata::name);
            let validated = self.alert_receivers.into_iter().map(|receiver| receiver.validate(service));
            validated.filter_map(|receiver| or_problems(receiver, &mut problems)).collect()
        };
        let (Some(registry), Some((paths, routes)), Some(status_codes), Some(authorizer), Some(envoy), true) =
            (registry, paths, status_codes, authorizer, envoy, problems.is_empty())
        else {
            return Err(Error::new(problems));
        };
        log_count(&registry);
        registry.warn_of_unmatched_overrides();
        let registry = if self.has_isolated_checks {
            registry.isolated()
        } else {
            warn_of_one_worker(&registry);
            registry
        };
        let declared_background = registry.declared_background();
        let service = self.build_info.as_ref().map(BuildMetadata::name);
        let monitor = Monitor::at_rest(registry, LoopGuard::new(service).with_max_depth(self.max_depth));
        if let Some(list) = self.muted {
            monitor.mute_listed(&list, "EndpointBuilder::muted");
        } else {
            // Text that is not UTF-8 becomes an unknown name, which is logged.
            let list = std::env::var_os(MUTE_VARIABLE).unwrap_or_default();
            monitor.mute_listed(&list.to_string_lossy(), MUTE_VARIABLE);
        }
        self.listeners.into_iter().for_each(|listener| monitor.listen(listener));
        #[cfg(feature = "alerts")]
        for receiver in alert_receivers {
            receiver.start(&monitor);
        }
        if let Some(file) = file {
            monitor.follow_overrides(file);
        }
        // Last, so that every change finds its listeners and mutes in place.
        monitor.start();
        let service = Arc::new(Service {
            monitor,
            build_info: self.build_info,
            runtime_info: RuntimeInfo::detect(),
            levels_view: self.levels_path.view(),
            paths,
            status_codes,
            envoy,
            #[cfg(feature = "haproxy-agent")]
            agent,
            #[cfg(feature = "metrics")]
            has_duration_histogram: self.has_duration_histogram,
            show_details: self.show_details,
            vary: authorizer.as_ref().and_then(|authorizer| vary(authorizer.headers())),
            authorizer: authorizer.map(Arc::new),
            cache: Cache::default(),
            #[cfg(feature = "events")]
            events: Arc::new(EventStreams::new(self.event_streams)),
        });
        warn_if_second(&service, declared_background);
        Ok(Endpoint::new(&service, RouteScope::EVERYTHING, routes))
    }
}

/// Returns the problem of checks for a fleet without one.
fn missing_fleet(registry: &Registry) -> Option<Problem> {
    let checks: Vec<_> =
        registry.checks().filter(|check| check.is_fleet()).map(|check| check.name().to_owned()).collect();
    (registry.fleet().is_none() && !checks.is_empty()).then_some(Problem::MissingFleet { checks })
}

/// Adds the settings of the environment, which has the last word: `HEALTH_CHECKS` over the file that `HEALTH_CONFIG` names.
fn with_environment(
    mut registry: RegistryBuilder,
    file: Option<&OverridesFile>,
    problems: &mut Vec<Problem>,
) -> RegistryBuilder {
    if let Some(overrides) = file.and_then(|file| or_problems(parse_file(&file.first), problems)) {
        registry = registry.overrides_from(OverrideSource::File, overrides);
    }
    match or_problems(parse_list(), problems) {
        Some(overrides) => registry.overrides_from(OverrideSource::Environment, overrides),
        None => registry,
    }
}

fn or_problems<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|found| problems.extend(found)).ok()
}
