use std::{
    collections::BTreeMap,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::future::{Either, select};
use hyper::StatusCode;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    backoff::Backoff,
    cloud_event,
    event_queue::{EventQueue, QueuedEvent},
    outage::{LOG_TARGET, Outage},
    post::{self, Failure, Post},
    sender::{Sender, sender_settings},
    signature::Signer,
};
use crate::{
    disclosure::Secret,
    log::{self, Topic},
    model::{Status, StatusChange},
    monitor::{Monitor, Subscription, WeakMonitor},
    probes::{
        deadline::Deadline,
        http_client::{HttpClient, request_settings},
    },
    time::random,
};

/// Longest pause that a receiver may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Time for which events are still delivered after the end of the monitor.
const LINGER: Duration = Duration::from_secs(5);

/// Number of attempts after which an event is dropped that the receiver refuses, seven minutes or so: it may be the event that
/// the receiver cannot process, and others wait behind it.
const MAX_REFUSALS: u32 = 20;

/// A receiver of every change of a check's status: a program of yours, or one that knows `CloudEvents`.
///
/// ```
/// use health_runtime::{Endpoint, alerts::Webhook};
///
/// let webhook = Webhook::new("https://ops.example.com/hooks/health")
///     .service("orders")
///     .signing_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
/// # let _ = Endpoint::builder().alert_to(webhook);
/// ```
///
/// Each change is a `POST` of a `CloudEvents` 1.0 event in its structured JSON format (`application/cloudevents+json`):
///
/// ```json
/// { "specversion": "1.0", "id": "5f1c1c3c9a7be6d4-17", "source": "/orders", "type": "health.check.changed",
///   "subject": "db", "time": "2026-11-22T03:12:45.120Z", "datacontenttype": "application/json",
///   "data": { "service": "orders", "check": "db", "level": 1, "from": "pass", "to": "fail", "severity": "page",
///             "muted": false, "drill": false, "cause": "timed_out" } }
/// ```
///
/// | field of `data` | content |
/// |---|---|
/// | `service`, `instance` | [`service`](Self::service), [`instance`](Self::instance) |
/// | `check`, `display`, `level` | name, name for people and level |
/// | `from`, `to` | the statuses; `from` is null at the first result, `to` at the removal |
/// | `severity` | `page` if it fails, `ticket` if it warns, else `none`; `none` also for a muted check |
/// | `muted` | whether the change counts for nothing |
/// | `drill` | whether the check changed because of a [drill](crate::Monitor::drill), or recovered from one |
/// | `cause`, `blocked_by` | the [cause](crate::Cause), and the checks that block it |
/// | `owner`, `runbook_url`, `url` | owner and runbook of the check, and its URL below [`endpoint_url`](Self::endpoint_url) |
/// | `message` | the message, with [`details`](Self::details) alone |
///
/// An event is delivered at least once while the process lives, in the order of the changes. Anything but 2xx is a failure,
/// after which the same event is sent again: with the same `id`, by which a receiver finds duplicates. An event that the
/// receiver refuses twenty times is dropped, and the next one sent; a receiver that does not answer, or answers that it or a
/// gateway is not available (408, 425, 429, 502, 503, 504), refuses nothing.
///
/// A check that is [removed](crate::Monitor::remove), or disabled by [settings](crate::Overrides), while it fails or warns
/// ends by an event of the type `health.check.removed`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Webhook {
    client: HttpClient,
    sender: Sender,
    signer: Signer,
    timeout: Duration,
}

