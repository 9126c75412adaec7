//! Probe of another service's health.

use std::{fmt::Write as _, ops::RangeInclusive};

use hyper::{StatusCode, header::LOCATION};
use serde_json::Value;

use super::{
    deadline::Deadline,
    http_client::{HttpClient, StreamedResponse, http_settings, redact_location},
    probe::{idle_check, probe},
};
use crate::model::{Level, Outcome, Status};

/// Longest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;

probe! {
    /// The probe of [`probes::http`](http()).
    pub struct HttpProbe { client: HttpClient, accepted_codes: RangeInclusive<u16> }

    /// Sends one request.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 3)]` above it.
    /// async fn billing() -> Outcome {
    ///     probes::http("http://billing.internal/readyz").observe().await
    /// }
    /// ```
    task fn observe;
}

/// Checks the health that another service reports over HTTP.
///
/// Name `http_` and the host with its port (`http_billing.internal_8080`), level 3, and no data: in the
/// values view it is a boolean. `http://`, and with the feature `probe-https` also `https://`.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let billing = probes::http("http://billing.internal/readyz").name("billing");
/// let registry = Registry::builder().check(billing).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// # Path
/// Ask for the other service's readiness, such as `/readyz`, and not for its full report: if two services ask each other
/// for that, each report waits for the other, until both time out. Keep this check out of the readiness group, or
/// readiness waits in the same way.
///
/// # Status
/// The worse of two counts:
/// - The status code: 2xx passes (see [`accepted_codes`](HttpProbe::accepted_codes)), 429 warns, as
///   Consul reads it, and every other code fails. Redirects are not followed, because the health of another location is not
///   that of the service; the message names the location.
/// - The body, if it is a JSON object whose `status` is a word for health, in any case: `pass`, `ok`, `up`,
///   `healthy`; `warn`, `degraded`; `fail`, `error`, `down`, `unhealthy`, `out_of_service`. Any other word or
///   body is ignored, and so is the `Content-Type`, because many services do not set it.
///
/// # Limits
/// Each run opens a new connection, which shows that the service still listens. At most 64 KiB of the body and 64 KiB of the
/// head are read, and the whole request ends within the check's timeout (see
/// [`timeout`](HttpProbe::timeout)). A longer body is ignored; a body that breaks off or does not
/// end fails. Proxies from the environment are not used. A run that is dropped closes its connection; only a name lookup goes on
/// until the operating system ends it, on a thread of the blocking pool.
///
/// # Start-up errors
/// The URL is not absolute, has another scheme, a port out of range, or credentials. Messages name the URL without its query.
#[track_caller]
pub fn http(url: impl AsRef<str>) -> HttpProbe {
    let client = HttpClient::new(url.as_ref(), "application/health+json, application/json, */*");
    let name = client.url().map_or_else(|| "http".to_owned(), |url| format!("http_{}", url.check_name()));
    HttpProbe { check: idle_check(name, Level::L3), client, accepted_codes: 200..=299 }
}

impl HttpProbe {
    /// Sets the status codes that pass. Default: `200..=299`. Kubernetes accepts `200..=399`; for a service
    /// that requires credentials, `401..=401` shows that it answers. A range that is empty or exceeds 100 to
    /// 999 is a start-up error.
    pub fn accepted_codes(mut self, codes: RangeInclusive<u16>) -> Self {
        self.accepted_codes = codes;
        self
    }

    async fn look(&self, deadline: Deadline) -> Result<HttpAnswer, String> {
        let mut response = self.client.get(deadline).await?;
        let code = response.status;
        let url = self.client.url().map(ToString::to_string).unwrap_or_default();
        let summary = format!("{url} answered {}", describe(code));
        let body = deadline
            .wait(&format!("{summary}, but its body did not end"), read_body(&mut response))
            .await?
            .map_err(|error| format!("{summary}, but its body broke off: {error}"))?;
        let location = response.headers.get(LOCATION).filter(|_| code.is_redirection());
        Ok(HttpAnswer {
            code,
            summary,
            location: location.and_then(|value| redact_location(value.to_str().ok()?)),
            reported: body.as_deref().and_then(status_in),
            is_body_too_long: body.is_none(),
        })
    }

