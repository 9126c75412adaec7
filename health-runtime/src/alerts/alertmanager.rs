use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    backoff::Backoff,
    firing::FiringAlerts,
    outage::Outage,
    post::{self, Post},
    sender::{Sender, sender_settings},
};
use crate::{
    monitor::{Monitor, WeakMonitor},
    probes::http_client::{HttpClient, request_settings},
    time::after,
};

/// Path of its API for alerts.
const ALERTS_PATH: &str = "/api/v2/alerts";

/// Period in which firing alerts are sent again.
const RESEND_PERIOD: Duration = Duration::from_secs(60);

/// Time after which a firing alert ends by itself: two requests may be lost.
const EXPIRY: Duration = Duration::from_secs(3 * 60);

/// Shortest time between two requests, so that flapping checks do not become a load.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Labels that alerts have.
const OWN_LABELS: [&str; 7] = ["alertname", "service", "check", "level", "severity", "instance", "drill"];

/// A receiver of alerts: all replicas of a Prometheus Alertmanager, from its version 0.16 on.
///
/// ```
/// use health_runtime::{Endpoint, alerts::Alertmanager};
///
/// let alertmanager = Alertmanager::new(["http://alertmanager-0:9093", "http://alertmanager-1:9093"])
///     .service("orders")
///     .label("cluster", "eu-1");
/// # let _ = Endpoint::builder().alert_to(alertmanager);
/// ```
///
/// | label | content |
/// |---|---|
/// | `alertname` | `HealthCheckFailing` or `HealthCheckWarning` |
/// | `service` | [`service`](Self::service) |
/// | `check`, `level` | name and level of the check |
/// | `severity` | `page` for a check that fails, `ticket` for one that warns |
/// | `instance` | [`instance`](Self::instance), if it is set |
/// | `drill` | `true` in a [drill](crate::Monitor::drill), else missing; the summary begins with `[DRILL]` then |
///
/// | annotation | content |
/// |---|---|
/// | `summary` | name for people, verb and cause, such as `Orders database fails (timed_out)` |
/// | `cause` | the [cause](crate::Cause), if the status is not the function's own answer |
/// | `blocks` | names of the checks that it blocks |
/// | `owner`, `runbook_url` | owner and runbook of the check |
/// | `message` | the message, with [`details`](Self::details) alone |
///
/// Firing alerts are sent again every 60 s, and end 180 s after they were sent last. A pause that a replica asks for by
/// `Retry-After` is granted up to 60 s.
#[derive(Clone, Debug)]
#[must_use]
pub struct Alertmanager {
    urls: Vec<String>,
    client: HttpClient,
    sender: Sender,
    labels: Vec<(String, String)>,
    timeout: Duration,
}

