//! Accepts the connections of one place, and keeps their number down.

use std::{collections::VecDeque, io::ErrorKind, time::Duration};

use tokio::{
    select,
    sync::{oneshot, watch},
    task::JoinSet,
    time::sleep,
};

use super::{
    connection::{self, Ends, Peer},
    place::Place,
    stream::Stream,
};

/// Many more than probers need, and few enough for a process with 1,024 files.
const MAX_CONNECTIONS: usize = 256;

/// How many of the oldest have to go when there are too many.
const EVICTED_TOGETHER: usize = MAX_CONNECTIONS / 4;

/// How long nothing is accepted when the process has no files left.
const RECOVERY: Duration = Duration::from_millis(100);

/// Serves a place until the server stops and the last answer is given.
pub(super) async fn serve(place: Place, mut stopping: watch::Receiver<()>) {
    let mut connections = Connections::default();
    loop {
        let accepted = select! {
            accepted = place.listener.accept() => accepted,
            _ = stopping.changed() => break,
            Some(_ended) = connections.tasks.join_next() => continue,
        };
        match accepted {
            Ok((stream, address)) => {
                connections.make_room().await;
                connections.start(&place, stream, Peer::at(address), stopping.clone());
            }
            // The client has thought better of it.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "the health endpoint cannot accept a connection");
                sleep(RECOVERY).await;
            }
        }
    }
    // Nothing more comes in while the last answers go out.
    drop(place);
    while connections.tasks.join_next().await.is_some() {}
}

#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first, also some that have ended.
    evictions: VecDeque<oneshot::Sender<()>>,
}

impl Connections {
    /// Waits for a connection to end if there are too many. Those that go are the oldest: an honest client is quick, so
    /// whoever opens connections and says nothing displaces their own.
    async fn make_room(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() < MAX_CONNECTIONS {
            return;
        }
        self.evictions.retain(|eviction| !eviction.is_closed());
        let oldest = EVICTED_TOGETHER.min(self.evictions.len());
        for eviction in self.evictions.drain(..oldest) {
            let _ = eviction.send(());
        }
        self.tasks.join_next().await;
    }

    fn start(&mut self, place: &Place, stream: Stream, peer: Peer, stopping: watch::Receiver<()>) {
        let (eviction, evicted) = oneshot::channel();
        if self.evictions.len() >= 2 * MAX_CONNECTIONS {
            self.evictions.retain(|eviction| !eviction.is_closed());
        }
        self.evictions.push_back(eviction);
        let ends = Ends { evicted, stopping };
        let router = place.router.clone();
        #[cfg(feature = "tls")]
        if let Some(identity) = place.identity.clone() {
            self.tasks.spawn(connection::serve_secured(stream, peer, router, identity, ends));
            return;
        }
        self.tasks.spawn(connection::serve(stream, peer, router, ends, std::future::pending()));
    }
}
