//! Probe of another service that has the endpoint of this library.

mod report;
mod root_causes;

use hyper::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use super::{
    deadline::Deadline,
    http_client::{HttpClient, StreamedResponse, http_settings},
    probe::{excerpt, idle_check, judged, probe},
};
use crate::{
    health_path::{Distances, LIMITED_HEADER, current_check},
    model::{Level, Outcome, RemoteRootCauses, RootCause, Status},
    sync::lock,
    text::escape_controls,
};
use report::RemoteReport;
use root_causes::NamedRootCauses;

/// Longest report that is read: some thousand checks.
const MAX_REPORT_BYTES: usize = 1024 * 1024;

/// Most names in a list of the data.
const MAX_NAMES: usize = 16;

/// The `base_path` of an endpoint that sets none.
const DEFAULT_BASE_PATH: &str = "/health";

/// The last parts of paths that are routes of an endpoint, and not its base path.
const ROUTES: [&str; 7] = ["readyz", "livez", "startupz", "ready", "live", "startup", "levels"];

/// The parameters of an endpoint that select among its checks. Any other in the URL may admit the caller to more than others.
const PARAMETERS: [&str; 3] = ["exclude", "tag", "timeout"];

probe! {
    /// The probe of [`probes::service`](service()).
    pub struct ServiceProbe { client: HttpClient, base_path: String, query: String }

    /// Sends one request.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 3)]` above it.
    /// async fn billing() -> Outcome {
    ///     probes::service("http://billing.internal:8080").observe().await
    /// }
    /// ```
    task fn observe;
    map: |probe, check| probe.client.file_faults().into_iter().fold(check, Self::fault);
}

/// Checks another service that has the endpoint of this library: asks for its readiness, or for a level, and shows what it
/// reports.
///
/// Name `service_` and the host with its port (`service_billing.internal_8080`), level 3. `http://`, and with the feature
/// `probe-https` also `https://`. A service with another kind of health endpoint is a case for [`probes::http`](super::http()).
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let billing = probes::service("http://billing.internal:8080").name("billing");
/// let registry = Registry::builder().check(billing).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// # URL
/// The path of the URL is the `base_path` of the other endpoint, `/health` if there is none: `http://gateway/billing/health`. A query
/// is sent along, so `?tag=core` and `?exclude=audit` select among its checks.
///
/// # Status
/// The status is that of the report. Every answer without a report fails, each with a message of its own: refused
/// credentials, a path without an endpoint, a redirect, a body that is not a report, a server that is down, silent or slow. A
/// report of more than 1 MiB is not read: it warns if the status code is 2xx, and else fails.
///
/// # Data
/// | field | meaning |
/// |---|---|
/// | `status` | status that the service reports: `pass`, `warn` or `fail` |
/// | `service`, `version` | its name and version, if its endpoint shows build info to this caller |
/// | `failing`, `warning` | names of its checks with this status that are not muted, at most 16 of each; left out without any |
/// | `unknown` | names of its checks that have no result yet and wait for none, because they ask other services, too (causes `loop`, `depth`, and `pending` if it warns); they do not count if the answer is limited by its path |
/// | `ignored_root_causes` | root causes that do not count, see below; left out without any |
///
/// Names come from the other service: secrets in them are masked, control characters escaped, and 128 bytes shown at most.
///
/// # Root causes
/// A service that does not pass names the checks at fault, each as a path of services: `billing/ledger/db`. The result of this
/// check [carries](crate::CheckResult::root_causes) them, and reports show them to everybody who sees the check; if the probe
/// has credentials or its URL a parameter that no endpoint reads, such as a gateway's token, only to callers who see details. A
/// root cause is ignored if its path leads back to this service, which is then at fault itself, if it names a service three
/// times, if it is longer than 1,024 bytes, or if a path with fewer services, through the same first two, led to it in the time
/// of the latest eight runs (ten minutes at most): then it is a rumour about a fault that is mended. A service that has no other reason counts as passing, or as warning if
/// other checks of it warn, so that no failure goes round and outlives its cause. The name of a service is that of its build info, else that of its
/// program: give each a name of its own. A service without build info takes no path for one that leads back, because
/// another program may have the same name. A service that hides its name from this caller has the name of the check.
///
/// # Limits
/// Each run opens a new connection, which shows that the service still listens. Headers, proxies, redirects and certificates are settings, as for
/// [`probes::http`](super::http()).
///
/// # Start-up errors
/// The URL is not absolute, has another scheme, a port out of range, or credentials, or names a route such as `/readyz`; a
/// setting is not valid; or a file cannot be read. All of them are reported at once. Messages name the URL without its query.
#[track_caller]
pub fn service(url: impl AsRef<str>) -> ServiceProbe {
    let mut client = HttpClient::new(url.as_ref(), "application/json");
    client.has_health_headers = true;
    let name = client.url().map_or_else(|| "service".to_owned(), |url| format!("service_{}", url.check_name()));
    let path = client.url().map_or("", |url| url.path()).trim_end_matches('/');
    let base_path = if path.is_empty() { DEFAULT_BASE_PATH } else { path }.to_owned();
    let query = client.url().and_then(|url| url.query()).map(|query| format!("{query}&")).unwrap_or_default();
    ServiceProbe { check: idle_check(name, Level::L3), client, base_path, query }.asking("ready", "format=json")
}

