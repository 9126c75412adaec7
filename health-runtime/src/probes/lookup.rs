use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use tokio::{
    sync::Mutex,
    task::{JoinHandle, spawn_blocking},
};

/// Looks up the addresses of a host, at most once at a time.
///
/// A lookup blocks a thread until the operating system ends it, which may take longer than many runs. A run that comes meanwhile
/// waits for the same lookup instead of blocking one more thread. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct HostLookup(Arc<Mutex<Option<Running>>>);

#[derive(Debug)]
struct Running {
    host: String,
    addresses: JoinHandle<io::Result<Vec<SocketAddr>>>,
}

impl HostLookup {
    /// Returns the addresses, in the order in which the operating system wants them to be tried, with port 0.
    ///
    /// # Errors
    /// The lookup failed.
    ///
    /// # Cancellation
    /// The thread goes on, and the next call waits for it.
    pub(super) async fn addresses(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        let name = host.to_owned();
        self.run(host, move || Ok((&*name, 0).to_socket_addrs()?.collect())).await
    }

    /// Runs this lookup, or waits for the one in progress.
    pub(super) async fn run(
        &self,
        host: &str,
        lookup: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> io::Result<Vec<SocketAddr>> {
        let mut running = self.0.lock().await;
        if let Some(other) = running.as_mut().filter(|running| running.host != host) {
            // Redirects lead to many hosts, and each could take a thread.
            let _ = (&mut other.addresses).await;
            *running = None;
        }
        let start = || Running { host: host.to_owned(), addresses: spawn_blocking(lookup) };
        let found = (&mut running.get_or_insert_with(start).addresses).await;
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
    use crate::probes::deadline::Deadline;

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
            let late = run().wait("late", lookup.clone().run("host", hang)).await;
            assert!(late.is_err(), "{late:?}");
        }
        assert_eq!(started.load(Ordering::SeqCst), 1);
        release.send(()).expect("the lookup");
        assert_eq!(lookup.run("host", || panic!("a second lookup")).await.expect("the first lookup"), []);
        let next = lookup.run("host", || Ok(vec![SocketAddr::from(([127, 0, 0, 1], 1))])).await;
        assert_eq!(next.expect("an address").len(), 1);
    }

    #[tokio::test]
    async fn panic_in_a_lookup_is_an_error() {
        let lookup = HostLookup::default();
        assert!(lookup.run("host", || panic!("a lookup of this test")).await.is_err());
        assert_eq!(lookup.run("host", || Ok(Vec::new())).await.expect("a lookup"), []);
    }

    #[tokio::test]
    async fn lookups_of_several_hosts_share_a_thread() {
        let (release, released) = mpsc::channel::<()>();
        let lookup = HostLookup::default();
        let hang = move || {
            let _ = released.recv();
            Ok(Vec::new())
        };
        assert!(run().wait("late", lookup.run("one", hang)).await.is_err());
        let late = run().wait("late", lookup.run("two", || panic!("a lookup beside another"))).await;
        assert!(late.is_err(), "{late:?}");
        drop(release);
        let found = lookup.run("two", || Ok(vec![SocketAddr::from(([127, 0, 0, 2], 0))])).await.expect("an address");
        assert_eq!(found, [SocketAddr::from(([127, 0, 0, 2], 0))]);
    }
}
