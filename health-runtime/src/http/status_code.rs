use axum::http::StatusCode;

use crate::{error::Problem, model::Status};

/// Which HTTP status code a report has.
///
/// Defaults: pass and warn 200, fail 503. Consul, for one, reads 429 as a warning:
///
/// ```
/// use health_runtime::StatusCodes;
///
/// let for_consul = StatusCodes::new().warn(429);
/// # let _ = for_consul;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct StatusCodes {
    pass: u16,
    warn: u16,
    fail: u16,
}

impl Default for StatusCodes {
    fn default() -> Self {
        Self::new()
    }
}

impl StatusCodes {
    /// The defaults.
    pub const fn new() -> Self {
        Self { pass: 200, warn: 200, fail: 503 }
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

    pub(crate) fn validate(self) -> Result<ValidStatusCodes, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut valid = |code: u16| {
            // 1xx are no final answers, and 204 and 304 can have no body.
            let code = if matches!(code, 204 | 304) { 0 } else { code };
            StatusCode::from_u16(code).ok().filter(|code| (200..600).contains(&code.as_u16())).unwrap_or_else(|| {
                problems.push(Problem::InvalidStatusCode { code });
                StatusCode::OK
            })
        };
        let codes = ValidStatusCodes { pass: valid(self.pass), warn: valid(self.warn), fail: valid(self.fail) };
        if problems.is_empty() { Ok(codes) } else { Err(problems) }
    }
}

/// Status codes that can be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidStatusCodes {
    pass: StatusCode,
    warn: StatusCode,
    fail: StatusCode,
}

impl ValidStatusCodes {
    pub(crate) const fn of(self, status: Status) -> StatusCode {
        match status {
            Status::Pass => self.pass,
            Status::Warn => self.warn,
            Status::Fail => self.fail,
        }
    }
}
