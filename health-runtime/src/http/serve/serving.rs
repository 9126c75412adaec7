//! The thread that serves, which a busy application cannot starve.

use std::{future::pending, io, net::SocketAddr, sync::mpsc, thread};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    connection::LAST_ANSWERS,
    listening,
    place::{Place, Plan},
};
use crate::{error::Problem, http::home};

/// Linux shows fifteen characters.
pub(super) const NAME: &str = "health-endpoint";

/// A thread that serves.
#[derive(Debug)]
pub(super) struct Serving {
    /// Of the places that have one, in their order.
    pub(super) addresses: Vec<SocketAddr>,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// Why it does not serve.
#[derive(Debug)]
pub(super) enum NotServing {
    System(io::Error),
    Problems(Vec<Problem>),
}

impl From<io::Error> for NotServing {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Serving {
    /// Opens every place on a thread of its own, and serves it there. What is asked for runs on the caller's runtime.
    pub(super) fn start(mut plans: Vec<Plan>) -> Result<Self, NotServing> {
        for plan in &mut plans {
            plan.router = home::at_home_here(std::mem::take(&mut plan.router));
        }
        let (stop, stopping) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let (starting, started) = mpsc::sync_channel(1);
        thread::Builder::new().name(NAME.to_owned()).spawn(move || {
            // Here, because a runtime must not be dropped on another one, not even when something goes wrong.
            let (runtime, places) = match open(plans) {
                Ok(runtime_and_places) => runtime_and_places,
                Err(error) => return drop(starting.send(Err(error))),
            };
            let addresses = places.iter().filter_map(|place| place.listener.tcp_address()).collect();
            let _ = starting.send(Ok(addresses));
            runtime.block_on(serve(places, stopping));
            // A connection that does not end may be left, and has had its time.
            runtime.shutdown_background();
            // Most of the time nobody waits for it.
            let _ = ending.send(());
        })?;
        let addresses = started.recv().map_err(io::Error::other)??;
        Ok(Self { addresses, stop, ended })
    }

    pub(super) async fn stop(self) {
        // Fails if the thread is gone already.
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}

fn open(plans: Vec<Plan>) -> Result<(Runtime, Vec<Place>), NotServing> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (mut places, mut problems) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        for plan in plans {
            match plan.open().await {
                Ok(place) => places.push(place),
                Err(found) => problems.extend(found),
            }
        }
    });
    if problems.is_empty() { Ok((runtime, places)) } else { Err(NotServing::Problems(problems)) }
}

async fn serve(places: Vec<Place>, stopping: oneshot::Receiver<()>) {
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    for place in places {
        #[cfg(feature = "tls")]
        if let Some(identity) = &place.identity {
            tokio::spawn(identity.keep_current());
        }
        servers.spawn(listening::serve(place, stopped.clone()));
    }
    if stopping.await.is_err() {
        // The handle was dropped, and with it the only way to stop.
        pending::<()>().await;
    }
    drop(stop);
    let _ = timeout(LAST_ANSWERS, async { while servers.join_next().await.is_some() {} }).await;
}
