//! TCP server for `HAProxy`'s `agent-check`.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    select,
    time::timeout,
};

use super::{
    handle::{ServerHandle, ShutdownSignal},
    listening::{Activity, accept_connections},
    tcp_address::TcpAddress,
};
use crate::{
    access::AccessRequest,
    error::Error,
    http::{Endpoint, Service},
    model::Group,
    monitor::Selection,
};

const THREAD_NAME: &str = "health-agent";

/// Time that a client has to take its line, and again to close its side. `HAProxy` needs a moment.
const CLIENT_TIMEOUT: Duration = Duration::from_millis(500);

/// Time in which a stopped server finishes its lines: a report, and twice [`CLIENT_TIMEOUT`].
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Reports over TCP to `HAProxy` whether the service is ready, for its `agent-check`: each client gets one line (see
/// [`HaproxyAgent`](crate::HaproxyAgent)), and the connection is closed. Bytes from the client are ignored: if readiness has a
/// policy ([`Access::group`](crate::access::Access::group)), the line names no checks.
///
/// It has an operating system thread of its own, named `health-agent`, so that a busy application cannot starve it. Call
/// it on the application's runtime: checks run there. Called outside a Tokio runtime, it runs them on the new thread. The call
/// blocks until the agent listens, which takes a moment unless a name has to be looked up.
///
/// A connection takes 2 s at most, whatever its client does. 256 are open at a time; the next one replaces the connection whose
/// line was sent first, so that a flood of connections does not delay `HAProxy`.
///
/// ```
/// use health_runtime::{Endpoint, serve_agent};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// let agent = serve_agent("127.0.0.1:0", &health)?;
/// println!("server orders … check agent-check agent-port {}", agent.local_addrs()[0].port());
/// # agent.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// It serves until the process ends or [`ServerHandle::stop`] is called: while the service drains, the agent goes on reporting
/// it. `HAProxy` ignores an agent that does not answer, so a service that ends needs the ordinary `check` as well.
///
/// # Errors
/// The address cannot be listened on, or the operating system refuses a thread or an event queue.
pub fn serve_agent(address: impl Into<TcpAddress>, endpoint: &Endpoint) -> Result<ServerHandle, Error> {
    let (address, service) = (address.into(), endpoint.service());
    let check_runtime = Handle::try_current();
    let server = ServerHandle::start(THREAD_NAME, async move |shutdown| {
        let listener = address.listen().map_err(|problem| vec![problem])?;
        if let Ok(runtime) = check_runtime {
            let _ = service.monitor.run_on(&runtime);
        }
        let addresses = listener.local_addr().into_iter().collect();
        Ok((addresses, serve(listener, service, shutdown)))
    })?;
    tracing::info!(addresses = ?server.local_addrs(), thread = THREAD_NAME, "agent for HAProxy is listening");
    Ok(server)
}

async fn serve(listener: TcpListener, service: Arc<Service>, mut shutdown: ShutdownSignal) {
    let answer = move |(stream, _), activity| answer(stream, Arc::clone(&service), activity);
    accept_connections(move |context| listener.poll_accept(context), answer, shutdown.received(), SHUTDOWN_GRACE).await;
}

/// Sends the line. Errors are the client's own, so they are not logged.
async fn answer(mut stream: TcpStream, service: Arc<Service>, activity: Arc<Activity>) {
    let handling = activity.handle_request();
    let selection = Selection::group(Group::Readiness);
    let report = select! {
        biased;
        report = service.monitor.report(&selection) => report,
        () = activity.evicted() => return,
    };
    // The client is not authenticated.
    let line = service.agent.line(&report, service.is_open(AccessRequest::Group(Group::Readiness)));
    let written = timeout(CLIENT_TIMEOUT, async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        return;
    }
    drop(handling);
    activity.finish_sending();
    // Closing with unread bytes would reset the connection, and the client could lose its line.
    let mut unread = [0; 512];
    select! {
        biased;
        _ = timeout(CLIENT_TIMEOUT, async { while matches!(stream.read(&mut unread).await, Ok(1..)) {} }) => {}
        () = activity.evicted() => {}
    }
}
