//! Graceful shutdown, from the signal to the moment at which the listener may close.

use std::{future::poll_fn, io, sync::Arc, task::Poll, time::Duration};

use tokio::{runtime::Handle, time::timeout};

#[cfg(unix)]
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Stream, ctrl_c};

use super::{drills, engine::Engine};

/// Waits for a signal, drains, and waits for `delay` or a second signal.
pub(super) fn gracefully(engine: Arc<Engine>, delay: Duration) -> impl Future<Output = ()> + Send {
    // Outside of the future, because a signal before its first poll must neither be lost nor end the process.
    let caught = Handle::try_current().is_ok().then(Signals::catch);
    async move {
        let mut signals = caught.unwrap_or_else(Signals::catch);
        signals.next().await;
        #[cfg(feature = "systemd")]
        let _ = engine.drain_delay.set(delay);
        drain(&engine);
        // A second signal comes from an operator who does not want to wait.
        let _ = timeout(delay, signals.next()).await;
    }
}

/// Announces the end of the service, and ends its drills.
pub(super) fn drain(engine: &Arc<Engine>) {
    engine.drain();
    drills::end_all(engine);
}

/// Streams of the signals that ask a process to end.
struct Signals {
    streams: Vec<Stream>,
}

impl Signals {
    #[cfg(unix)]
    fn catch() -> Self {
        Self::from_caught([("SIGTERM", signal(SignalKind::terminate())), ("SIGINT", signal(SignalKind::interrupt()))])
    }

    #[cfg(windows)]
    fn catch() -> Self {
        Self::from_caught([("Ctrl-C", ctrl_c())])
    }

    /// Keeps the signals that could be caught. The others end the process by themselves.
    fn from_caught<const N: usize>(caught: [(&'static str, io::Result<Stream>); N]) -> Self {
        let log = |name: &str, error: &io::Error| {
            tracing::error!(signal = name, %error, "signal cannot be caught, so it ends the process at once");
        };
        let streams =
            caught.into_iter().filter_map(|(name, stream)| stream.inspect_err(|error| log(name, error)).ok()).collect();
        Self { streams }
    }

    /// Waits for the next signal, forever if none could be caught.
    async fn next(&mut self) {
        poll_fn(|context| {
            let has_come = self.streams.iter_mut().any(|stream| stream.poll_recv(context).is_ready());
            if has_come { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
