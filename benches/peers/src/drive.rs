//! Sends the requests of a case, and counts nothing itself.

use std::{
    io::{Error, Result},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
    time::advance,
};

use crate::{
    case::Case,
    client::Clients,
    subjects::{has_own_thread, serve},
    workload::{Exchange, Freshness, Workload},
};

/// Pause in which a server on its own thread finishes a request.
const PAUSE: Duration = Duration::from_millis(1);

/// A subject that serves a workload to clients in the same process.
#[derive(Debug)]
pub struct Run {
    runtime: Runtime,
    clients: Option<Clients>,
    connections: usize,
    workload: Workload,
    has_own_thread: bool,
    is_connected: bool,
}

impl Run {
    /// Starts the subject. Its clock stands still from now on, unless it has a thread of its own.
    pub fn start(case: &Case) -> Result<Self> {
        let Case { workload, subject, connections } = case;
        let has_own_thread = has_own_thread(subject);
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
        let address = runtime.block_on(serve(subject, workload))?;
        if workload.checks.freshness == Freshness::Background {
            runtime.block_on(wait_for_first_results());
        }
        let clients = Clients::new(*connections, address, workload);
        Ok(Self {
            runtime,
            clients: Some(clients),
            connections: *connections,
            workload: *workload,
            has_own_thread,
            is_connected: false,
        })
    }

    /// Sends so many requests, a multiple of the connections.
    pub fn send(&mut self, requests: usize) -> Result<()> {
        let rounds = requests / self.connections;
        let mut clients = self.clients.take().ok_or_else(|| Error::other("an earlier request failed"))?;
        if self.has_own_thread {
            send_from_outside(&mut clients, rounds)?;
            self.clients = Some(clients);
        } else {
            let workload = self.workload;
            let is_connected = self.is_connected;
            let task = async move {
                if !is_connected {
                    connect(&mut clients).await?;
                }
                send_from_inside(&mut clients, rounds, workload).await.map(|()| clients)
            };
            // A task is woken without the system call that wakes the runtime's own future.
            self.clients = Some(self.runtime.block_on(self.runtime.spawn(task)).map_err(Error::other)??);
            self.is_connected = true;
        }
        Ok(())
    }

    /// Returns the latest response.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        self.clients.as_ref().map_or(&[], Clients::response)
    }
}

/// Lets the clock go on until each check has a result: their first runs are spread over an interval.
async fn wait_for_first_results() {
    for _ in 0..30 {
        advance(Duration::from_millis(100)).await;
        for _ in 0..100 {
            yield_now().await;
        }
    }
}

/// Lets the server accept connections one by one: a connection that its backlog cannot take would block this thread.
async fn connect(clients: &mut Clients) -> Result<()> {
    for number in 0..clients.count() {
        clients.connect_unmeasured(number)?;
        yield_now().await;
    }
    Ok(())
}

async fn send_from_inside(clients: &mut Clients, rounds: usize, workload: Workload) -> Result<()> {
    let Workload { exchange, step, .. } = workload;
    for _ in 0..rounds {
        clients.send_unmeasured()?;
        if !step.is_zero() {
            advance(step).await;
        }
        while !clients.receive_unmeasured()? {
            // The next event may be a few steps away.
            if exchange == Exchange::Stream { advance(step).await } else { yield_now().await }
        }
    }
    Ok(())
}

/// Waits after each request, so that the server always begins the next one in the same state.
fn send_from_outside(clients: &mut Clients, rounds: usize) -> Result<()> {
    for _ in 0..rounds {
        clients.send_unmeasured()?;
        thread::sleep(PAUSE);
        while !clients.receive_unmeasured()? {
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}
