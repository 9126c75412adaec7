//! Streams of changes as server-sent events.
//!
//! A stream has no task and no queue. The connection that it is written to polls it, and it ends with the connection.
//! Changes that it has not read yet stay in the monitor.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    convert::Infallible,
    hash::BuildHasher,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Method, header, request::Parts},
    response::Response,
};
use futures_util::stream;
use tokio::time::{Instant, timeout_at};

use super::{
    cached_response::{ALLOWED_METHODS, insert_common},
    peer::peer,
    problem::ProblemDetails,
};
use crate::{
    access::{Authorizer, network},
    model::{CheckSpec, Level, Levels, StatusChange},
    monitor::{ChangeCursor, CheckSetChange, KnownChecks, Monitor},
    render::{ChangeView, ReportView, Visibility, event},
    sync::lock,
};

/// Longest silence of a stream. Proxies give up after a minute by default.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Longest life of a stream. The client then reconnects with the id of its last event, so that nothing is lost, and access
/// is decided anew. A service that stops without draining waits for no stream longer than this.
const MAX_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Seconds until a client may try again, if too many streams are open.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

const LAST_EVENT_ID: &str = "last-event-id";

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Makes nginx pass on each event at once.
const NO_BUFFERING: (&str, HeaderValue) = ("x-accel-buffering", HeaderValue::from_static("no"));

/// The open streams, and their limit.
#[derive(Debug)]
pub(super) struct EventStreams {
    limit: usize,
    /// Distinguishes the event ids of this instance from those of others.
    instance: RandomState,
    open: Mutex<OpenStreams>,
}

#[derive(Debug, Default)]
struct OpenStreams {
    opened: u64,
    streams: BTreeMap<u64, OpenStream>,
}

#[derive(Debug)]
struct OpenStream {
    /// Time from which it no longer counts. A stream whose client has stopped reading is never polled again, and so does
    /// not end by itself.
    until: Instant,
    address: Option<IpAddr>,
}

impl EventStreams {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, instance: RandomState::new(), open: Mutex::default() }
    }

    /// Returns the id of the change with this number among the changes of these levels, as of this version of their checks.
    /// The id includes the levels, because among other levels the number belongs to another change.
    fn id(&self, levels: Levels, version: u64, number: u64) -> String {
        format!("{:016x}-{version}-{number}", self.instance.hash_one(levels))
    }

    /// Returns the version and the number in an id of this instance.
    fn position(&self, levels: Levels, id: &str) -> Option<(u64, u64)> {
        let (version, number) = id.split_once('-')?.1.split_once('-')?;
        let (version, number) = (version.parse().ok()?, number.parse().ok()?);
        (id == self.id(levels, version, number)).then_some((version, number))
    }

    /// Returns the limit for one address. Callers with an unknown address cannot be distinguished, so only the limit for
    /// all applies to them.
    fn limit_of(&self, address: Option<IpAddr>) -> usize {
        if address.is_some() { (self.limit / 4).max(1) } else { self.limit }
    }
}

/// A permit for one open stream, returned on drop.
struct StreamPermit {
    streams: Arc<EventStreams>,
    number: u64,
    until: Instant,
}

impl StreamPermit {
    fn take(streams: &Arc<EventStreams>, address: Option<IpAddr>) -> Option<Self> {
        let now = Instant::now();
        let address = address.map(network);
        let mut open = lock(&streams.open);
        open.streams.retain(|_, stream| now < stream.until);
        let own = open.streams.values().filter(|stream| stream.address == address).count();
        if open.streams.len() >= streams.limit || own >= streams.limit_of(address) {
            return None;
        }
        open.opened += 1;
        let (number, until) = (open.opened, now + MAX_LIFETIME);
        open.streams.insert(number, OpenStream { until, address });
        Some(Self { streams: Arc::clone(streams), number, until })
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        lock(&self.streams.open).streams.remove(&self.number);
    }
}

