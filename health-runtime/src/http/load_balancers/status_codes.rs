use axum::http::StatusCode;

use crate::{
    error::Problem,
    model::{Cause, Report, Status},
    overrides::{OverrideLayers, is_report_code},
    render::{Context, Format, ReportView},
};

/// The HTTP status codes of reports.
///
/// Defaults: 200 for pass and warn, 503 for fail, and the code of a failure while the service shuts down.
///
/// Consul reads 429 as a warning, and every other code except 2xx as critical. A kubelet, `HAProxy` and Envoy read 429 as a
/// failure, so an address for Consul can have its own codes
/// ([`Endpoint::status_codes`](crate::Endpoint::status_codes)). `HAProxy` with `http-check disable-on-404` sends no new sessions to a server that
/// answers 404, and keeps the existing ones:
///
/// ```
/// use health_runtime::StatusCodes;
///
/// let for_consul = StatusCodes::new().warn(429);
/// let for_haproxy = StatusCodes::new().draining(404);
/// # let _ = (for_consul, for_haproxy);
/// ```
///
/// Some formats keep to their specifications: `health+json` has 2xx or 3xx for pass and warn and 4xx or 5xx for fail,
/// `actuator` and `microprofile` have 200 and 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct StatusCodes {
    pass: u16,
    warn: u16,
    fail: u16,
    draining: Option<u16>,
}

impl Default for StatusCodes {
    fn default() -> Self {
        Self::new()
    }
}

impl StatusCodes {
    /// Starts with the defaults.
    pub const fn new() -> Self {
        Self { pass: 200, warn: 200, fail: 503, draining: None }
    }

    /// Sets the code of a report that passes. Default: 200.
    pub const fn pass(mut self, code: u16) -> Self {
        self.pass = code;
        self
    }

    /// Sets the code of a report with a warning. Default: 200.
    pub const fn warn(mut self, code: u16) -> Self {
        self.warn = code;
        self
    }

    /// Sets the code of a report that fails. Default: 503.
    pub const fn fail(mut self, code: u16) -> Self {
        self.fail = code;
        self
    }

    /// Sets the code of a readiness report that fails only because the service shuts down. Default: the code of a report
    /// that fails.
    pub const fn draining(mut self, code: u16) -> Self {
        self.draining = Some(code);
        self
    }

    pub(crate) fn validate(self) -> Result<ValidStatusCodes, Vec<Problem>> {
        let mut invalid = Vec::new();
        let mut valid = |code: u16| {
            StatusCode::from_u16(code).ok().filter(|_| is_report_code(code)).unwrap_or_else(|| {
                invalid.push(code);
                StatusCode::OK
            })
        };
        let codes = ValidStatusCodes {
            pass: valid(self.pass),
            warn: valid(self.warn),
            fail: valid(self.fail),
            draining: self.draining.map(&mut valid),
        };
        invalid.dedup();
        let problems: Vec<_> = invalid.into_iter().map(|code| Problem::InvalidStatusCode { code }).collect();
        if problems.is_empty() { Ok(codes) } else { Err(problems) }
    }
}

/// Valid status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValidStatusCodes {
    pass: StatusCode,
    warn: StatusCode,
    fail: StatusCode,
    /// `None` for the code of a failure.
    draining: Option<StatusCode>,
}

impl ValidStatusCodes {
    /// Returns these codes with those of the settings at deploy time in their place.
    pub(crate) fn overridden_by(self, overrides: &OverrideLayers) -> Self {
        let code = |status| overrides.status_code(status).and_then(|code| StatusCode::from_u16(code).ok());
        Self {
            pass: code("pass").unwrap_or(self.pass),
            warn: code("warn").unwrap_or(self.warn),
            fail: code("fail").unwrap_or(self.fail),
            draining: code("draining").or(self.draining),
        }
    }

    pub(crate) fn for_report(self, report: &Report) -> StatusCode {
        match report.status() {
            Status::Pass => self.pass,
            Status::Warn => self.warn,
            Status::Fail if report.cause() == Some(&Cause::Draining) && report.status_of_checks() < Status::Fail => {
                self.draining.unwrap_or(self.fail)
            }
            Status::Fail => self.fail,
        }
    }

    /// Returns every code that a report can have, including those that the specifications of formats demand.
    #[cfg(feature = "openapi")]
    pub(crate) fn all(self) -> std::collections::BTreeSet<StatusCode> {
        let codes = [self.pass, self.warn, self.fail, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE];
        codes.into_iter().chain(self.draining).collect()
    }
}

/// Returns the status code that the specification of a format demands for a report; without a demand, the configured one.
pub(in crate::http) fn demanded(
    format: &Format,
    view: &ReportView<'_>,
    context: &Context<'_>,
    configured: StatusCode,
) -> StatusCode {
    // A rule that returns an invalid code would be a bug; the configured code is better than a panic.
    let rule = format.status_code.and_then(|rule| StatusCode::from_u16(rule(view, context, configured.as_u16())).ok());
    rule.unwrap_or(configured)
}
