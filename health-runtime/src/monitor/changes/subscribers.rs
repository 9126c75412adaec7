//! Subscribers to changes of status: streams, and functions that are called.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    thread,
};

use futures_core::Stream;
use tokio::{
    runtime::Handle,
    sync::broadcast::{Receiver, error::RecvError},
};

use crate::{mask::mask_credentials, model::StatusChange, runner::catch, text::escape_controls};

/// A stream of all changes of status, from [`Monitor::subscribe`](crate::Monitor::subscribe) until the monitor is
/// dropped.
///
/// It buffers up to 64 changes. A slower subscriber loses the oldest ones, and its next item is [`Lagged`] with their
/// number. A report has the current statuses.
///
/// ```
/// # use health_runtime::{Check, Level, Monitor, Registry, Selection, Status};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), health_runtime::Error> {
/// # let registry = Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?;
/// # let monitor = Monitor::new(registry);
/// let mut changes = monitor.subscribe();
/// # monitor.report(&Selection::everything()).await;
/// # drop(monitor);
/// while let Some(change) = changes.next().await {
///     match change {
///         Ok(change) => assert_eq!((change.check(), change.current()), ("db", Status::Pass)),
///         Err(lagged) => println!("{lagged}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a subscription loses changes unless it is polled"]
pub struct Subscription {
    next: Pin<Box<dyn Future<Output = Next> + Send + Sync>>,
}

type Next = (Result<Arc<StatusChange>, RecvError>, Receiver<Arc<StatusChange>>);

/// A [`Subscription`] was too slow and lost its oldest changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lagged {
    /// Number of lost changes.
    pub count: u64,
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} status changes were dropped", self.count)
    }
}

impl std::error::Error for Lagged {}

impl Subscription {
    pub(in crate::monitor) fn new(receiver: Receiver<Arc<StatusChange>>) -> Self {
        Self { next: Box::pin(receive(receiver)) }
    }

    /// Returns the next change, or the number of lost ones; `None` when the monitor is gone.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Arc<StatusChange>, Lagged>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Subscription {
    type Item = Result<Arc<StatusChange>, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (result, receiver) = ready!(self.next.as_mut().poll(context));
        self.next = Box::pin(receive(receiver));
        Poll::Ready(match result {
            Ok(change) => Some(Ok(change)),
            Err(RecvError::Lagged(count)) => Some(Err(Lagged { count })),
            Err(RecvError::Closed) => None,
        })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

async fn receive(mut receiver: Receiver<Arc<StatusChange>>) -> Next {
    (receiver.recv().await, receiver)
}

/// A function that is called at each change.
pub(crate) struct Listener(Box<dyn FnMut(&StatusChange) + Send>);

impl Listener {
    pub(crate) fn new(listener: impl FnMut(&StatusChange) + Send + 'static) -> Self {
        Self(Box::new(listener))
    }

    /// Calls the function on a thread of its own until the monitor is gone.
    ///
    /// Not on the runtime's blocking pool: a listener that never returns would delay the runtime's end, and several of
    /// them the blocking checks. The process never waits for this thread.
    pub(in crate::monitor) fn start(self, changes: Receiver<Arc<StatusChange>>) {
        let runtime = Handle::try_current().ok();
        let thread = thread::Builder::new().name("health-listener".to_owned());
        if let Err(error) = thread.spawn(move || self.listen(changes, runtime.as_ref())) {
            tracing::error!(%error, "change listener has no thread and is never called");
        }
    }

    fn listen(mut self, mut changes: Receiver<Arc<StatusChange>>, runtime: Option<&Handle>) {
        loop {
            match changes.blocking_recv() {
                Ok(change) => self.call(&change, runtime),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "change listener is too slow; status changes were dropped");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Calls the function inside the runtime in which it was registered, so that it can spawn.
    fn call(&mut self, change: &StatusChange, runtime: Option<&Handle>) {
        let _inside = runtime.map(Handle::enter);
        if let Err(text) = catch(|| (self.0)(change)) {
            let check = change.check();
            let text = mask_credentials(&text);
            let panic = &*escape_controls(&text);
            tracing::error!(check, panic, "change listener panicked");
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