impl ServiceProbe {
    /// Asks for this level of the other service, and for the shallower ones, instead of its readiness. Level 1 is its whole
    /// report.
    ///
    /// A report that runs checks takes as long as they do, and depends on the services that they ask. Two services may ask each
    /// other for levels: neither waits for itself.
    ///
    /// ```
    /// use health_runtime::{Level, probes};
    ///
    /// let billing = probes::service("http://billing.internal:8080").remote_level(Level::L2);
    /// ```
    pub fn remote_level(self, level: Level) -> Self {
        self.asking(&format!("levels/{level}"), "format=json&view=native&cumulative")
    }

    /// Sets whether a request names the services that it has passed, the time that is left and the trace: `Health-Path`,
    /// `Health-Budget` and `traceparent`. Default: on. Without them, services that ask each other for levels wait for each
    /// other until all of them time out.
    pub fn health_headers(mut self, are_sent: bool) -> Self {
        self.client.has_health_headers = are_sent;
        self
    }

    fn asking(mut self, route: &str, options: &str) -> Self {
        self.client.set_target(&format!("{}/{route}?{}{options}", self.base_path, self.query));
        self
    }

    async fn look(&self, deadline: Deadline) -> Result<ServiceAnswer, String> {
        let mut response = self.client.send(deadline).await?;
        let StreamedResponse { status: code, summary, remarks, .. } = &response;
        let (code, summary, remarks) = (*code, summary.clone(), remarks.clone());
        if code.is_redirection() {
            return Err(format!(
                "{summary}; write the URL to which it leads, or allow redirects by `follow_redirects`{remarks}"
            ));
        }
        let media_type = media_type(&response.headers);
        let is_limited = response.headers.contains_key(LIMITED_HEADER);
        let body = deadline
            .wait(&format!("{summary}, but its report did not end"), response.body(MAX_REPORT_BYTES))
            .await?
            .map_err(|error| format!("{summary}, but its report broke off: {error}"))?;
        let report = match &body {
            None if code.is_success() => None,
            None => return Err(format!("{summary}, with a report too long to be read{remarks}")),
            Some(body) if media_type == "application/json" => {
                let report = self.parse(body);
                Some(report.map_err(|fault| format!("{summary}, {}{remarks}", self.advice(code).unwrap_or(fault)))?)
            }
            Some(body) => {
                let advice = self.advice(code).or_else(|| problem(&media_type, body));
                let advice = advice.unwrap_or_else(|| not_a_report(&media_type));
                return Err(format!("{summary}, {advice}{remarks}"));
            }
        };
        Ok(ServiceAnswer { summary, remarks, report, is_limited })
    }

    /// Reads a report for the service whose run this is.
    fn parse(&self, body: &[u8]) -> Result<RemoteReport, String> {
        let (name, spec) = (self.check.spec().name(), self.check.spec());
        let Some(check) = current_check() else {
            return RemoteReport::parse(body, name, None, &mut Distances::new(spec));
        };
        let own_service = check.instance.declared_service();
        RemoteReport::parse(body, name, own_service.as_deref(), &mut lock(&check.distances))
    }