    fn judge(&self, answer: HttpAnswer) -> Outcome {
        let status = Status::worst(answer.reported.into_iter().chain([self.judge_code(answer.code)]));
        let mut message = answer.summary;
        if let Some(location) = answer.location {
            let _ = write!(message, ", a redirect to {location}, which is not followed");
        }
        if let Some(reported) = answer.reported {
            let _ = write!(message, ", and reports `{reported}`");
        }
        if answer.is_body_too_long {
            message += ", with a body too long to be read";
        }
        Outcome::new(status).with_message(message)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.client.faults();
        faults.extend(self.invalid_codes());
        faults
    }

    fn invalid_codes(&self) -> Option<String> {
        let (first, last) = (self.accepted_codes.start(), self.accepted_codes.end());
        (self.accepted_codes.is_empty() || *first < 100 || *last > 999)
            .then(|| format!("{first} to {last} is not a valid range of status codes; take one within 100 to 999"))
    }

    fn judge_code(&self, code: StatusCode) -> Status {
        match code {
            code if self.accepted_codes.contains(&code.as_u16()) => Status::Pass,
            StatusCode::TOO_MANY_REQUESTS => Status::Warn,
            _ => Status::Fail,
        }
    }
}

http_settings! { HttpProbe }

/// Facts about a response.
struct HttpAnswer {
    code: StatusCode,
    /// URL and status code, for a person.
    summary: String,
    /// Destination of a redirect.
    location: Option<String>,
    /// Status in the body.
    reported: Option<Status>,
    is_body_too_long: bool,
}

/// Reads the body; `None` if it is too long, whose rest is not read.
async fn read_body(response: &mut StreamedResponse) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// Returns the status that a service reports, in the words of the health+json draft and its aliases, of Spring and of .NET.
fn status_in(body: &[u8]) -> Option<Status> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.get("status")?.as_str()?.to_ascii_lowercase().as_str() {
        "pass" | "ok" | "up" | "healthy" => Some(Status::Pass),
        "warn" | "degraded" => Some(Status::Warn),
        "fail" | "error" | "down" | "unhealthy" | "out_of_service" => Some(Status::Fail),
        _ => None,
    }
}

fn describe(code: StatusCode) -> String {
    match code.canonical_reason() {
        Some(reason) => format!("{} {reason}", code.as_u16()),
        None => code.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_health_are_parsed() {
        for (body, status) in [
            (r#"{"status":"pass"}"#, Some(Status::Pass)),
            (r#" {"status": "UP", "components": {}} "#, Some(Status::Pass)),
            (r#"{"status":"Ok"}"#, Some(Status::Pass)),
            (r#"{"status":"warn"}"#, Some(Status::Warn)),
            (r#"{"status":"Degraded"}"#, Some(Status::Warn)),
            (r#"{"status":"DOWN"}"#, Some(Status::Fail)),
            (r#"{"status":"error"}"#, Some(Status::Fail)),
            (r#"{"status":"OUT_OF_SERVICE"}"#, Some(Status::Fail)),
            (r#"{"status":"active"}"#, None),
            (r#"{"status":200}"#, None),
            (r#"{"health":"fail"}"#, None),
            (r#""fail""#, None),
            (r#"{"status":"fail""#, None),
            ("fail", None),
            ("", None),
        ] {
            assert_eq!(status_in(body.as_bytes()), status, "{body}");
        }
    }

    #[test]
    fn invalid_ranges_of_codes_are_faults() {
        #[expect(clippy::reversed_empty_ranges, reason = "an empty range is a fault")]
        for (codes, is_valid) in [
            (200..=299, true),
            (204..=204, true),
            (100..=999, true),
            (299..=200, false),
            (0..=299, false),
            (200..=1_000, false),
        ] {
            let probe = http("http://a/").accepted_codes(codes.clone());
            assert_eq!(probe.faults().is_empty(), is_valid, "{codes:?}");
        }
    }
}
