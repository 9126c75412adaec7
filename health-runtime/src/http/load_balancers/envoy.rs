use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    error::Problem,
    model::{Cause, Report, Status},
};

const DEGRADED: HeaderName = HeaderName::from_static("x-envoy-degraded");
const IMMEDIATE_FAIL: HeaderName = HeaderName::from_static("x-envoy-immediate-health-check-fail");
const CLUSTER: HeaderName = HeaderName::from_static("x-envoy-upstream-healthchecked-cluster");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// The headers of reports for Envoy, in addition to the status code. Default: none.
///
/// Envoy counts only 200 as healthy, so leave [`StatusCodes::warn`](crate::StatusCodes::warn) at 200.
///
/// ```
/// use health_runtime::{Endpoint, EnvoyHeaders};
///
/// let endpoint = Endpoint::builder()
///     .envoy(EnvoyHeaders::new().degraded().immediate_fail().cluster("orders"))
///     .build()?;
/// # let _ = endpoint;
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct EnvoyHeaders {
    degraded: bool,
    immediate_fail: bool,
    cluster: Option<String>,
}

impl EnvoyHeaders {
    /// Adds no header.
    pub const fn new() -> Self {
        Self { degraded: false, immediate_fail: false, cluster: None }
    }

    /// Adds `x-envoy-degraded` to reports with a warning: Envoy then uses the host only if the passing ones do not
    /// suffice.
    pub const fn degraded(mut self) -> Self {
        self.degraded = true;
        self
    }

    /// Adds `x-envoy-immediate-health-check-fail` to readiness reports while the service shuts down: Envoy then removes the
    /// host at once, whatever its `unhealthy_threshold`.
    ///
    /// Other reports lack the header: Envoy heeds it on every response, so an overview that is read through a gateway
    /// would remove the gateway.
    pub const fn immediate_fail(mut self) -> Self {
        self.immediate_fail = true;
        self
    }

    /// Adds `x-envoy-upstream-healthchecked-cluster` with this name to every report, so that a health check with a
    /// `service_name_matcher` notices an address that now belongs to another service. A name is visible ASCII.
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.cluster = Some(name.into());
        self
    }

    pub(in crate::http) fn validate(self) -> Result<ValidEnvoyHeaders, Vec<Problem>> {
        let Self { degraded, immediate_fail, cluster } = self;
        let cluster = cluster.map(|name| {
            let value = HeaderValue::try_from(&name).ok();
            value.filter(|_| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())).ok_or_else(|| {
                let reason = "the name of a cluster must be visible ASCII without spaces";
                vec![Problem::InvalidSetting { key: "EnvoyHeaders::cluster", value: name, reason }]
            })
        });
        Ok(ValidEnvoyHeaders { degraded, immediate_fail, cluster: cluster.transpose()? })
    }
}

/// Valid headers for Envoy.
#[derive(Clone, Debug)]
pub(in crate::http) struct ValidEnvoyHeaders {
    degraded: bool,
    immediate_fail: bool,
    cluster: Option<HeaderValue>,
}

impl ValidEnvoyHeaders {
    pub(in crate::http) fn insert(&self, headers: &mut HeaderMap, report: &Report) {
        if self.degraded && report.status() == Status::Warn {
            headers.insert(DEGRADED, TRUE);
        }
        if self.immediate_fail && report.cause() == Some(&Cause::Draining) {
            headers.insert(IMMEDIATE_FAIL, TRUE);
        }
        headers.extend(self.cluster.clone().map(|name| (CLUSTER, name)));
    }
}