    /// Returns the meaning of a status code without a report, and what to set.
    fn advice(&self, code: StatusCode) -> Option<String> {
        match code {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(
                "so it does not admit this probe; give it credentials, for example by `bearer_file`, `basic_auth` or \
                 `header`"
                    .to_owned(),
            ),
            StatusCode::NOT_FOUND => Some(format!(
                "so it has no such report below `{}`; write the `base_path` of its endpoint into the URL, such as \
                 `http://host:8080/ops/health`",
                escape_controls(&self.base_path)
            )),
            StatusCode::TOO_MANY_REQUESTS => Some(
                "so it limits requests from this address; ask it less often, by `max_age` or `interval`".to_owned(),
            ),
            _ => None,
        }
    }

    fn judge(&self, answer: ServiceAnswer) -> Outcome {
        let ServiceAnswer { summary, remarks, report, is_limited } = answer;
        let Some(report) = report else {
            let advice = "with a report too long to be read; ask for a part of it, by a tag in the URL: `?tag=core`";
            return Outcome::warn(format!("{summary}, {advice}{remarks}"));
        };
        let known = if is_limited { report.known_status() } else { report.status };
        let RemoteReport { status: reported, cause, service, version, failing, warning, unknown, .. } = report;
        let are_all_ignored = report.root_causes.are_all_ignored();
        let NamedRootCauses { counted, ignored, .. } = report.root_causes;
        let (status, causes) = match report.warning_causes.counted {
            _ if !are_all_ignored => (known, counted),
            // Without its failures, its own warnings are left.
            warnings if reported == Status::Fail && !warnings.is_empty() => (Status::Warn, warnings),
            _ => (Status::Pass, Vec::new()),
        };
        let affected = if reported == Status::Fail { &failing } else { &warning };
        let reasons = match (cause, &*causes) {
            (Some(cause), []) => format!("`{cause}`"),
            (None, []) => affected.join(", "),
            (_, counted) => counted.iter().map(RootCause::as_str).collect::<Vec<_>>().join(", "),
        };
        let reasons = if reasons.is_empty() { reasons } else { format!(", because of {reasons}") };
        let message = format!("{summary}, and reports {reported}{reasons}{remarks}");
        let facts = ServiceFacts {
            status: reported.as_str(),
            service,
            version,
            failing,
            warning,
            unknown,
            ignored_root_causes: ignored,
        };
        let causes = if status == Status::Pass { Vec::new() } else { causes };
        let are_details = self.client.has_credentials() || self.has_own_parameter();
        judged(status, facts, Some(message)).with_root_causes(RemoteRootCauses::new(causes, are_details))
    }

    /// Returns whether the URL has a parameter that no endpoint reads, such as a gateway's token.
    fn has_own_parameter(&self) -> bool {
        let mut parameters = self.query.split('&').filter(|parameter| !parameter.is_empty());
        let is_known = |parameter: &str| PARAMETERS.contains(&parameter.split('=').next().unwrap_or_default());
        parameters.any(|parameter| !is_known(parameter))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.client.faults();
        if let Some(route) = self.base_path.rsplit('/').next().filter(|last| ROUTES.contains(last)) {
            faults.push(format!(
                "its URL ends with the route `{route}`; write the `base_path` of the other endpoint alone, such as \
                 `http://billing:8080/health`"
            ));
        }
        faults
    }
}

http_settings! { ServiceProbe }

/// The answer of a service.
struct ServiceAnswer {
    /// URL and status code, for a person.
    summary: String,
    /// The end of the message.
    remarks: String,
    /// `None` if it is too long.
    report: Option<RemoteReport>,
    /// Whether it shows less than another caller may learn.
    is_limited: bool,
}

#[derive(Serialize)]
struct ServiceFacts {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warning: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored_root_causes: Vec<String>,
}

/// Returns the media type without its parameters, in small letters; empty without one.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the explanation in a problem (RFC 9457).
fn problem(media_type: &str, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ProblemBody {
        detail: String,
    }

    let problem = Some(body).filter(|_| media_type == "application/problem+json")?;
    let ProblemBody { detail } = serde_json::from_slice(problem).ok()?;
    Some(format!("with the explanation: {}", escape_controls(&excerpt(&detail))))
}

fn not_a_report(media_type: &str) -> String {
    let advice = "not a health report of this library; check another kind of service by `probes::http`";
    match media_type {
        "" => format!("with a body of no media type, {advice}"),
        media_type => format!("with a body of the media type `{}`, {advice}", escape_controls(&excerpt(media_type))),
    }
}
