use std::net::SocketAddr;

use axum::Router;

#[cfg(feature = "server-tls")]
use super::tls::Tls;
#[cfg(unix)]
use super::unix::UnixSocket;
use super::{
    place::{Address, Plan},
    serving::{NotServing, Serving, THREAD_NAME},
};
use crate::error::{Error, Problem};

/// Serves the endpoint at several places, each with routes of its own, on one operating system thread of their own.
///
/// For one address, [`serve_isolated`](crate::serve_isolated) is enough. Several are for different levels at different
/// places, all of one endpoint:
///
/// ```
/// use health_runtime::{Endpoint, Server};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// # let (public, admin) = ("127.0.0.1:0", "127.0.0.1:0");
/// # #[cfg(any())]
/// let (public, admin) = ("0.0.0.0:8080", "127.0.0.1:9090");
/// let server = Server::new()
///     .listen(public, health.levels(4..=5)?.router())
///     .listen(admin, health.router())
///     .start()?;
/// # server.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// What runs where, and what a server on a thread of its own is good for, stands with
/// [`serve_isolated`](crate::serve_isolated).
///
/// # Connections
///
/// It speaks HTTP/1.1 (and 1.0), and keeps connections open between requests, for 75 s of silence; as long may the head
/// of a request take, which is 32 KiB long at most. `OPTIONS *` is answered 200 whatever the checks say.
///
/// A place holds 256 connections at a time. The next one takes the place of the connection that has waited for its client for
/// longest, and is closed at once. If more than 192 are being answered, the oldest of these goes instead: its request is
/// answered 503, and what it has not read within 100 ms is lost. At most 64 such connections are open above the 256. So a flood
/// of connections, silent or asking for slow reports, delays no prober.
///
/// Requests over TCP carry axum's `ConnectInfo<SocketAddr>`, with the address of the peer; those over a Unix socket
/// carry none.
#[derive(Debug, Default)]
#[must_use]
pub struct Server {
    plans: Vec<Plan>,
}

impl Server {
    /// A server that listens nowhere yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens on this address, such as `"0.0.0.0:8080"` or `"[::1]:9090"`, and serves these routes there. A name is looked
    /// up when the server starts. Port 0 is one that is free.
    #[allow(clippy::needless_pass_by_value, reason = "an address is written here, or a `SocketAddr` is copied")]
    pub fn listen(self, address: impl ToString, router: Router) -> Self {
        self.planning(Plan::new(Address::Tcp(address.to_string()), router))
    }

    /// Listens on a Unix domain socket: a path, or a [`UnixSocket`], and serves these routes there.
    ///
    /// ```no_run
    /// # use health_runtime::{Endpoint, Server, UnixSocket};
    /// # let health = Endpoint::builder().build()?;
    /// let server = Server::new()
    ///     .listen("0.0.0.0:8080", health.without_levels().router())
    ///     .listen_unix(UnixSocket::new("/run/app/health.sock").mode(0o660), health.router())
    ///     .start()?;
    /// // curl --unix-socket /run/app/health.sock http://localhost/health/levels
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn listen_unix(self, socket: impl Into<UnixSocket>, router: Router) -> Self {
        self.planning(Plan::new(Address::Unix(socket.into()), router))
    }

    /// Listens on this address like [`listen`](Self::listen), for HTTPS alone.
    #[cfg(feature = "server-tls")]
    #[allow(clippy::needless_pass_by_value, reason = "as with `listen`")]
    pub fn listen_tls(self, address: impl ToString, tls: Tls, router: Router) -> Self {
        let plan = Plan::new(Address::Tcp(address.to_string()), router);
        self.planning(Plan { tls: Some(tls), ..plan })
    }

    fn planning(mut self, plan: Plan) -> Self {
        self.plans.push(plan);
        self
    }

    /// Opens every place and serves it, until the process ends or [`RunningServer::stop`] is called. Call it on the
    /// application's runtime, where checks are to run.
    ///
    /// It blocks until every place is open, which is a moment unless a name has to be looked up.
    ///
    /// # Errors
    /// One error that lists everything that is in the way: addresses that cannot be listened on, files for TLS that cannot be
    /// used. Then nothing is served.
    pub fn start(self) -> Result<RunningServer, Error> {
        let problem = |fault: String| {
            let address = format!("the thread `{THREAD_NAME}`");
            Error::new(vec![Problem::CannotListen { address, fault }])
        };
        if self.plans.is_empty() {
            return Err(problem("the server was told no address".to_owned()));
        }
        let serving = Serving::start(self.plans).map_err(|error| match error {
            NotServing::System(error) => problem(error.to_string()),
            NotServing::Problems(problems) => Error::new(problems),
        })?;
        tracing::info!(addresses = ?serving.addresses, thread = THREAD_NAME, "the health endpoint has a thread of its own");
        Ok(RunningServer { serving })
    }
}

/// A server on a thread of its own, started by [`Server::start`].
///
/// Dropping it stops nothing, as with a thread's handle: an endpoint that is gone because a variable went out of scope
/// is a service that gets restarted.
#[derive(Debug)]
pub struct RunningServer {
    serving: Serving,
}

impl RunningServer {
    /// Where it listens for TCP, in the order of the calls of [`Server::listen`] and `listen_tls`, with the ports that the system
    /// chose.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.serving.addresses
    }

    /// Stops listening, finishes the answers that are under way, for 11 s at most, removes Unix sockets and ends the thread.
    ///
    /// # Cancellation
    /// Once polled, it stops whether or not anybody waits for it.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}
