//! `{base}/events`: changes as they happen, as server-sent events.
//!
//! A stream has no task and no queue. It is polled by the connection that it is written to, and ends with it; what it
//! has not read yet stays where all changes are kept.

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
    model::{Levels, StatusChange},
    monitor::{ChangeCursor, Monitor},
    render::{ChangeView, ReportView, Visibility, event},
    sync::lock,
};

/// How long a stream may be silent. Proxies give up after a minute by default.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a stream may take. Then the client comes back with its last event's id, so that nothing is lost, and is
/// asked anew who it is; and a service that does not drain is not held up for longer when it stops.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// When to try again, if there are too many streams.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

const LAST_EVENT_ID: &str = "last-event-id";

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Tells nginx to pass on what it gets at once.
const NO_BUFFERING: (&str, HeaderValue) = ("x-accel-buffering", HeaderValue::from_static("no"));

/// The streams that are open.
#[derive(Debug)]
pub(super) struct EventStreams {
    limit: usize,
    /// Tells the ids of this monitor from those of another one, which the client may have talked to before.
    instance: RandomState,
    open: Mutex<OpenStreams>,
}

#[derive(Debug, Default)]
struct OpenStreams {
    so_far: u64,
    streams: BTreeMap<u64, OpenStream>,
}

#[derive(Debug)]
struct OpenStream {
    /// When it no longer counts. A stream whose reader has stopped to read is never polled again, so it cannot be
    /// trusted to end in time.
    until: Instant,
    address: Option<IpAddr>,
}

impl EventStreams {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, instance: RandomState::new(), open: Mutex::default() }
    }

    /// The id of a change that has this number among those of these levels. Among other levels the number is that of
    /// another change, so the levels are part of what tells ids apart.
    fn id(&self, levels: Levels, number: u64) -> String {
        format!("{:016x}-{number}", self.instance.hash_one(levels))
    }

    /// The number in an id of ours.
    fn number(&self, levels: Levels, id: &str) -> Option<u64> {
        let number = id.split_once('-')?.1.parse().ok()?;
        (id == self.id(levels, number)).then_some(number)
    }

    /// How many streams one address may have. Callers whose address is unknown cannot be told apart, so they are not
    /// kept from what all of them may have.
    fn limit_of(&self, address: Option<IpAddr>) -> usize {
        if address.is_some() { (self.limit / 4).max(1) } else { self.limit }
    }
}

/// The right to be one of the streams, given back when it is dropped.
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
        open.so_far += 1;
        let (number, until) = (open.so_far, now + LIFETIME);
        open.streams.insert(number, OpenStream { until, address });
        Some(Self { streams: Arc::clone(streams), number, until })
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        lock(&self.streams.open).streams.remove(&self.number);
    }
}

/// Answers with a stream, unless there are too many.
pub(super) fn open(
    streams: &Arc<EventStreams>,
    monitor: &Monitor,
    request: &Parts,
    authorizer: Option<&Authorizer>,
    visibility: Visibility,
) -> Response {
    let peer = peer(request);
    let client = authorizer.and_then(|authorizer| authorizer.client_address(peer, &request.headers));
    // A client that its proxy does not tell, as with a malformed header, counts as the proxy.
    let address = client.or_else(|| peer.address().map(|peer| peer.ip().to_canonical()));
    let Some(permit) = StreamPermit::take(streams, address) else {
        let problem = ProblemDetails::unavailable("as many event streams are open as there may be");
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

/// One stream: what was sent, and to whom.
struct EventStream {
    permit: StreamPermit,
    monitor: Monitor,
    visibility: Visibility,
    follower: ChangeCursor,
    /// What is to be sent first.
    opening: Option<String>,
    is_over: bool,
}

impl EventStream {
    /// Goes on behind the event that the client saw last; else it begins with the present state.
    fn new(permit: StreamPermit, monitor: Monitor, last_event_id: Option<&str>, visibility: Visibility) -> Self {
        let mut follower = monitor.follow(visibility.run);
        let number = |id| permit.streams.number(visibility.run, id);
        let resumed = last_event_id.map(|id| number(id).is_some_and(|number| follower.go_back(number)));
        let mut feed = Self { permit, monitor, visibility, follower, opening: None, is_over: false };
        let first = match resumed {
            Some(true) => String::new(),
            // Of another instance, or made up.
            Some(false) => event::missed(None) + &feed.state(),
            None => feed.state(),
        };
        feed.opening = Some(format!("{}{first}", event::RETRY));
        feed
    }

    fn id(&self, number: u64) -> String {
        self.permit.streams.id(self.visibility.run, number)
    }

    /// Everything that is known, as of the change that the follower stands behind; perhaps some of what comes after it,
    /// which does no harm when it is told again.
    fn state(&self) -> String {
        let report = self.follower.known();
        let view = ReportView::new(&report, self.visibility);
        event::state(&view, self.monitor.is_draining(), &self.id(self.follower.last()))
    }

    /// The next events, as soon as there are any.
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        // Whatever there is to tell: a reader that is slow finds news at each turn.
        if self.is_over || Instant::now() >= self.permit.until {
            return None;
        }
        let mut events = self.opening.take().unwrap_or_default();
        // Changes that this caller may not see come and go without a byte: they put nothing off.
        let silent_until = self.permit.until.min(Instant::now() + KEEP_ALIVE);
        loop {
            events += &self.news();
            if !events.is_empty() {
                return Some((Ok(events), self));
            }
            if Instant::now() >= self.permit.until {
                return None;
            }
            if timeout_at(silent_until, self.follower.wait()).await.is_err() {
                event::KEEP_ALIVE.clone_into(&mut events);
            }
        }
    }

    /// What happened meanwhile. A drain ends the stream, behind all that happened before: a server that shuts down waits
    /// for its connections. Whoever comes back during the drain gets what there is, and has to come back again.
    fn news(&mut self) -> String {
        let is_draining = self.monitor.is_draining();
        let changes = match self.follower.read() {
            Ok(changes) => changes,
            Err(missed) => {
                self.follower.skip();
                return event::missed(Some(missed)) + &self.state();
            }
        };
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
