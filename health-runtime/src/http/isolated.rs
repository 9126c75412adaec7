//! The endpoint on a thread of its own, which a busy application cannot starve.

use std::{
    future::pending,
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::Duration,
};

use axum::Router;
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    time::timeout,
};

use super::home;

/// Linux shows fifteen characters.
const THREAD_NAME: &str = "health-endpoint";

/// How long a server that was stopped finishes what it has begun: longer than any report takes.
const LAST_ANSWERS: Duration = Duration::from_secs(11);

/// Serves a router on an operating system thread of its own, so that a busy application cannot starve its probes.
///
/// Call it on the application's runtime: the checks keep running there, with the connections and timers that belong to it.
/// What answers is the other thread, which also keeps the time: if the application's runtime is stuck altogether, checks
/// are reported as timed out, within the report's deadline. Called outside a Tokio runtime, checks run on the new
/// thread as well.
///
/// A process that serves its endpoint like this answers also when its application no longer does. If that is to be
/// noticed, have a check for it: [`probes::runtime_lag`](crate::probes::runtime_lag()).
///
/// ```
/// use health_runtime::{EndpointBuilder, probes, serve_isolated};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = EndpointBuilder::new().checks([probes::runtime_lag()]).build()?;
/// let server = serve_isolated("127.0.0.1:0", health.router())?;
/// println!("healthy? http://{}/livez", server.local_addr());
/// # server.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// It serves until the process ends, or [`IsolatedServer::stop`] is called. The thread is named `health-endpoint`. An
/// `addr` that is a name is looked up, which blocks; an IP address is not.
///
/// # Errors
/// The address cannot be listened on, or the operating system gives no thread or no event queue.
pub fn serve_isolated(addr: impl ToSocketAddrs, router: Router) -> io::Result<IsolatedServer> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let router = home::at_home_here(router);
    let (stop, stopping) = oneshot::channel();
    let (ending, ended) = oneshot::channel();
    let (starting, started) = mpsc::sync_channel(1);
    thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(move || {
        // Here, because a runtime must not be dropped on another one, not even when something goes wrong.
        let (runtime, listener) = match start(listener) {
            Ok(runtime_and_listener) => runtime_and_listener,
            Err(error) => return drop(starting.send(Err(error))),
        };
        let _ = starting.send(Ok(()));
        runtime.block_on(serve(listener, router, stopping));
        // A connection that does not end may be left, and has had its time.
        runtime.shutdown_background();
        // Most of the time nobody waits for it.
        let _ = ending.send(());
    })?;
    started.recv().map_err(io::Error::other)??;
    tracing::info!(%address, thread = THREAD_NAME, "the health endpoint has a thread of its own");
    Ok(IsolatedServer { address, stop, ended })
}

fn start(listener: TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    Ok((runtime, listener))
}

async fn serve(listener: tokio::net::TcpListener, router: Router, stopping: oneshot::Receiver<()>) {
    let (close, closed) = oneshot::channel::<()>();
    // With the callers' addresses, which access may ask for.
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    let server = server.with_graceful_shutdown(async {
        let _ = closed.await;
    });
    let server = tokio::spawn(server.into_future());
    if stopping.await.is_err() {
        // The handle was dropped, and with it the only way to stop.
        pending::<()>().await;
    }
    drop(close);
    let _ = timeout(LAST_ANSWERS, server).await;
}

/// A server on a thread of its own, started by [`serve_isolated`].
///
/// Dropping it stops nothing, as with a thread's handle: an endpoint that is gone because a variable went out of scope
/// is a service that gets restarted.
#[derive(Debug)]
pub struct IsolatedServer {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl IsolatedServer {
    /// Where it listens, with the port that the system chose if it was asked for port 0.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, finishes the answers that are under way, for 11 s at most, and ends the thread.
    ///
    /// A service that ends needs none of this: the endpoint answers until the process is gone.
    ///
    /// # Cancellation
    /// Once polled, it stops whether or not anybody waits for it.
    pub async fn stop(self) {
        // Fails if the thread is gone already.
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}
