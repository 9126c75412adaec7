use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    select,
    task::yield_now,
    time::{sleep, timeout},
};

use super::{Activity, connections::Connections};
use crate::log::{self, OncePerMinute, Topic};

/// Connections accepted in a row before the open ones are polled, because one thread does both.
const MAX_ACCEPTS_IN_A_ROW: usize = 16;

/// Pause after the operating system refused a connection, such as for lack of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Accepts connections until `shutdown` resolves, serves each in a task of its own, and evicts some if there are too many.
/// Then stops listening, and gives the last responses this much time.
pub(crate) async fn accept_connections<S, F>(
    poll_accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<S>>,
    serve: impl Fn(S, Arc<Activity>) -> F,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut shutdown = pin!(shutdown);
    let mut connections = Connections::default();
    let failures = OncePerMinute::default();
    for accepts in 1_usize.. {
        let accepted = select! {
            accepted = poll_fn(&poll_accept) => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok(stream) => connections.add(|activity| serve(stream, activity)),
            // The client closed it before it was accepted.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            // An evicted connection frees its file descriptor for the new one.
            Err(_) if connections.evict_above(0) => yield_now().await,
            Err(error) => {
                if let Some(omitted) = failures.admit() {
                    log::write(Topic::Server, move || {
                        tracing::error!(%error, omitted, "health endpoint cannot accept connections");
                    });
                }
                sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
        if accepts.is_multiple_of(MAX_ACCEPTS_IN_A_ROW) {
            yield_now().await;
        }
    }
    drop(poll_accept);
    let _ = timeout(grace, connections.ended()).await;
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        sync::{mpsc, oneshot},
        time::Instant,
    };

    use super::*;

    /// The paused clock shows the waiting: evicted connections take 100 ms to end here.
    #[tokio::test(start_paused = true)]
    async fn accept_does_not_wait_for_evicted_connections() {
        const CONNECTIONS: usize = 2_000;
        let (arrive, arrived) = mpsc::unbounded_channel();
        let arrived = Mutex::new(arrived);
        let (open, most, served) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let serve = {
            let (open, most, served) = (Arc::clone(&open), Arc::clone(&most), Arc::clone(&served));
            move |(), activity: Arc<Activity>| {
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let (open, served) = (CountDown(Arc::clone(&open)), Arc::clone(&served));
                async move {
                    served.fetch_add(1, Ordering::SeqCst);
                    activity.evicted().await;
                    sleep(Duration::from_millis(100)).await;
                    drop(open);
                }
            }
        };
        let poll_accept = move |context: &mut Context<'_>| {
            let accepted = arrived.lock().expect("no panic").poll_recv(context);
            accepted.map(|accepted| accepted.ok_or_else(|| ErrorKind::BrokenPipe.into()))
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let start = Instant::now();
        let accepting = tokio::spawn(accept_connections(poll_accept, serve, shutdown, Duration::from_secs(1)));
        for _ in 0..CONNECTIONS {
            arrive.send(()).expect("it listens");
        }
        while served.load(Ordering::SeqCst) < CONNECTIONS {
            yield_now().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        let most = most.load(Ordering::SeqCst);
        assert!((256..=256 + 64 + MAX_ACCEPTS_IN_A_ROW).contains(&most), "{most} were open");
        drop(stop);
        accepting.await.expect("no panic");
        while open.load(Ordering::SeqCst) > 0 {
            yield_now().await;
        }
    }

    struct CountDown(Arc<AtomicUsize>);

    impl Drop for CountDown {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
