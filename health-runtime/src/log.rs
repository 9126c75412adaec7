//! The log. A thread of its own writes it, so that a sink that blocks, such as a pipe that nobody reads, delays nobody
//! else.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::time::Instant;
use tracing::{Dispatch, Span, dispatcher};

/// Events of one topic that wait for a slow subscriber; beyond that, the oldest are dropped and counted.
const MAX_WAITING_EVENTS: usize = 256;

/// How long [`flush`] waits for a subscriber that may be blocked.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

const THROTTLE_PERIOD: Duration = Duration::from_mins(1);

/// A source of events. Each has a queue of its own, so that no flood of one crowds out the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Checks,
    Access,
    #[cfg_attr(
        not(any(feature = "serve", feature = "agent")),
        allow(dead_code, reason = "only servers have such events")
    )]
    Server,
}

impl Topic {
    const COUNT: usize = 3;

    const fn as_str(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Access => "access",
            Self::Server => "server",
        }
    }
}

/// Has the thread of the log write an event, to the subscriber and in the span of the caller. Never blocks.
pub(crate) fn write(topic: Topic, event: impl FnOnce() + Send + 'static) {
    let entry = Entry {
        topic,
        subscriber: dispatcher::get_default(Clone::clone),
        span: Span::current(),
        event: Box::new(event),
    };
    // Dropped without the lock: the end of a span calls the subscriber.
    drop(LOG.push(entry));
}

/// Waits until everything is written, or the subscriber seems to be blocked: so that a process that ends at once has
/// logged why.
pub(crate) fn flush() {
    let is_pending = |state: &mut State| state.is_writing || state.queues.iter().any(|queue| !queue.waiting.is_empty());
    drop(LOG.changed.wait_timeout_while(LOG.lock(), FLUSH_LIMIT, is_pending));
}

static LOG: Log = Log { state: Mutex::new(State::new()), changed: Condvar::new() };

struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queues: [Queue; Topic::COUNT],
    has_thread: bool,
    is_writing: bool,
}

struct Queue {
    waiting: VecDeque<Entry>,
    dropped: u64,
}

struct Entry {
    topic: Topic,
    subscriber: Dispatch,
    span: Span,
    event: Box<dyn FnOnce() + Send>,
}

impl State {
    const fn new() -> Self {
        const EMPTY: Queue = Queue { waiting: VecDeque::new(), dropped: 0 };
        Self { queues: [EMPTY; Topic::COUNT], has_thread: false, is_writing: false }
    }

    /// The next entry, with the number of those that were dropped before it.
    fn pop(&mut self) -> Option<(Entry, u64)> {
        let queue = self.queues.iter_mut().find(|queue| !queue.waiting.is_empty())?;
        Some((queue.waiting.pop_front()?, mem::take(&mut queue.dropped)))
    }
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the entry that had to make room.
    fn push(&'static self, entry: Entry) -> Option<Entry> {
        let mut state = self.lock();
        if !state.has_thread {
            let thread = thread::Builder::new().name("health-log".to_owned());
            state.has_thread = thread.spawn(|| self.write_forever()).is_ok();
        }
        let queue = &mut state.queues[entry.topic as usize];
        let oldest = if queue.waiting.len() == MAX_WAITING_EVENTS { queue.waiting.pop_front() } else { None };
        queue.dropped += u64::from(oldest.is_some());
        queue.waiting.push_back(entry);
        drop(state);
        self.changed.notify_all();
        oldest
    }

    fn write_forever(&self) {
        loop {
            let mut state = self.lock();
            state.is_writing = false;
            self.changed.notify_all();
            let (entry, dropped) = loop {
                match state.pop() {
                    Some(next) => break next,
                    None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            };
            state.is_writing = true;
            drop(state);
            // A subscriber that panics must not end the log.
            let _ = catch_unwind(AssertUnwindSafe(|| entry.write(dropped)));
        }
    }
}

impl Entry {
    fn write(self, dropped: u64) {
        let Self { topic, subscriber, span, event } = self;
        dispatcher::with_default(&subscriber, || {
            if dropped > 0 {
                tracing::warn!(
                    missed = dropped,
                    topic = topic.as_str(),
                    "log subscriber is too slow; events were dropped"
                );
            }
            span.in_scope(event);
            drop(span);
        });
    }
}

/// Lets one event a minute through and counts the others, for causes that a stranger can repeat at will.
#[derive(Debug, Default)]
pub(crate) struct OncePerMinute(Mutex<Option<Period>>);

#[derive(Debug)]
struct Period {
    began: Instant,
    omitted: u64,
}

impl OncePerMinute {
    /// The number of events omitted since the last one; `None` if this one is omitted, too.
    pub(crate) fn admit(&self) -> Option<u64> {
        let mut period = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *period {
            Some(current) if current.began.elapsed() < THROTTLE_PERIOD => {
                current.omitted += 1;
                None
            }
            _ => {
                let before = period.replace(Period { began: Instant::now(), omitted: 0 });
                Some(before.map_or(0, |before| before.omitted))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_event_a_minute_is_admitted_and_the_others_are_counted() {
        let throttle = OncePerMinute::default();
        assert_eq!([throttle.admit(), throttle.admit(), throttle.admit()], [Some(0), None, None]);
        tokio::time::advance(THROTTLE_PERIOD).await;
        assert_eq!([throttle.admit(), throttle.admit()], [Some(2), None]);
    }
}
