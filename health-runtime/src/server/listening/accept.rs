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

/// Connections accepted before those that are open have their turn, on the one thread that does both.
const ACCEPTS_PER_TURN: usize = 16;

/// Pause when the operating system gives no connections, such as for want of files.
const RECOVERY: Duration = Duration::from_millis(100);

/// Accepts connections until `stopping` resolves, serves each in a task of its own, and evicts some when there are too many.
/// Then stops listening and gives the last answers this long.
pub(crate) async fn accept_connections<S, F>(
    poll_accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<S>>,
    serve: impl Fn(S, Arc<Activity>) -> F,
    stopping: impl Future<Output = ()>,
    last_answers: Duration,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut stopping = pin!(stopping);
    let mut connections = Connections::default();
    let failures = OncePerMinute::default();
    for accepts in 1_usize.. {
        let accepted = select! {
            accepted = poll_fn(&poll_accept) => accepted,
            () = &mut stopping => break,
        };
        match accepted {
            Ok(stream) => connections.add(|activity| serve(stream, activity)),
            // The client has thought better of it.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            // A connection that waits for its client gives its file to the new one.
            Err(_) if connections.evict_above(0) => yield_now().await,
            Err(error) => {
                if let Some(omitted) = failures.admit() {
                    log::write(Topic::Server, move || {
                        tracing::error!(%error, omitted, "the health endpoint cannot accept a connection");
                    });
                }
                sleep(RECOVERY).await;
            }
        }
        if accepts.is_multiple_of(ACCEPTS_PER_TURN) {
            yield_now().await;
        }
    }
    drop(poll_accept);
    let _ = timeout(last_answers, connections.ended()).await;
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

    /// Evicted connections take a while to end here, and the clock stands still while anybody has something to do.
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
        let stopping = async move { drop(stopped.await) };
        let start = Instant::now();
        let accepting = tokio::spawn(accept_connections(poll_accept, serve, stopping, Duration::from_secs(1)));
        for _ in 0..CONNECTIONS {
            arrive.send(()).expect("it listens");
        }
        while served.load(Ordering::SeqCst) < CONNECTIONS {
            yield_now().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        let most = most.load(Ordering::SeqCst);
        assert!((256..=256 + 64 + ACCEPTS_PER_TURN).contains(&most), "{most} were open");
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
