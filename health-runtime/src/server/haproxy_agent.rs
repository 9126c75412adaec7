//! The listener that `HAProxy` reads an agent's line from.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    select,
    time::timeout,
};

use super::{
    listening::{Activity, BACKLOG, accept_connections, bind},
    thread::{OwnThread, Stopping},
};
use crate::{
    access::AccessRequest,
    http::{Endpoint, Service},
    model::Group,
    monitor::Selection,
};

const THREAD_NAME: &str = "health-agent";

/// How long a client has for taking its line, and again for closing behind it. `HAProxy` needs a moment.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a server that was stopped finishes what it has begun: a report and twice the patience.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Tells `HAProxy` over TCP whether the service is ready, for its `agent-check`: whoever connects gets one line (see
/// [`HaproxyAgent`](crate::HaproxyAgent)), and the connection is closed. What a client sends is not looked at: if readiness has a policy
/// ([`Access::group`](crate::access::Access::group)), the line names no checks.
///
/// It has an operating system thread of its own, named `health-agent`, so that a busy application cannot starve it. Call
/// it on the application's runtime: checks run there. Called outside a Tokio runtime, they run on the new thread.
///
/// A connection takes 2 s at most, whatever its client does. 256 are open at a time; the next one takes the place of the one
/// that has had its line for longest, so that nobody who opens connections keeps `HAProxy` waiting.
///
/// ```
/// use health_runtime::{Endpoint, serve_agent};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Endpoint::builder().build()?;
/// let agent = serve_agent("127.0.0.1:0", &health)?;
/// println!("server orders … check agent-check agent-port {}", agent.local_addr().port());
/// # agent.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// It serves until the process ends, or [`AgentServer::stop`] is called: while the service drains, `HAProxy` goes on being
/// told so. No agent at all changes nothing for `HAProxy`, so a service that ends needs the ordinary `check` as well.
///
/// # Errors
/// The address cannot be listened on, or the operating system gives no thread or no event queue.
pub fn serve_agent(addr: impl ToSocketAddrs, endpoint: &Endpoint) -> io::Result<AgentServer> {
    let socket = bind(addr)?;
    let address = socket.local_addr()?;
    let service = endpoint.service();
    if let Ok(runtime) = Handle::try_current() {
        let _ = service.monitor.run_on(&runtime);
    }
    let (thread, ()) = OwnThread::start(THREAD_NAME, move |runtime, stopping| {
        let _entered = runtime.enter();
        Ok::<_, io::Error>(((), serve(socket.listen(BACKLOG)?, service, stopping)))
    })?;
    tracing::info!(%address, thread = THREAD_NAME, "the agent for HAProxy listens");
    Ok(AgentServer { address, thread })
}

async fn serve(listener: TcpListener, service: Arc<Service>, stopping: Stopping) {
    let answer = move |(stream, _), activity| answer(stream, Arc::clone(&service), activity);
    accept_connections(move |context| listener.poll_accept(context), answer, stopping.asked(), LAST_ANSWERS).await;
}

/// Errors are the client's own: there is nobody else to tell.
async fn answer(mut stream: TcpStream, service: Arc<Service>, activity: Arc<Activity>) {
    let handling = activity.handle_request();
    let selection = Selection::group(Group::Readiness);
    let report = select! {
        biased;
        report = service.monitor.report(&selection) => report,
        () = activity.evicted() => return,
    };
    // Nobody can say who reads it.
    let line = service.agent.line(&report, service.is_open(AccessRequest::Group(Group::Readiness)));
    let written = timeout(PATIENCE, async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        return;
    }
    drop(handling);
    activity.finish_sending();
    // With bytes unread, closing would reset the connection, and could take the line away from the client.
    let mut unread = [0; 512];
    select! {
        biased;
        _ = timeout(PATIENCE, async { while matches!(stream.read(&mut unread).await, Ok(1..)) {} }) => {}
        () = activity.evicted() => {}
    }
}

/// A listener for `HAProxy`, started by [`serve_agent`].
///
/// Dropping it stops nothing: an agent that is gone because a variable went out of scope would leave `HAProxy` with what
/// it heard last.
#[derive(Debug)]
pub struct AgentServer {
    address: SocketAddr,
    thread: OwnThread,
}

impl AgentServer {
    /// Where it listens, with the port that the system chose if it was asked for port 0.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, finishes the answers that are under way, for 2 s at most, and ends the thread.
    ///
    /// # Cancellation
    /// Once polled, it stops whether or not anybody waits for it.
    pub async fn stop(self) {
        self.thread.stop().await;
    }
}
