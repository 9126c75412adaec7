//! The log, written by a thread of its own: a sink that blocks, such as a pipe without a reader, delays nothing else.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::time::Instant;
use tracing::{Dispatch, Span, dispatcher};

use crate::sync::lock;

/// Maximum number of events of one topic that wait for a slow subscriber. Above it, the oldest are dropped and counted.
const MAX_WAITING_EVENTS: usize = 256;

/// Time that [`flush`] waits for a subscriber that may be blocked.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

const THROTTLE_PERIOD: Duration = Duration::from_secs(60);

/// A source of events with a queue of its own, so that a flood of one topic does not crowd out the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Checks,
    Access,
    #[cfg_attr(
        not(any(feature = "server", feature = "haproxy-agent")),
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

/// Queues an event for the log's thread, which writes it to the subscriber and in the span of the caller. Never blocks.
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

/// Waits until all queued events are written, or the subscriber seems to be blocked, so that a process that ends at
/// once has logged the reason.
pub(crate) fn flush() {
    LOG.flush(FLUSH_LIMIT);
}

static LOG: Log = Log { state: Mutex::new(LogState::new()), changed: Condvar::new() };

struct Log {
    state: Mutex<LogState>,
    changed: Condvar,
}

struct LogState {
    queues: [Queue; Topic::COUNT],
    has_thread: bool,
    /// Number of the next entry.
    next: u64,
    /// Number of the entry that is being written.
    writing: Option<u64>,
}

struct Queue {
    /// Entries with their numbers, which count across all queues.
    waiting: VecDeque<(u64, Entry)>,
    dropped: u64,
}

struct Entry {
    topic: Topic,
    subscriber: Dispatch,
    span: Span,
    event: Box<dyn FnOnce() + Send>,
}

impl LogState {
    const fn new() -> Self {
        const EMPTY: Queue = Queue { waiting: VecDeque::new(), dropped: 0 };
        Self { queues: [EMPTY; Topic::COUNT], has_thread: false, next: 0, writing: None }
    }

    /// Adds an entry. Returns the one that was dropped for it.
    fn push(&mut self, entry: Entry) -> Option<Entry> {
        let queue = &mut self.queues[entry.topic as usize];
        let oldest = if queue.waiting.len() == MAX_WAITING_EVENTS { queue.waiting.pop_front() } else { None };
        queue.dropped += u64::from(oldest.is_some());
        queue.waiting.push_back((self.next, entry));
        self.next += 1;
        oldest.map(|(_, entry)| entry)
    }

    /// Takes the oldest entry of all queues, with the number of entries that were dropped before it.
    fn pop(&mut self) -> Option<(Entry, u64)> {
        let queue = self.queues.iter_mut().min_by_key(|queue| queue.front().unwrap_or(u64::MAX))?;
        let (number, entry) = queue.waiting.pop_front()?;
        self.writing = Some(number);
        Some((entry, mem::take(&mut queue.dropped)))
    }

    /// Returns whether an entry before this number is unwritten.
    fn is_behind(&self, number: u64) -> bool {
        let waiting = self.queues.iter().filter_map(Queue::front);
        waiting.chain(self.writing).any(|unwritten| unwritten < number)
    }
}

impl Queue {
    /// Returns the number of the oldest entry.
    fn front(&self) -> Option<u64> {
        self.waiting.front().map(|(number, _)| *number)
    }
}

impl Log {
    /// Returns the entry that was dropped for this one.
    fn push(&'static self, entry: Entry) -> Option<Entry> {
        let mut state = lock(&self.state);
        if !state.has_thread {
            let thread = thread::Builder::new().name("health-log".to_owned());
            state.has_thread = thread.spawn(|| self.write_forever()).is_ok();
        }
        let oldest = state.push(entry);
        drop(state);
        self.changed.notify_all();
        oldest
    }

    fn flush(&self, limit: Duration) {
        let state = lock(&self.state);
        let next = state.next;
        drop(self.changed.wait_timeout_while(state, limit, |state| state.is_behind(next)));
    }

    fn write_forever(&self) {
        loop {
            let mut state = lock(&self.state);
            state.writing = None;
            self.changed.notify_all();
            let (entry, dropped) = loop {
                match state.pop() {
                    Some(next) => break next,
                    None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(state);
            // A subscriber that panics must not end the log.
            let _ = catch_unwind(AssertUnwindSafe(|| entry.write(dropped)));
        }
    }
}

impl Entry {
    fn write(self, dropped: u64) {
        let Self { topic, subscriber, span, event, .. } = self;
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

/// A throttle that admits one event a minute and counts the others, for causes that a stranger can repeat at will.
#[derive(Debug, Default)]
pub(crate) struct OncePerMinute(Mutex<Option<Period>>);

#[derive(Debug)]
struct Period {
    began: Instant,
    omitted: u64,
}

impl OncePerMinute {
    /// Returns the number of events omitted since the last one; `None` if this one is omitted, too.
    pub(crate) fn admit(&self) -> Option<u64> {
        let mut period = lock(&self.0);
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
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    };

    use super::*;

    fn entry(topic: Topic, event: impl FnOnce() + Send + 'static) -> Entry {
        Entry { topic, subscriber: Dispatch::none(), span: Span::none(), event: Box::new(event) }
    }

    #[test]
    fn events_of_all_topics_are_written_in_their_order() {
        let topics = [Topic::Server, Topic::Checks, Topic::Access, Topic::Checks, Topic::Server];
        let mut state = LogState::new();
        for topic in topics {
            assert!(state.push(entry(topic, || {})).is_none());
        }
        assert_eq!(topics.map(|_| state.pop().map(|(entry, _)| entry.topic)), topics.map(Some));
        assert!(state.pop().is_none());
    }

    /// Another service of the process may be attacked while this one ends.
    #[test]
    fn flush_does_not_wait_for_events_that_come_after_it() {
        static LOG: Log = Log { state: Mutex::new(LogState::new()), changed: Condvar::new() };
        fn flood(is_over: Arc<AtomicBool>) {
            if !is_over.load(Ordering::Relaxed) {
                LOG.push(entry(Topic::Access, move || flood(is_over)));
            }
        }
        let is_over = Arc::<AtomicBool>::default();
        flood(Arc::clone(&is_over));
        let (written, is_written) = mpsc::channel();
        LOG.push(entry(Topic::Server, move || written.send(()).expect("the test waits")));
        // So far away that only a flush that waits for the flood reaches it.
        let limit = Duration::from_mins(1);
        let began = Instant::now();
        LOG.flush(limit);
        assert!(is_written.try_recv().is_ok());
        assert!(began.elapsed() < limit);
        is_over.store(true, Ordering::Relaxed);
    }

    #[tokio::test(start_paused = true)]
    async fn one_event_a_minute_is_admitted_and_the_others_are_counted() {
        let throttle = OncePerMinute::default();
        assert_eq!([throttle.admit(), throttle.admit(), throttle.admit()], [Some(0), None, None]);
        tokio::time::advance(THROTTLE_PERIOD).await;
        assert_eq!([throttle.admit(), throttle.admit()], [Some(2), None]);
    }
}