impl Webhook {
    /// Sends events to this URL. An invalid one is a start-up error. Messages name its scheme, host and port alone,
    /// because the path may be a secret.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self {
            client: HttpClient::new(url.as_ref(), "*/*"),
            sender: Sender::default(),
            signer: Signer::default(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Signs each request as Standard Webhooks 1.0 says, with a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`: the
    /// base64 of 24 to 64 bytes (`openssl rand -base64 32`). It is never shown. Anything else is a start-up error. Default:
    /// requests are not signed.
    ///
    /// | header | content |
    /// |---|---|
    /// | `webhook-id` | the `id` of the event |
    /// | `webhook-timestamp` | the time of this attempt, in seconds since 1970 |
    /// | `webhook-signature` | `v1,` and the base64 of the HMAC-SHA-256 of `id.timestamp.body` |
    ///
    /// A second call adds a signature, so that a receiver can change to another secret at any time.
    pub fn signing_secret(mut self, secret: impl Into<Secret<String>>) -> Self {
        self.signer.add(secret.into().expose());
        self
    }

    /// Signs with the secret in this file, which is read for each request, see [`header_file`](Self::header_file).
    pub fn signing_secret_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.signer.add_file(path.into());
        self
    }

    /// Sets the name of this instance, for the data and the `source` of events. Default: none.
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
        faults.extend(post::faults(&self.client, self.timeout));
        faults.extend(self.signer.faults());
        faults
    }

    /// Returns the task that sends events.
    pub(super) fn task(self, monitor: &Monitor) -> impl Future<Output = ()> + Send + use<> {
        let post = Post::new(&self.client, cloud_event::MEDIA_TYPE, self.timeout);
        let outage = Outage::new(monitor.delivery_counts(&post.receiver));
        let (wakeups, changes) = (monitor.wakeups(), monitor.subscribe());
        let monitor = monitor.downgrade();
        let Self { sender, signer, timeout, .. } = self;
        async move {
            let queue = EventQueue::default();
            let filling = fill(&queue, changes, wakeups, &monitor, &sender);
            let delivery = Delivery { queue: &queue, post: &post, signer: &signer, timeout };
            deliver_until_the_end(&queue, filling, delivery.run(outage), &post.receiver).await;
        }
    }
}

request_settings! { Webhook }
sender_settings! { Webhook }

/// Makes an event of each change, and of each end of a check that does not pass, until the monitor is gone.
async fn fill(
    queue: &EventQueue,
    mut changes: Subscription,
    mut wakeups: watch::Receiver<()>,
    monitor: &WeakMonitor,
    sender: &Sender,
) {
    let source = cloud_event::source(sender);
    // Distinguishes the changes of this process from those of others, which are numbered alike.
    let process = random();
    // The last change of each check that does not pass.
    let mut open: BTreeMap<String, Arc<StatusChange>> = BTreeMap::new();
    loop {
        let next = match select(pin!(changes.next()), pin!(wakeups.changed())).await {
            Either::Left((next, _)) => next,
            Either::Right(_) => {
                for name in monitor.ended(open.keys()) {
                    let Some(last) = open.remove(&name) else { continue };
                    let id = format!("{process:016x}-{}-removed", last.id());
                    let body = cloud_event::removal(&id, &last, sender, &source);
                    queue.push(QueuedEvent::new(id, body));
                }
                continue;
            }
        };
        match next {
            Some(Ok(change)) => {
                let id = format!("{process:016x}-{}", change.id());
                let check = monitor.spec(change.check());
                let body = cloud_event::body(&id, &change, check.as_deref(), sender, &source);
                queue.push(QueuedEvent::new(id, body));
                if change.current() == Status::Pass {
                    open.remove(change.check());
                } else {
                    open.insert(change.check().to_owned(), change);
                }
            }
            Some(Err(lagged)) => queue.count_lost(lagged.count),
            None => break,
        }
    }
    queue.close();
}

/// Runs both until the receiver is gone, or the monitor is and a short time has passed.
async fn deliver_until_the_end(
    queue: &EventQueue,
    filling: impl Future<Output = ()>,
    delivery: impl Future<Output = ()>,
    receiver: &str,
) {
    let (filling, delivery) = (pin!(filling), pin!(delivery));
    let Either::Left(((), delivery)) = select(filling, delivery).await else { return };
    if timeout(LINGER, delivery).await.is_err() {
        let (receiver, count) = (receiver.to_owned(), queue.len());
        log::write(Topic::Checks, move || {
            tracing::warn!(target: LOG_TARGET, receiver, count, "events for a webhook are lost at the end of the monitor");
        });
    }
}

/// Returns whether a status is about the event, and not about a receiver that is busy or away.
const fn is_refusal(code: StatusCode) -> bool {
    !matches!(
        code,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Sends the events of a queue.
struct Delivery<'a> {
    queue: &'a EventQueue,
    post: &'a Post,
    signer: &'a Signer,
    timeout: Duration,
}

impl Delivery<'_> {
    /// Sends one event after the other, until the queue is closed or the receiver is gone.
    async fn run(self, mut outage: Outage) {
        let mut backoff = Backoff::default();
        while let Some(event) = self.queue.front().await {
            let Err(failure) = self.send(&event).await else {
                self.queue.remove(&event);
                outage.dropped(self.queue.take_dropped());
                outage.succeeded();
                backoff = Backoff::default();
                continue;
            };
            outage.failed(&failure);
            let pause = match failure.code {
                Some(StatusCode::GONE) => {
                    let receiver = self.post.receiver.clone();
                    log::write(Topic::Checks, move || {
                        tracing::error!(target: LOG_TARGET, receiver, "webhook is gone (410), so it gets no more events");
                    });
                    return;
                }
                // The receiver has read this event, and will never take it.
                Some(StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY) => {
                    self.queue.give_up(&event);
                    None
                }
                code => {
                    if code.is_some_and(is_refusal) && event.count_refusal() >= MAX_REFUSALS {
                        self.queue.give_up(&event);
                    }
                    Some(backoff.next(failure.retry_after.map(|asked| asked.min(MAX_RETRY_AFTER))))
                }
            };
            outage.dropped(self.queue.take_dropped());
            if let Some(pause) = pause {
                sleep(pause).await;
            }
        }
    }

    async fn send(&self, event: &QueuedEvent) -> Result<(), Failure> {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let mut headers = vec![("webhook-id", event.id.as_str()), ("webhook-timestamp", timestamp.as_str())];
        let signature;
        if !self.signer.is_empty() {
            let signed = self.signer.sign(&event.id, &timestamp, &event.body, Deadline::new(self.timeout)).await;
            signature = signed.map_err(|problem| Failure { problem, code: None, retry_after: None })?;
            headers.push(("webhook-signature", &signature));
        }
        self.post.send(event.body.clone(), &headers).await
    }
}
