//! A thread with a runtime of its own, which a busy application cannot starve.

use std::{future::pending, io, sync::mpsc, thread};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

/// The handle of a thread that serves. Dropping it stops nothing.
#[derive(Debug)]
pub(super) struct OwnThread {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// Tells the thread that it is to stop.
pub(super) struct Stopping(oneshot::Receiver<()>);

impl Stopping {
    pub(super) async fn asked(self) {
        if self.0.await.is_err() {
            // The handle was dropped, and with it the only way to stop.
            pending::<()>().await;
        }
    }
}

impl OwnThread {
    /// Begins on a new thread, and tells what is known from then on; then serves there until it is done.
    ///
    /// Linux shows fifteen characters of the name.
    pub(super) fn start<T, S, E>(
        name: &'static str,
        begin: impl FnOnce(&Runtime, Stopping) -> Result<(T, S), E> + Send + 'static,
    ) -> Result<(Self, T), E>
    where
        T: Send + 'static,
        S: Future<Output = ()>,
        E: From<io::Error> + Send + 'static,
    {
        let (stop, stopping) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let (starting, started) = mpsc::sync_channel(1);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Here, because a runtime must not be dropped on another one, not even when something goes wrong.
            let runtime = Builder::new_current_thread().enable_all().build();
            let started = runtime.map_err(E::from).and_then(|runtime| {
                let (known, serving) = begin(&runtime, Stopping(stopping))?;
                Ok((runtime, known, serving))
            });
            let (runtime, known, serving) = match started {
                Ok(started) => started,
                Err(error) => return drop(starting.send(Err(error))),
            };
            let _ = starting.send(Ok(known));
            runtime.block_on(serving);
            // A connection that does not end may be left, and has had its time.
            runtime.shutdown_background();
            // Most of the time nobody waits for it.
            let _ = ending.send(());
        })?;
        let known = started.recv().map_err(io::Error::other)??;
        Ok((Self { stop, ended }, known))
    }

    pub(super) async fn stop(self) {
        // Fails if the thread is gone already.
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}
