use std::time::Duration;

use health_runtime::{Status, probes::DatabaseProbe};
use tokio::time::sleep;

use crate::{Server, TIMEOUT, eventually, observe};

/// The same probe through several clients, by the name of the client.
pub struct Clients(Vec<(&'static str, DatabaseProbe)>);

impl Clients {
    pub fn new(probes: impl IntoIterator<Item = (&'static str, DatabaseProbe)>) -> Self {
        Self(probes.into_iter().map(|(name, probe)| (name, probe.timeout(TIMEOUT))).collect())
    }

    /// Changes the settings of each probe.
    #[must_use]
    pub fn map(self, settings: impl Fn(DatabaseProbe) -> DatabaseProbe) -> Self {
        Self(self.0.into_iter().map(|(name, probe)| (name, settings(probe))).collect())
    }

    /// Observes with every client: each reports the status, with one of the texts if there are any. Returns the messages.
    pub async fn assert(&self, state: &str, status: Status, texts: &[&str]) -> Vec<String> {
        let mut messages = Vec::new();
        for (name, probe) in &self.0 {
            let outcome = observe(probe).await;
            let message = outcome.message().unwrap_or_default();
            println!("{state}, {name}: {message}");
            assert_eq!(outcome.status(), status, "{state}, {name}: {message}");
            let is_named = texts.is_empty() || texts.iter().any(|text| message.contains(text));
            assert!(is_named, "{state}, {name}: {message}");
            messages.push(message.to_owned());
        }
        messages
    }

    /// Observes with every client until it passes.
    async fn recover(&self) {
        for (name, probe) in &self.0 {
            println!("recovers, {name}");
            eventually(probe, Status::Pass, "").await;
        }
    }

    /// Takes the server through a slow answer, one after the limit, a freeze, an end and a start. A frozen server and one that
    /// ended have one of these texts, and each client reports them differently.
    pub async fn assert_outages(self, server: &mut Server, frozen: &[&str], ended: &[&str]) {
        self.recover().await;
        // A pool tests a connection that comes back.
        sleep(Duration::from_millis(200)).await;
        for (name, probe) in &self.0 {
            server.freeze();
            let (outcome, ()) = tokio::join!(observe(probe), async {
                sleep(Duration::from_millis(300)).await;
                server.thaw();
            });
            assert_eq!(outcome.status(), Status::Pass, "slow, {name}: {outcome:?}");
        }
        sleep(Duration::from_millis(200)).await;
        server.freeze();
        let frozen = self.assert("frozen", Status::Fail, frozen).await;
        server.thaw();
        // The late answers are not taken for those to the next statements.
        self.recover().await;
        self.assert("thawed", Status::Pass, &[]).await;

        server.stop();
        let ended = self.assert("ended", Status::Fail, ended).await;
        for ((name, _), (frozen, ended)) in self.0.iter().zip(frozen.iter().zip(ended)) {
            // bb8 keeps the reason of an attempt to itself, and fred the command until it has another connection.
            assert!(*frozen != ended || name.contains("bb8") || *name == "fred", "{name}: {ended}");
        }
        server.start();
        // The only client that never opens a second connection.
        Self(self.0.into_iter().filter(|(name, _)| *name != "tokio-postgres").collect()).recover().await;
    }
}