/// Answers with a stream, or with 503 if too many are open.
pub(super) fn open(
    streams: &Arc<EventStreams>,
    monitor: &Monitor,
    request: &Parts,
    authorizer: Option<&Authorizer>,
    visibility: Visibility,
) -> Response {
    let peer = peer(request);
    let client = authorizer.and_then(|authorizer| authorizer.client_address(peer, &request.headers));
    // Without a client address from the proxy, as with a malformed header, the proxy counts.
    let address = client.or_else(|| peer.address().map(|peer| peer.ip().to_canonical()));
    let Some(permit) = StreamPermit::take(streams, address) else {
        let problem = ProblemDetails::unavailable("the limit of open event streams is reached");
        let mut response = problem.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        return response;
    };
    let body = if request.method == Method::GET {
        let asked = request.headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
        Body::from_stream(stream::unfold(
            EventStream::new(permit, monitor.clone(), asked, visibility),
            EventStream::next,
        ))
    } else {
        Body::empty()
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(NO_BUFFERING.0, NO_BUFFERING.1);
    insert_common(headers);
    if request.method == Method::OPTIONS {
        headers.insert(header::ALLOW, ALLOWED_METHODS);
    }
    response
}

/// A stream to one client.
struct EventStream {
    permit: StreamPermit,
    monitor: Monitor,
    visibility: Visibility,
    cursor: ChangeCursor,
    /// The first events.
    opening: Option<String>,
    /// Whether the client has seen other checks and does not know which.
    owes_state: bool,
    is_over: bool,
}

impl EventStream {
    /// Resumes after the last event that the client saw, or begins with the present state.
    fn new(permit: StreamPermit, monitor: Monitor, last_event_id: Option<&str>, visibility: Visibility) -> Self {
        let mut cursor = monitor.follow(visibility.run);
        let position = |id| permit.streams.position(visibility.run, id);
        let resumed = last_event_id
            .map(|id| position(id).filter(|(_, number)| cursor.go_back(*number)).map(|(version, _)| version));
        let mut stream = Self { permit, monitor, visibility, cursor, opening: None, owes_state: false, is_over: false };
        let first = match resumed {
            Some(Some(version)) => {
                stream.owes_state = version != stream.cursor.version();
                String::new()
            }
            // The id belongs to another instance, or is invented.
            Some(None) => event::missed(None) + &stream.state(),
            None => stream.state(),
        };
        stream.opening = Some(format!("{}{first}", event::RECONNECT_AFTER));
        stream
    }

    fn id(&self, number: u64) -> String {
        self.permit.streams.id(self.visibility.run, self.cursor.version(), number)
    }

    /// Returns the state after the last change that was read. It may include later changes: their events repeat it, which does
    /// no harm.
    fn state(&self) -> String {
        let report = self.cursor.known();
        let view = ReportView::new(&report, self.visibility);
        event::state(&view, self.monitor.is_draining(), &self.id(self.cursor.last()))
    }

    /// Returns the state, which makes up for an update of the checks.
    fn state_with(&mut self, updated: Option<KnownChecks>) -> String {
        self.owes_state = false;
        if let Some(checks) = updated {
            self.cursor.take_checks(checks);
        }
        self.state()
    }

    /// Waits for the next events.
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        // A slow client finds new changes at each turn, so the end of the stream comes before them.
        if self.is_over || Instant::now() >= self.permit.until {
            return None;
        }
        let mut events = self.opening.take().unwrap_or_default();
        // Changes that this caller may not see send no byte, so they do not postpone the keep-alive.
        let silent_until = self.permit.until.min(Instant::now() + KEEP_ALIVE_INTERVAL);
        loop {
            events += &self.batch();
            if !events.is_empty() {
                return Some((Ok(events), self));
            }
            if Instant::now() >= self.permit.until {
                return None;
            }
            if timeout_at(silent_until, self.cursor.wait()).await.is_err() {
                event::KEEP_ALIVE.clone_into(&mut events);
            }
        }
    }

    /// Returns the events since the last batch. A drain ends the stream after all earlier changes, because a server that shuts
    /// down waits for its connections. A client that reconnects during the drain gets the state, and is closed again.
    fn batch(&mut self) -> String {
        let is_draining = self.monitor.is_draining();
        let updated = self.cursor.updated_checks();
        let changes = match self.cursor.read() {
            Ok(changes) => changes,
            Err(missed) => {
                self.cursor.skip();
                return event::missed(Some(missed)) + &self.state_with(updated);
            }
        };
        if changes.is_empty() && self.owes_state {
            return self.state_with(updated);
        }
        if let Some(checks) = updated.filter(|_| changes.is_empty()) {
            let CheckSetChange { added, replaced, removed } = self.cursor.take_checks(checks);
            return event::checks([&*added, &*replaced, &*removed].map(names), &self.id(self.cursor.last()));
        }
        if changes.is_empty() && is_draining {
            self.is_over = true;
            return event::draining();
        }
        let event = |change: &Arc<StatusChange>| {
            let view = ChangeView::new(change, self.visibility);
            event::change(change.check(), change.level(), &view, &self.id(change.id_among(self.visibility.run)))
        };
        changes.iter().map(event).collect()
    }
}

/// Returns the name and the level of each check.
fn names(checks: &[Arc<CheckSpec>]) -> Vec<(&str, Level)> {
    checks.iter().map(|check| (check.name(), check.level())).collect()
}
