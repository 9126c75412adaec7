use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use tokio::{
    sync::Mutex,
    task::{JoinHandle, spawn_blocking},
};

use super::{address::HostPort, finding::ServerState};
use crate::probes::deadline::Deadline;

/// Looks up the addresses of a host, at most once at a time.
///
/// A lookup blocks a thread until the operating system ends it, which may take longer than many runs. A run that comes meanwhile
/// waits for the same lookup instead of blocking one more thread. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct HostLookup(Arc<Mutex<Option<Running>>>);

type Running = JoinHandle<io::Result<Vec<SocketAddr>>>;

impl HostLookup {
    /// Returns the addresses, in the order in which the operating system wants them to be tried.
    ///
    /// # Errors
    /// The host has no address, or none was found before the deadline.
    ///
    /// # Cancellation
    /// The thread goes on, and the next call waits for it.
    pub(super) async fn addresses(
        &self,
        address: &HostPort,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, ServerState> {
        let HostPort { host, port } = address.clone();
        if let Ok(ip) = host.parse() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let found = deadline.wait("is not resolved", self.run(move || Ok((&*host, port).to_socket_addrs()?.collect())));
        match found.await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(ServerState::fail("unresolved", "has no address")),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(ServerState::fail("unresolved", format!("is not resolved: {error}"))),
            Err(late) => Err(ServerState::fail("unresolved", late)),
        }
    }

    /// Runs this lookup, or waits for the one in progress.
    async fn run(
        &self,
        lookup: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> io::Result<Vec<SocketAddr>> {
        let mut running = self.0.lock().await;
        let found = running.get_or_insert_with(|| spawn_blocking(lookup)).await;
        *running = None;
        found?
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::Duration,
    };

    use super::*;

    fn run() -> Deadline {
        Deadline::within(Duration::from_millis(20))
    }

    #[tokio::test]
    async fn hanging_lookup_blocks_one_thread() {
        let started = Arc::new(AtomicUsize::new(0));
        let (release, released) = mpsc::channel::<()>();
        let mut released = Some(released);
        let lookup = HostLookup::default();
        for _ in 0..20 {
            let (started, released) = (Arc::clone(&started), released.take());
            let hang = move || {
                started.fetch_add(1, Ordering::SeqCst);
                released.map(|released| released.recv());
                Ok(Vec::new())
            };
            let late = run().wait("late", lookup.clone().run(hang)).await;
            assert!(late.is_err(), "{late:?}");
        }
        assert_eq!(started.load(Ordering::SeqCst), 1);
        release.send(()).expect("the lookup");
        assert_eq!(lookup.run(|| panic!("a second lookup")).await.expect("the first lookup"), []);
        let next = lookup.run(|| Ok(vec![SocketAddr::from(([127, 0, 0, 1], 1))])).await;
        assert_eq!(next.expect("an address").len(), 1);
    }

    #[tokio::test]
    async fn panic_in_a_lookup_is_an_error() {
        let lookup = HostLookup::default();
        assert!(lookup.run(|| panic!("a lookup of this test")).await.is_err());
        assert_eq!(lookup.run(|| Ok(Vec::new())).await.expect("a lookup"), []);
    }

    #[tokio::test]
    async fn address_needs_no_lookup() {
        for (text, shown) in [("127.0.0.1:1", "127.0.0.1:1"), ("[::1]:1", "[::1]:1")] {
            let address = HostPort::parse(text, None).expect("an address");
            let found = HostLookup::default().addresses(&address, run()).await.expect("an address");
            assert_eq!(found[0].to_string(), shown);
        }
    }
}
