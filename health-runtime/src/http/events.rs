//! `{base}/events`: changes as they happen, as server-sent events.
//!
//! A stream has no task and no queue. It is polled by the connection that it is written to, and ends with it; what it
//! has not read yet stays where all changes are kept.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    convert::Infallible,
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    answer::{ALLOWED, insert_common},
    problem::ProblemDetails,
};
use crate::{
    monitor::{Follower, Monitor},
    render::{ChangeView, ReportView, Sight, event},
};

/// How long a stream may be silent. Proxies give up after a minute by default.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a stream may take. Then the client comes back with its last event's id, so that nothing is lost, and is
/// asked anew who it is; and a service that does not drain is not held up for longer when it stops.
const LIFETIME: Duration = Duration::from_mins(5);

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
    instance: u64,
    open: Mutex<Open>,
}

/// Until when each stream counts. One whose reader has stopped to read is never polled again, so it cannot be trusted
/// to end in time.
#[derive(Debug, Default)]
struct Open {
    so_far: u64,
    until: BTreeMap<u64, Instant>,
}

impl EventStreams {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, instance: RandomState::new().hash_one(()), open: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it holds the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, change: u64) -> String {
        format!("{:016x}-{change}", self.instance)
    }

    /// The number of the change that an id of ours is of.
    fn change(&self, id: &str) -> Option<u64> {
        let (instance, change) = id.split_once('-')?;
        (instance == format!("{:016x}", self.instance)).then(|| change.parse().ok())?
    }
}

/// The right to be one of the streams, given back when it is dropped.
struct Permit {
    streams: Arc<EventStreams>,
    number: u64,
    until: Instant,
}

impl Permit {
    fn take(streams: &Arc<EventStreams>) -> Option<Self> {
        let now = Instant::now();
        let mut open = streams.lock();
        open.until.retain(|_, until| now < *until);
        if open.until.len() >= streams.limit {
            return None;
        }
        open.so_far += 1;
        let (number, until) = (open.so_far, now + LIFETIME);
        open.until.insert(number, until);
        Some(Self { streams: Arc::clone(streams), number, until })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.streams.lock().until.remove(&self.number);
    }
}

/// Answers with a stream, unless there are too many.
pub(super) fn open(streams: &Arc<EventStreams>, monitor: &Monitor, request: &Parts, sight: Sight) -> Response {
    let Some(permit) = Permit::take(streams) else {
        let problem = ProblemDetails::unavailable("as many event streams are open as there may be");
        let mut response = problem.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        return response;
    };
    let body = if request.method == Method::GET {
        let asked = request.headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
        Body::from_stream(stream::unfold(Feed::new(permit, monitor.clone(), asked, sight), Feed::next))
    } else {
        Body::empty()
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(NO_BUFFERING.0, NO_BUFFERING.1);
    insert_common(headers);
    if request.method == Method::OPTIONS {
        headers.insert(header::ALLOW, ALLOWED);
    }
    response
}

/// One stream: what was sent, and to whom.
struct Feed {
    permit: Permit,
    monitor: Monitor,
    sight: Sight,
    follower: Follower,
    /// What is to be sent first.
    opening: Option<String>,
    is_over: bool,
}

impl Feed {
    /// Goes on behind the event that the client saw last; else it begins with the present state.
    fn new(permit: Permit, monitor: Monitor, last_event_id: Option<&str>, sight: Sight) -> Self {
        let mut follower = monitor.follow();
        let resumed = last_event_id.map(|id| permit.streams.change(id).is_some_and(|id| follower.go_back(id)));
        let mut feed = Self { permit, monitor, sight, follower, opening: None, is_over: false };
        let first = match resumed {
            Some(true) => String::new(),
            // Of another instance, or made up.
            Some(false) => event::missed(None) + &feed.state(),
            None => feed.state(),
        };
        feed.opening = Some(format!("{}{first}", event::RETRY));
        feed
    }

    fn id(&self, change: u64) -> String {
        self.permit.streams.id(change)
    }

    /// Everything that is known, as of the change that the follower stands behind; perhaps some of what comes after it,
    /// which does no harm when it is told again.
    fn state(&self) -> String {
        let report = self.follower.known(self.sight.run);
        let view = ReportView::new(&report, self.sight);
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
        let mut events = String::new();
        loop {
            let news = self.follower.read();
            if news.missed > 0 {
                self.follower.skip();
                // How many of them were for a caller who may not see all of them is not known.
                let count = self.sight.knows_every_check.then_some(news.missed);
                return events + &event::missed(count) + &self.state();
            }
            for change in news.changes.iter().filter(|change| self.sight.run.contains(change.level())) {
                let view = ChangeView::new(change, self.sight);
                events += &event::change(change.check(), change.level(), &view, &self.id(change.id()));
            }
            if news.changes.is_empty() && is_draining {
                self.is_over = true;
                events += &event::draining();
            }
            // What the caller may not see is passed over, up to what it may.
            if news.changes.is_empty() || !events.is_empty() {
                return events;
            }
        }
    }
}
