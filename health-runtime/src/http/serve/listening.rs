//! Accepts the connections of one place, and keeps their number down.

use std::{collections::VecDeque, io::ErrorKind, time::Duration};

use tokio::{
    select,
    sync::{oneshot, watch},
    task::JoinSet,
    time::sleep,
};

use super::{
    connection::{self, Busy, Ends, Peer},
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
    held: VecDeque<Held>,
}

/// A connection that has a place.
struct Held {
    eviction: oneshot::Sender<()>,
    busy: Busy,
}

impl Connections {
    /// Waits for a connection to end if there are too many. Those that go are the oldest: an honest client is quick, so
    /// whoever opens connections and says nothing displaces their own. Only if all are being answered some of these go: who
    /// asks for what takes long, again and again, must not keep a prober waiting.
    async fn make_room(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() < MAX_CONNECTIONS {
            return;
        }
        self.held.retain(|held| !held.eviction.is_closed());
        // Some that were told to go are still about to.
        if self.held.len() == self.tasks.len() {
            self.evict();
        }
        self.tasks.join_next().await;
    }

    fn evict(&mut self) {
        // The newest have hardly had the time to ask.
        let judged = self.held.len().saturating_sub(EVICTED_TOGETHER);
        let are_all_answering = self.held.iter().take(judged).all(|held| held.busy.is_answering());
        let mut evicted = 0;
        for (at, held) in std::mem::take(&mut self.held).into_iter().enumerate() {
            let may_go = are_all_answering || (at < judged && !held.busy.is_answering());
            if may_go && evicted < EVICTED_TOGETHER {
                evicted += 1;
                let _ = held.eviction.send(());
            } else {
                self.held.push_back(held);
            }
        }
    }

    fn start(&mut self, place: &Place, stream: Stream, peer: Peer, stopping: watch::Receiver<()>) {
        let (eviction, evicted) = oneshot::channel();
        if self.held.len() >= 2 * MAX_CONNECTIONS {
            self.held.retain(|held| !held.eviction.is_closed());
        }
        self.held.push_back(Held { eviction, busy: peer.busy() });
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
