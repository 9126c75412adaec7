//! Threads with a runtime of their own, which a busy application cannot starve.

use std::{future::pending, net::SocketAddr, sync::mpsc, thread};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{oneshot, watch},
};

use crate::error::{Error, Problem};

/// A running server, which has an operating system thread of its own.
///
/// Dropping it stops nothing, as with a thread's handle: an endpoint that disappears because a variable went out of scope gets
/// its service restarted.
#[derive(Debug)]
pub struct ServerHandle {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<()>,
}

/// The signal that stops a server. Clones receive the same signal.
#[derive(Clone)]
pub(super) struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    /// Waits until the server is to stop.
    pub(super) async fn received(&mut self) {
        if self.0.wait_for(|is_stopped| *is_stopped).await.is_err() {
            // The handle was dropped, and with it the only way to stop.
            pending::<()>().await;
        }
    }
}

impl ServerHandle {
    /// Starts a thread on which `open` opens the sockets, and the future that it returns serves them. Linux shows fifteen
    /// characters of the thread's name.
    ///
    /// # Errors
    /// The thread or its runtime cannot be started, or a socket cannot be opened.
    pub(super) fn start<Opening, Serving>(
        thread_name: &'static str,
        open: impl FnOnce(ShutdownSignal) -> Opening + Send + 'static,
    ) -> Result<Self, Error>
    where
        Opening: Future<Output = Result<(Vec<SocketAddr>, Serving), Vec<Problem>>>,
        Serving: Future<Output = ()>,
    {
        let cannot_start = move |fault| {
            vec![Problem::CannotServe { fault: format!("its thread `{thread_name}` did not start: {fault}") }]
        };
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = oneshot::channel();
        let (report_start, start) = mpsc::sync_channel(1);
        let serve = move || {
            // On this thread, because a runtime must not be dropped inside another one, not even after an error.
            let runtime = Builder::new_current_thread().enable_all().build();
            let opened = runtime.map_err(|error| cannot_start(error.to_string())).and_then(|runtime: Runtime| {
                let (addresses, serving) = runtime.block_on(open(ShutdownSignal(stopped)))?;
                Ok((runtime, addresses, serving))
            });
            let (runtime, addresses, serving) = match opened {
                Ok(opened) => opened,
                Err(problems) => return drop(report_start.send(Err(problems))),
            };
            let _ = report_start.send(Ok(addresses));
            runtime.block_on(serving);
            // Connections that are still open have used up their grace period.
            runtime.shutdown_background();
            // Fails unless `stop` waits for it.
            let _ = end.send(());
        };
        let thread = thread::Builder::new().name(thread_name.to_owned());
        let started = thread.spawn(serve).map_err(|error| cannot_start(error.to_string()));
        let addresses =
            started.and_then(|_| start.recv().unwrap_or_else(|_| Err(cannot_start("it panicked".to_owned()))));
        Ok(Self { addresses: addresses.map_err(Error::new)?, stop, ended })
    }

    /// Returns the addresses on which it listens for TCP, in the order in which they were given, with the ports that the system
    /// chose.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops listening, finishes the responses in progress, removes Unix sockets and ends the thread. It takes 11 s at most,
    /// or 2 s for the line for `HAProxy`.
    ///
    /// A service that ends need not call it: the endpoint answers until the process is gone.
    ///
    /// # Cancellation
    /// Once the future has been polled, the server stops even if the future is dropped.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // Fails if the thread is gone already.
        let _ = self.ended.await;
    }
}