impl Alertmanager {
    /// Sends alerts to each of these replicas, independently: replicas find duplicates by themselves. A URL is that of the
    /// page, such as `http://alertmanager:9093`, with a path if there is one before `/api/v2/alerts`. No URL, or one that
    /// is not valid, is a start-up error.
    pub fn new<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> Self {
        Self {
            urls: urls.into_iter().map(Into::into).collect(),
            client: HttpClient::new("http://alertmanager", "application/json"),
            sender: Sender::default(),
            labels: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Adds a label to each alert, such as the cluster: services of one name in two clusters are two. A name that is not
    /// valid, one of the labels above and an empty value are start-up errors.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Sets the name of this instance, for a label. Default: none, so that a thousand instances that lose one database are
    /// one alert.
    ///
    /// With it, each instance has alerts of its own, whose end is sent at once and repeated for five minutes. Without it,
    /// nothing tells Alertmanager that a check works again, because it may still fail elsewhere: the alert ends 180 s after
    /// the last instance sent it.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.sender.instance = Some(name.into());
        self
    }

    pub(super) const fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// Returns all faults of the settings, those of files included, which blocks.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = self.sender.faults();
        if self.urls.is_empty() {
            faults.push("it has no URL; write `Alertmanager::new([\"http://alertmanager:9093\"])`".to_owned());
            faults.extend(post::faults(&self.client, self.timeout));
        }
        for (index, url) in self.urls.iter().enumerate() {
            let name = if self.urls.len() > 1 { &format!("URL {}", index + 1) } else { "its URL" };
            if url.contains(['?', '#']) {
                faults.push(format!("{name} has a query or a fragment; write scheme, host, port and path alone"));
            }
            for fault in post::faults(&self.client_for(url), self.timeout) {
                let fault = fault.strip_prefix("its URL").map_or_else(|| fault.clone(), |rest| format!("{name}{rest}"));
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        for (name, value) in &self.labels {
            faults.extend(label_fault(name, value));
        }
        faults
    }

    /// Returns the tasks that send alerts, one for each replica.
    pub(super) fn tasks(&self, monitor: &Monitor) -> Vec<impl Future<Output = ()> + Send + use<>> {
        let tasks = self.urls.iter().map(|url| {
            let post = Post::new(&self.client_for(url), "application/json", self.timeout);
            let alerts = FiringAlerts::new(self.sender.clone(), self.labels.clone());
            let outage = Outage::new(monitor.delivery_counts(&post.receiver));
            keep_informed(post, alerts, outage, monitor.downgrade(), monitor.wakeups())
        });
        tasks.collect()
    }

    fn client_for(&self, url: &str) -> HttpClient {
        let base = url.trim_end_matches('/');
        let given = self.client.with_url(base);
        if given.url().is_none() {
            // Its fault is about the URL as it was written.
            return given;
        }
        self.client.with_url(&format!("{}{ALERTS_PATH}", base.strip_suffix(ALERTS_PATH).unwrap_or(base)))
    }
}

request_settings! { Alertmanager }
sender_settings! { Alertmanager }

/// Returns the fault of a label.
fn label_fault(name: &str, value: &str) -> Option<String> {
    let is_valid = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    if !is_valid {
        let name = name.escape_debug();
        return Some(format!("`{name}` is not a valid name of a label; use letters, digits and `_`, no digit first"));
    }
    if name == "instance" {
        return Some("the label `instance` has a method of its own; write `.instance(…)`".to_owned());
    }
    if OWN_LABELS.contains(&name) {
        return Some(format!("each alert has a label `{name}` already; choose another name"));
    }
    value.is_empty().then(|| format!("the label `{name}` is empty; give it a value, or leave it out"))
}

/// Tells one replica of all alerts, until the monitor is gone.
async fn keep_informed(
    post: Post,
    mut alerts: FiringAlerts,
    mut outage: Outage,
    monitor: WeakMonitor,
    mut wakeups: watch::Receiver<()>,
) {
    let mut backoff = Backoff::default();
    // The first request has no alert, and shows at the start whether URL and credentials are right.
    let mut is_reached = false;
    loop {
        let Some(report) = monitor.known() else { return };
        alerts.update(&report);
        drop(report);
        let mut pauses = [Duration::ZERO, RESEND_PERIOD];
        if !(is_reached && alerts.is_empty()) {
            let result = post.send(alerts.body(EXPIRY), &[]).await;
            is_reached = result.is_ok();
            match result {
                Ok(()) => {
                    outage.succeeded();
                    backoff = Backoff::default();
                    pauses = [MIN_PAUSE, RESEND_PERIOD];
                }
                Err(failure) => {
                    outage.failed(&failure);
                    // The alerts would expire meanwhile, so that no longer pause is granted.
                    pauses = [backoff.next(failure.retry_after).min(RESEND_PERIOD); 2];
                }
            }
        }
        let now = Instant::now();
        let [earliest, latest] = pauses.map(|pause| after(now, pause));
        if !wait(&mut wakeups, earliest, latest).await {
            return;
        }
    }
}

/// Waits for a change, a mute or an update, not shorter and not longer than this. Returns whether the monitor is still there.
async fn wait(wakeups: &mut watch::Receiver<()>, earliest: Instant, latest: Instant) -> bool {
    let mut until = latest;
    loop {
        match timeout_at(until, wakeups.changed()).await {
            Err(_) => return true,
            Ok(Err(_)) => return false,
            Ok(Ok(())) => until = earliest,
        }
    }
}
