//! Probe of another service's health.

mod expected_body;

use hyper::{
    Method, StatusCode,
    header::{CONTENT_ENCODING, HeaderValue},
};
use serde_json::Value;

use super::{
    deadline::Deadline,
    http_client::{HttpClient, StreamedResponse, http_settings},
    probe::{excerpt, idle_check, probe},
};
use crate::model::{Level, Outcome, Status};
use expected_body::{ExpectedBody, ReceivedBody};

/// Longest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;

probe! {
    /// The probe of [`probes::http`](http()).
    pub struct HttpProbe {
        client: HttpClient,
        accepted_codes: Vec<u16>,
        warning_codes: Vec<u16>,
        expected_body: ExpectedBody,
    }

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
    map: |probe, check| probe.client.file_faults().into_iter().fold(check, Self::fault);
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
/// Ask for the other service's readiness, such as `/readyz`, and not for its full report, which depends on more than its callers
/// need. A service with the endpoint of this library is a case for [`probes::service`](super::service()).
///
/// In a run, the request carries `Health-Path`, `Health-Budget` and the trace (see
/// [`outgoing_headers`](crate::outgoing_headers)), so that services that ask each other do not wait for each other. Turn that
/// off for a server of somebody else, see [`health_headers`](HttpProbe::health_headers).
///
/// The [guide](crate::_docs::probes#recipes-over-http) has recipes for servers such as Elasticsearch, Vault and the Kubernetes
/// API.
///
/// # Status
/// The worst of these counts:
/// - The status code: 2xx passes (see [`accepted_codes`](HttpProbe::accepted_codes)), 429 warns, as Consul reads it (see
///   [`warning_codes`](HttpProbe::warning_codes)), and every other code fails.
/// - The values that [`json`](HttpProbe::json) expects, and the texts that [`expected_text`](HttpProbe::expected_text) does.
/// - Without `json`, the body, if it is a JSON object whose `status` is a word for health, in any case: `pass`, `ok`, `up`,
///   `healthy`; `warn`, `degraded`; `fail`, `error`, `down`, `unhealthy`, `out_of_service`. Any other word or
///   body is ignored, and so is the `Content-Type`, because many services do not set it.
///
/// Redirects are not followed unless [`follow_redirects`](HttpProbe::follow_redirects) allows it; the message names the location.
///
/// # Limits
/// Each run opens a new connection, which shows that the service still listens, and verifies its certificate anew. At most 64 KiB of the body and 64 KiB of the
/// head are read, and the whole request ends within the check's timeout (see
/// [`timeout`](HttpProbe::timeout)). A body that is longer, or compressed although that is not asked for, is ignored, or fails if
/// something is expected of it; a body that breaks off or does not
/// end fails. Proxies from the environment are used only if [`proxy_from_environment`](HttpProbe::proxy_from_environment) allows it.
/// A run that is dropped closes its connection; only a name lookup and the read of a file go on
/// until the operating system ends them, on a thread of the blocking pool, and later runs wait for them instead of starting
/// others.
///
/// # Start-up errors
/// The URL is not absolute, has another scheme, a port out of range, or credentials; a setting is not valid; or a file cannot be
/// read. All of them are reported at once. Messages name the URL without its query.
#[track_caller]
pub fn http(url: impl AsRef<str>) -> HttpProbe {
    let mut client = HttpClient::new(url.as_ref(), "application/health+json, application/json, */*");
    client.has_health_headers = true;
    let name = client.url().map_or_else(|| "http".to_owned(), |url| format!("http_{}", url.check_name()));
    HttpProbe {
        check: idle_check(name, Level::L3),
        client,
        accepted_codes: (200..=299).collect(),
        warning_codes: vec![429],
        expected_body: ExpectedBody::default(),
    }
}

impl HttpProbe {
    /// Sets the status codes that pass, in place of 2xx. Kubernetes accepts `200..=399`; for a service that requires
    /// credentials, `[401]` shows that it answers; a standby of Vault answers `[200, 429, 473]`. No code at all, or one
    /// outside of 100 to 999, is a start-up error.
    pub fn accepted_codes(mut self, codes: impl IntoIterator<Item = u16>) -> Self {
        self.accepted_codes = codes.into_iter().collect();
        self
    }

    /// Sets the status codes that warn, unless they are accepted. Default: `[429]`. `[]` stands for none. A code outside of 100
    /// to 999 is a start-up error.
    pub fn warning_codes(mut self, codes: impl IntoIterator<Item = u16>) -> Self {
        self.warning_codes = codes.into_iter().collect();
        self
    }

    /// Sets whether a request names the services that it has passed, the time that is left and the trace: `Health-Path`,
    /// `Health-Budget` and `traceparent`. Default: on. Other organizations learn the names of your services from them. They are never
    /// sent to another scheme, host or port, to which a redirect may lead.
    pub fn health_headers(mut self, are_sent: bool) -> Self {
        self.client.has_health_headers = are_sent;
        self
    }

    /// Sets the method. Default: `GET`. The response to `HEAD` has no body. A name that is not a valid method in capital letters,
    /// and `CONNECT`, are start-up errors.
    pub fn method(mut self, method: impl AsRef<str>) -> Self {
        let method = method.as_ref();
        let is_upper_case = !method.bytes().any(|byte| byte.is_ascii_lowercase());
        let parsed = method.parse().ok().filter(|parsed| is_upper_case && *parsed != Method::CONNECT);
        self.client.method = parsed.ok_or_else(|| {
            format!("`{}` is not a valid method; write for example `HEAD` or `POST`", method.escape_debug())
        });
        self
    }

    /// Sends this body, for services that answer a question in it. Set the method, and its type as a header.
    ///
    /// ```
    /// use health_runtime::{Status, probes};
    ///
    /// let node = probes::http("http://node.internal:8545/")
    ///     .method("POST")
    ///     .header("content-type", "application/json")
    ///     .request_body(r#"{"jsonrpc":"2.0","id":1,"method":"eth_syncing","params":[]}"#)
    ///     .json("/result", [(false, Status::Pass)]);
    /// ```
    pub fn request_body(mut self, body: impl Into<String>) -> Self {
        self.client.body = body.into();
        self
    }

    /// Expects one of these values at a JSON pointer (RFC 6901) in the body, and gives each its status. Any other value, no
    /// value, and a body that is not valid JSON fail. Values are compared with their type: `"true"` is not `true`. For values of
    /// several types write `serde_json::json!("up")` and so on. May be called more than once.
    ///
    /// A pointer without `/` at its beginning, no value at all, and one value with two statuses are start-up errors.
    ///
    /// ```
    /// use health_runtime::{Status, probes};
    ///
    /// let search = probes::http("http://elasticsearch.internal:9200/_cluster/health")
    ///     .json("/status", [("green", Status::Pass), ("yellow", Status::Warn), ("red", Status::Fail)])
    ///     .json("/timed_out", [(false, Status::Pass)]);
    /// ```
    pub fn json<V: Into<Value>>(
        mut self,
        pointer: impl Into<String>,
        statuses: impl IntoIterator<Item = (V, Status)>,
    ) -> Self {
        let statuses = statuses.into_iter().map(|(value, status)| (value.into(), status)).collect();
        self.expected_body.add_value(pointer.into(), statuses);
        self
    }

    /// Fails unless the body contains this text. May be called more than once. An empty text is a start-up error.
    pub fn expected_text(mut self, text: impl Into<String>) -> Self {
        self.expected_body.add_text(text.into());
        self
    }

    async fn look(&self, deadline: Deadline) -> Result<HttpAnswer, String> {
        let mut response = self.client.send(deadline).await?;
        let StreamedResponse { summary, remarks, .. } = &response;
        let (summary, remarks) = (summary.clone(), remarks.clone());
        let encoding = response.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let encoding = encoding.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
        let encoding = encoding.map(|name| excerpt(&String::from_utf8_lossy(name)));
        let body = deadline
            .wait(&format!("{summary}, but its body did not end"), response.body(MAX_BODY_BYTES))
            .await?
            .map_err(|error| format!("{summary}, but its body broke off: {error}"))?;
        let body = match (body, encoding) {
            (None, _) => ReceivedBody::TooLong,
            (Some(body), Some(encoding)) if !body.is_empty() => ReceivedBody::Encoded(encoding),
            (Some(body), _) => ReceivedBody::Whole(body),
        };
        Ok(HttpAnswer { code: response.status, summary, remarks, body })
    }

    fn judge(&self, answer: HttpAnswer) -> Outcome {
        let by_code = self.judge_code(answer.code);
        let mut findings = self.expected_body.judge(&answer.body);
        // The body of an error is often a page, which is not worth another complaint.
        findings.retain(|finding| finding.is_reported || by_code != Status::Fail);
        let status = Status::worst(findings.iter().map(|finding| finding.status).chain([by_code]));
        let texts = findings.into_iter().map(|finding| finding.text);
        Outcome::new(status)
            .with_message([answer.summary].into_iter().chain(texts).chain([answer.remarks]).collect::<String>())
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.client.faults();
        let codes = self.accepted_codes.iter().chain(&self.warning_codes);
        if let Some(code) = codes.into_iter().find(|code| !(100..=999).contains(*code)) {
            faults.push(format!("{code} is not a valid status code; take codes from 100 to 999"));
        }
        if self.accepted_codes.is_empty() {
            faults.push("no status code is accepted; give `accepted_codes` at least one, such as `[200]`".to_owned());
        }
        if self.client.method == Ok(Method::HEAD) && !self.expected_body.is_empty() {
            faults.push("the response to `HEAD` has no body, of which something is expected; write `GET`".to_owned());
        }
        faults.extend(self.expected_body.faults());
        faults
    }

    fn judge_code(&self, code: StatusCode) -> Status {
        match code.as_u16() {
            code if self.accepted_codes.contains(&code) => Status::Pass,
            code if self.warning_codes.contains(&code) => Status::Warn,
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
    /// The end of the message.
    remarks: String,
    body: ReceivedBody,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_status_codes_are_faults() {
        for (codes, is_valid) in [
            (vec![200, 299], true),
            (vec![204], true),
            (vec![100, 999], true),
            (vec![], false),
            (vec![0, 200], false),
            (vec![200, 1_000], false),
        ] {
            let probe = http("http://a/").accepted_codes(codes.clone());
            assert_eq!(probe.faults().is_empty(), is_valid, "{codes:?}");
            let probe = http("http://a/").warning_codes(codes.clone());
            assert_eq!(probe.faults().is_empty(), is_valid || codes.is_empty(), "{codes:?}");
        }
    }
}
