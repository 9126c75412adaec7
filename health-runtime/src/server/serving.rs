//! The places of a server, served on a thread of their own.

use std::{io, mem, net::SocketAddr};

use axum::Extension;

use tokio::{
    runtime::{Handle, Runtime},
    sync::watch,
    task::JoinSet,
};

use super::{
    place::{Place, Plan},
    thread::{OwnThread, Stopping},
};
use crate::{check_runtime::CheckRuntime, error::Problem};

pub(super) const THREAD_NAME: &str = "health-endpoint";

/// A server that runs.
#[derive(Debug)]
pub(super) struct Serving {
    /// Of the places that have one, in their order.
    pub(super) addresses: Vec<SocketAddr>,
    thread: OwnThread,
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
        if let Ok(runtime) = Handle::try_current() {
            for plan in &mut plans {
                plan.router = mem::take(&mut plan.router).layer(Extension(CheckRuntime(runtime.clone())));
            }
        }
        let (thread, addresses) = OwnThread::start(THREAD_NAME, |runtime, stopping| {
            let places = open(plans, runtime)?;
            let addresses = places.iter().filter_map(|place| place.listener.tcp_address()).collect();
            Ok::<_, NotServing>((addresses, serve(places, stopping)))
        })?;
        Ok(Self { addresses, thread })
    }

    pub(super) async fn stop(self) {
        self.thread.stop().await;
    }
}

fn open(plans: Vec<Plan>, runtime: &Runtime) -> Result<Vec<Place>, NotServing> {
    let (mut places, mut problems) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        for plan in plans {
            match plan.open().await {
                Ok(place) => places.push(place),
                Err(found) => problems.extend(found),
            }
        }
    });
    if problems.is_empty() { Ok(places) } else { Err(NotServing::Problems(problems)) }
}

async fn serve(places: Vec<Place>, stopping: Stopping) {
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    for place in places {
        #[cfg(feature = "server-tls")]
        if let Some(identity) = &place.identity {
            tokio::spawn(identity.keep_current());
        }
        servers.spawn(place.serve(stopped.clone()));
    }
    stopping.asked().await;
    drop(stop);
    while servers.join_next().await.is_some() {}
}
