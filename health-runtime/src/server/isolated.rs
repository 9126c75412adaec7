//! The paved path: one address.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
};

use axum::Router;

#[cfg(feature = "server-tls")]
use super::{
    http_server::{RunningServer, Server},
    tls::Tls,
};
use super::{
    place::{Address, Plan},
    serving::{NotServing, Serving, THREAD_NAME},
};
use crate::{error::Error, server::listening::bind};

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
/// use health_runtime::{Endpoint, probes, serve_isolated};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().checks([probes::runtime_lag()]).build()?;
/// let server = serve_isolated("127.0.0.1:0", health.router())?;
/// println!("healthy? http://{}/livez", server.local_addr());
/// # server.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// For several addresses, see [`Server`](crate::Server), which also says how connections are kept.
///
/// It serves until the process ends, or [`IsolatedServer::stop`] is called. The thread is named `health-endpoint`. An
/// `addr` that is a name is looked up, which blocks; an IP address is not.
///
/// # Errors
/// The address cannot be listened on, or the operating system gives no thread or no event queue.
pub fn serve_isolated(addr: impl ToSocketAddrs, router: Router) -> io::Result<IsolatedServer> {
    let socket = bind(addr)?;
    let address = socket.local_addr()?;
    let serving = Serving::start(vec![Plan::new(Address::Bound(socket), router)]).map_err(|error| match error {
        NotServing::System(error) => error,
        NotServing::Problems(problems) => io::Error::other(Error::new(problems)),
    })?;
    tracing::info!(%address, thread = THREAD_NAME, "the health endpoint has a thread of its own");
    Ok(IsolatedServer { address, serving })
}

/// Serves a router like [`serve_isolated`], over HTTPS.
///
/// ```no_run
/// use health_runtime::{Endpoint, Tls, serve_tls};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// let tls = Tls::new("/etc/tls/tls.crt", "/etc/tls/tls.key").with_required_clients("/etc/tls/clients.pem");
/// serve_tls("0.0.0.0:8443", tls, health.router())?;
/// # Ok(())
/// # }
/// ```
///
/// It is [`Server::listen_tls`] alone; the certificate and what else there is to it stand with [`Tls`].
///
/// # Errors
/// One error that lists everything that is in the way, as [`Server::start`] does.
#[cfg(feature = "server-tls")]
pub fn serve_tls(address: impl ToString, tls: Tls, router: Router) -> Result<RunningServer, Error> {
    Server::new().listen_tls(address, tls, router).start()
}

/// A server on a thread of its own, started by [`serve_isolated`].
///
/// Dropping it stops nothing, as with a thread's handle: an endpoint that is gone because a variable went out of scope
/// is a service that gets restarted.
#[derive(Debug)]
pub struct IsolatedServer {
    address: SocketAddr,
    serving: Serving,
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
        self.serving.stop().await;
    }
}
