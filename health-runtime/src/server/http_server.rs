//! The HTTP server, and the short ways to start it at one address.

use std::net::SocketAddr;

use tokio::{runtime::Handle, task::JoinSet};

#[cfg(feature = "server-tls")]
use super::tls::Tls;
#[cfg(unix)]
use super::unix_socket::UnixSocket;
use super::{
    binding::{Binding, ListenAddress},
    handle::{ServerHandle, ShutdownSignal},
    served_routes::ServedRoutes,
    tcp_address::TcpAddress,
};
use crate::error::{Error, Problem};

const THREAD_NAME: &str = "health-endpoint";

/// Serves an endpoint or a router on an operating system thread of its own, so that a busy application cannot starve its probes.
///
/// Call it on the application's runtime: the checks keep running there, with the connections and timers that belong to it.
/// The other thread answers and keeps the time: if the application's runtime is blocked altogether, checks are reported as timed
/// out, within the report's deadline. Called outside a Tokio runtime, it runs the checks on the new thread as well.
///
/// A process that serves its endpoint like this answers also when its application no longer does. Add a check that
/// notices it: [`probes::runtime_lag`](crate::probes::runtime_lag()).
///
/// ```
/// use health_runtime::{Endpoint, probes, serve_isolated};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().checks([probes::runtime_lag()]).build()?;
/// let server = serve_isolated("127.0.0.1:0", health)?;
/// println!("healthy? http://{}/livez", server.local_addrs()[0]);
/// # server.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// For several addresses, see [`Server`], which also explains how it treats connections.
///
/// It serves until the process ends or [`ServerHandle::stop`] is called. The thread is named `health-endpoint`. The call blocks
/// until the server listens, which takes a moment unless a name has to be looked up.
///
/// # Errors
/// The address cannot be listened on, or the operating system refuses a thread or an event queue.
pub fn serve_isolated(address: impl Into<TcpAddress>, routes: impl Into<ServedRoutes>) -> Result<ServerHandle, Error> {
    Server::new().listen(address, routes).start()
}

/// Serves an endpoint or a router like [`serve_isolated`], over HTTPS.
///
/// ```no_run
/// use health_runtime::{Endpoint, Tls, serve_tls};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// let tls = Tls::new("/etc/tls/tls.crt", "/etc/tls/tls.key").with_required_clients("/etc/tls/clients.pem");
/// serve_tls("0.0.0.0:8443", tls, health)?;
/// # Ok(())
/// # }
/// ```
///
/// It is short for [`Server::listen_tls`]; [`Tls`] explains certificates and handshakes.
///
/// # Errors
/// One error that lists every problem, like [`Server::start`].
#[cfg(feature = "server-tls")]
pub fn serve_tls(
    address: impl Into<TcpAddress>,
    tls: Tls,
    routes: impl Into<ServedRoutes>,
) -> Result<ServerHandle, Error> {
    Server::new().listen_tls(address, tls, routes).start()
}

/// Serves the endpoint at several addresses, each with routes of its own, on one operating system thread.
///
/// For one address, [`serve_isolated`] is enough. Several addresses can offer different levels of one endpoint:
///
/// ```
/// use health_runtime::{Endpoint, Level, Server};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// # let (public, admin) = ("127.0.0.1:0", "127.0.0.1:0");
/// # #[cfg(any())]
/// let (public, admin) = ("0.0.0.0:8080", "127.0.0.1:9090");
/// let server = Server::new()
///     .listen(public, health.levels(Level::L4..=Level::L5))
///     .listen(admin, health)
///     .start()?;
/// # server.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// [`serve_isolated`] explains which runtime runs the checks, and when a thread for the endpoint helps.
///
/// # Connections
///
/// The server speaks HTTP/1.1 and 1.0. It keeps connections open between requests, for up to 75 s of silence. The head of a
/// request may take as long, and be 32 KiB long. `OPTIONS *` is answered with 200 whatever the checks report.
///
/// Each address holds 256 connections at a time. The next one replaces the connection that has waited longest for its client,
/// which is closed at once. If more than 192 connections are being answered, the oldest of these is replaced instead: its request
/// is answered with 503, and bytes that its client has not read within 100 ms are lost. At most 64 replaced connections stay open
/// above the 256. So a flood of connections, silent or asking for slow reports, delays no prober.
///
/// Requests of a router over TCP carry axum's `ConnectInfo<SocketAddr>` with the client's address; requests over a Unix socket carry none.
#[derive(Debug, Default)]
#[must_use]
pub struct Server {
    bindings: Vec<Binding>,
}

