//! Whether another service is well.

use std::ops::RangeInclusive;

use hyper::{StatusCode, header::LOCATION};
use serde_json::Value;

use super::{
    Http, Probe,
    exchange::{Answer, shown},
    patience::Patience,
};
use crate::model::{Check, Level, Outcome, Status};

/// The most that is read of a body.
const MOST_READ: usize = 64 * 1024;

/// What [`probes::http`](http()) asks.
#[derive(Clone, Debug)]
pub struct Health {
    accepted: RangeInclusive<u16>,
}

/// Whether another service is well, as it says itself.
///
/// Name `http_` and the host with its port (`http_billing.internal_8080`), level 3, and no data: in the
/// values view it is a boolean. `http://`, and with the feature `probe-https` also `https://`.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let billing = probes::http("http://billing.internal/readyz").with_name("billing");
/// let registry = Registry::builder().check(billing).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// # Which path to ask
/// The readiness of the other service, such as `/readyz`, and not its full report: where two services ask each other
/// for that, each report waits for the other, until both time out. Keep this check out of the readiness group, or
/// readiness waits in the same way.
///
/// # The verdict
/// The worse of two:
/// - The status code: 2xx passes (see [`with_accepted_codes`](Probe::with_accepted_codes)), 429 warns, which
///   is Consul's word for it, and everything else fails. Redirects are not followed, since the health of where
///   they lead is not that of the service; the message names the place.
/// - The body, if it is a JSON object whose `status` is a word for health, in any case: `pass`, `ok`, `up`,
///   `healthy`; `warn`, `degraded`; `fail`, `error`, `down`, `unhealthy`, `out_of_service`. Any other word or
///   body has no say. It is read whatever its `Content-Type`, because many services do not set one.
///
/// # Limits
/// Each run connects anew, so that a service that stopped listening is seen. At most 64 KiB of the body are
/// read and 64 KiB of the head, and the whole exchange ends within the check's timeout (see
/// [`with_timeout`](Probe::with_timeout)). A body that is longer has no say; one that breaks off or does not
/// end fails. Proxies from the environment are not used.
///
/// # Start-up errors
/// A URL that is not absolute, has another scheme, a port out of range, or holds credentials. Messages name the URL
/// without its query.
#[track_caller]
pub fn http(url: impl AsRef<str>) -> Probe<Http<Health>> {
    let health = Health { accepted: 200..=299 };
    let kind = Http::new(url.as_ref(), "application/health+json, application/json, */*", health);
    let name = kind.target().map_or_else(|| "http".to_owned(), |target| format!("http_{}", target.as_name()));
    Probe::new(name, Level::L3, kind)
}

impl Probe<Http<Health>> {
    /// Sets the status codes that pass. Default: `200..=299`. Kubernetes accepts `200..=399`; for a service
    /// that refuses strangers, `401..=401` shows that it is there. An empty range, or one that leaves 100 to
    /// 999, is a start-up error.
    pub fn with_accepted_codes(mut self, codes: RangeInclusive<u16>) -> Self {
        self.kind.question.accepted = codes;
        self
    }

    /// Asks once.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 3)]` above it.
    /// async fn billing() -> Outcome {
    ///     probes::http("http://billing.internal/readyz").observe().await
    /// }
    /// ```
    ///
    /// # Cancellation
    /// Dropping the future closes the connection. Only a search for an address that has begun is ended by the
    /// operating system itself, on a thread of the blocking pool.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time and I/O.
    pub async fn observe(&self) -> Outcome {
        self.ask(Patience::of(self.timeout())).await.unwrap_or_else(Outcome::fail)
    }

    async fn ask(&self, patience: Patience) -> Result<Outcome, String> {
        if let Some(fault) = self.kind.question.fault() {
            return Err(fault);
        }
        let mut answer = self.kind.get(patience).await?;
        let code = answer.status;
        let target = self.kind.target().map(ToString::to_string).unwrap_or_default();
        let body = patience
            .wait(&format!("{target} answered {}, but its body did not end", shown_code(code)), read(&mut answer))
            .await?
            .map_err(|error| format!("{target} answered {}, but its body broke off: {error}", shown_code(code)))?;

        let by_body = body.as_deref().and_then(status_in);
        let status = Status::worst(by_body.into_iter().chain([self.kind.question.judge(code)]));
        let mut said = vec![format!("{target} answered {}", shown_code(code))];
        if code.is_redirection()
            && let Some(location) = answer.headers.get(LOCATION).and_then(|value| shown(value.to_str().ok()?))
        {
            said.push(format!("which leads to {location} and is not followed"));
        }
        if let Some(by_body) = by_body {
            said.push(format!("and says {by_body} of itself"));
        }
        if body.is_none() {
            said.push("with a body too long to be read".to_owned());
        }
        Ok(Outcome::new(status).with_message(said.join(", ")))
    }
}

#[diagnostic::do_not_recommend]
impl From<Probe<Http<Health>>> for Check {
    fn from(probe: Probe<Http<Health>>) -> Self {
        let faults: Vec<_> = probe.kind.faults().into_iter().chain(probe.kind.question.fault()).collect();
        probe.into_task(faults, |probe| async move { probe.observe().await })
    }
}

impl Health {
    fn fault(&self) -> Option<String> {
        let (first, last) = (self.accepted.start(), self.accepted.end());
        (self.accepted.is_empty() || *first < 100 || *last > 999)
            .then(|| format!("{first} to {last} is not a range of status codes"))
    }

    fn judge(&self, code: StatusCode) -> Status {
        match code {
            code if self.accepted.contains(&code.as_u16()) => Status::Pass,
            StatusCode::TOO_MANY_REQUESTS => Status::Warn,
            _ => Status::Fail,
        }
    }
}

/// The body, or `None` if it is too long. The rest of such a one is never asked for.
async fn read(answer: &mut Answer) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > MOST_READ {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// What a service says of itself: the words of the health+json draft and its aliases, of Spring and of .NET.
fn status_in(body: &[u8]) -> Option<Status> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.get("status")?.as_str()?.to_ascii_lowercase().as_str() {
        "pass" | "ok" | "up" | "healthy" => Some(Status::Pass),
        "warn" | "degraded" => Some(Status::Warn),
        "fail" | "error" | "down" | "unhealthy" | "out_of_service" => Some(Status::Fail),
        _ => None,
    }
}

fn shown_code(code: StatusCode) -> String {
    match code.canonical_reason() {
        Some(reason) => format!("{} {reason}", code.as_u16()),
        None => code.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_health_are_understood() {
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
    fn ranges_of_no_codes_are_faults() {
        #[expect(clippy::reversed_empty_ranges, reason = "what is tested")]
        for (accepted, legal) in [
            (200..=299, true),
            (204..=204, true),
            (100..=999, true),
            (299..=200, false),
            (0..=299, false),
            (200..=1_000, false),
        ] {
            assert_eq!(Health { accepted: accepted.clone() }.fault().is_none(), legal, "{accepted:?}");
        }
    }
}
