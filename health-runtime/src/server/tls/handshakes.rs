//! Threads for TLS handshakes: one signature with a large key takes as long as a hundred responses.

use std::{io, thread::available_parallelism};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// Name of the threads.
pub(super) const THREAD_NAME: &str = "health-tls";

/// A runtime that only computes. It polls handshakes in the order in which their bytes arrive; sockets and timers stay with the
/// serving thread.
pub(super) struct Handshakes {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Handshakes {
    /// Starts the threads: half as many as there are cores, from 2 to 4, so that strangers cannot occupy the whole machine.
    pub(super) fn start() -> io::Result<Self> {
        let threads = available_parallelism().map_or(2, |cores| (cores.get() / 2).clamp(2, 4));
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name(THREAD_NAME).build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Runs a handshake; `None` if it panicked.
    ///
    /// # Cancellation
    /// Dropping the future drops the handshake and its socket.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        handshake: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let mut task = JoinSet::new();
        task.spawn_on(handshake, self.runtime.as_ref()?.handle());
        task.join_next().await?.ok()
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads would block the serving thread.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::Arc,
        thread,
        time::Duration,
    };

    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test]
    async fn handshake_runs_on_its_own_thread() {
        let handshakes = Handshakes::start().expect("threads");
        let name = handshakes.run(async { thread::current().name().map(str::to_owned) }).await;
        assert_eq!(name.flatten().as_deref(), Some(THREAD_NAME));
    }

    #[tokio::test]
    async fn dropped_handshake_drops_its_socket() {
        let handshakes = Handshakes::start().expect("threads");
        let socket = Arc::new(());
        let held = Arc::downgrade(&socket);
        let handshake = handshakes.run(async move {
            pending::<()>().await;
            drop(socket);
        });
        assert!(timeout(Duration::from_millis(20), handshake).await.is_err());
        while held.upgrade().is_some() {
            sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn panic_in_handshake_does_not_affect_others() {
        let handshakes = Handshakes::start().expect("threads");
        assert_eq!(handshakes.run(async { panic!("a handshake of this test") }).await, None::<()>);
        assert_eq!(handshakes.run(ready(1)).await, Some(1));
    }
}