impl Server {
    /// A server without an address.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves an endpoint or a router at this address, such as `"0.0.0.0:8080"`, `("localhost", 8080)` or a [`SocketAddr`]; see
    /// [`ServedRoutes`] and [`TcpAddress`].
    pub fn listen(self, address: impl Into<TcpAddress>, routes: impl Into<ServedRoutes>) -> Self {
        self.bind(Binding::new(ListenAddress::Tcp(address.into()), routes.into()))
    }

    /// Serves these routes at a Unix domain socket: a path, or a [`UnixSocket`].
    ///
    /// ```no_run
    /// # use health_runtime::{Endpoint, Server, UnixSocket};
    /// # let health = Endpoint::builder().build()?;
    /// let server = Server::new()
    ///     .listen("0.0.0.0:8080", health.without_levels())
    ///     .listen_unix(UnixSocket::new("/run/app/health.sock").with_mode(0o660), health)
    ///     .start()?;
    /// // curl --unix-socket /run/app/health.sock http://localhost/health/levels
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn listen_unix(self, socket: impl Into<UnixSocket>, routes: impl Into<ServedRoutes>) -> Self {
        self.bind(Binding::new(ListenAddress::Unix(socket.into()), routes.into()))
    }

    /// Serves these routes at this address like [`listen`](Self::listen), over HTTPS only.
    #[cfg(feature = "server-tls")]
    pub fn listen_tls(self, address: impl Into<TcpAddress>, tls: Tls, routes: impl Into<ServedRoutes>) -> Self {
        let binding = Binding::new(ListenAddress::Tcp(address.into()), routes.into());
        self.bind(Binding { tls: Some(tls), ..binding })
    }

    fn bind(mut self, binding: Binding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Listens on every address and serves, until the process ends or [`ServerHandle::stop`] is called. Call it on the
    /// application's runtime, where the checks are to run.
    ///
    /// It blocks until the server listens everywhere, which takes a moment unless a name has to be looked up.
    ///
    /// # Errors
    /// One error that lists every problem: addresses that cannot be listened on, files for TLS that cannot be used. Then nothing
    /// is served.
    pub fn start(self) -> Result<ServerHandle, Error> {
        let mut bindings = self.bindings;
        if bindings.is_empty() {
            let fault = "no address was given; add one with `listen`".to_owned();
            return Err(Error::new(vec![Problem::CannotServe { fault }]));
        }
        if let Ok(runtime) = Handle::try_current() {
            for binding in &mut bindings {
                binding.routes.run_checks_on(&runtime);
            }
        }
        let server = ServerHandle::start(THREAD_NAME, |shutdown| open(bindings, shutdown))?;
        tracing::info!(addresses = ?server.local_addrs(), thread = THREAD_NAME, "health endpoint is served on its own thread");
        Ok(server)
    }
}

/// Opens all bindings. Returns their addresses and the future that serves them.
async fn open(
    bindings: Vec<Binding>,
    shutdown: ShutdownSignal,
) -> Result<(Vec<SocketAddr>, impl Future<Output = ()>), Vec<Problem>> {
    let (mut opened, mut problems) = (Vec::new(), Vec::new());
    for binding in bindings {
        match binding.open().await {
            Ok(binding) => opened.push(binding),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let addresses = opened.iter().filter_map(|binding| binding.socket.tcp_address()).collect();
    let serving = async move {
        let mut serving: JoinSet<()> = opened.into_iter().map(|binding| binding.serve(shutdown.clone())).collect();
        while serving.join_next().await.is_some() {}
    };
    Ok((addresses, serving))
}
