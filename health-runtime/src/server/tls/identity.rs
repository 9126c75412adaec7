//! What is served with at present, and how it is kept so.

use std::{
    future::pending,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    select,
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::{
    files::{Contents, Fingerprint},
    handshakes::{Handshakes, THREAD_NAME},
    settings::Tls,
};
use crate::{
    access::ClientCertificate,
    error::Problem,
    log::{self, Topic},
    server::stream::Stream,
};

/// How long a handshake may take. Few take longer than two round trips.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often the clock is compared with the end of a client's certificate.
const CLOCK_CHECK: Duration = Duration::from_secs(60);

/// A configuration that changes with the files it was read from. It is a handle: clones share it.
#[derive(Clone)]
pub(in crate::server) struct Identity {
    tls: Arc<Tls>,
    first: Fingerprint,
    current: Arc<watch::Sender<Arc<ServerConfig>>>,
    handshakes: Arc<Handshakes>,
}

impl Identity {
    /// Reads the files, which blocks.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(in crate::server) fn load(tls: Tls) -> Result<Self, Vec<Problem>> {
        let contents = Contents::read(&tls);
        let config = contents.configuration(&tls);
        let interval = tls.reload_interval.is_zero().then(|| Problem::UnusableTls {
            file: tls.certificate.display().to_string(),
            fault: "it cannot be read again every 0 s; `with_reload_interval` needs a time, such as 10 s".to_owned(),
        });
        let config = match (config, interval) {
            (Ok(config), None) => config,
            (config, interval) => return Err(config.err().into_iter().flatten().chain(interval).collect()),
        };
        let handshakes = Handshakes::start().map_err(|error| {
            vec![Problem::CannotListen { address: format!("the thread `{THREAD_NAME}`"), fault: error.to_string() }]
        })?;
        contents.warn_of_dates();
        let (current, _) = watch::channel(Arc::new(config));
        Ok(Self {
            tls: Arc::new(tls),
            first: contents.fingerprint(),
            current: Arc::new(current),
            handshakes: Arc::new(handshakes),
        })
    }

    /// A TLS connection over this one, and what the client has proved.
    ///
    /// # Errors
    /// What went wrong, for the log.
    pub(in crate::server) async fn accept(
        &self,
        stream: Stream,
    ) -> Result<(Stream, Option<ClientCertificate>), String> {
        let config = Arc::clone(&self.current.borrow());
        let handshake = TlsAcceptor::from(config).accept(stream);
        match timeout(HANDSHAKE, self.handshakes.run(handshake)).await {
            Ok(Some(Ok(stream))) => {
                let chain = stream.get_ref().1.peer_certificates();
                let client = chain.and_then(<[_]>::first).map(|certificate| ClientCertificate::new(certificate));
                Ok((Box::new(stream), client))
            }
            Ok(Some(Err(error))) => Err(error.to_string()),
            Ok(None) => Err("it panicked".to_owned()),
            Err(_) => Err(format!("it took more than {HANDSHAKE:?}")),
        }
    }

    /// Tells from now on when a client that is let in may have become one that would not be.
    pub(in crate::server) fn outdated(&self) -> Outdated {
        Outdated(self.tls.clients.is_some().then(|| self.current.subscribe()))
    }

    /// Reads the files again and again, as long as anybody serves with them.
    pub(in crate::server) fn keep_current(&self) -> impl Future<Output = ()> + Send + 'static {
        keep_current(self.clone())
    }
}

pub(in crate::server) struct Outdated(Option<watch::Receiver<Arc<ServerConfig>>>);

impl Outdated {
    /// Waits until the files have changed, or the client's certificate has expired.
    pub(in crate::server) async fn wait(mut self, client: Option<ClientCertificate>) {
        let changed = async {
            let has_changed = match &mut self.0 {
                Some(current) => current.changed().await.is_ok(),
                None => false,
            };
            if !has_changed {
                pending::<()>().await;
            }
        };
        select! {
            () = changed => {}
            () = expired(client) => {}
        }
    }
}

/// Looks at the clock now and again, because it may be set.
async fn expired(client: Option<ClientCertificate>) {
    let Some(expires) = client.and_then(|client| client.expires()) else { return pending().await };
    while let Ok(left) = expires.duration_since(SystemTime::now()) {
        sleep(left.clamp(Duration::from_millis(10), CLOCK_CHECK)).await;
    }
}

async fn keep_current(identity: Identity) {
    let mut ticks = interval(identity.tls.reload_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once.
    ticks.tick().await;
    let mut used = identity.first;
    let mut refused = Refused::Nothing;
    loop {
        ticks.tick().await;
        let tls = Arc::clone(&identity.tls);
        // Files may be on a disk that hangs, and this thread has to answer.
        let Ok(contents) = spawn_blocking(move || Contents::read(&tls)).await else { return };
        let fingerprint = contents.fingerprint();
        if fingerprint == used {
            refused = Refused::Nothing;
            continue;
        }
        if refused == Refused::Logged(fingerprint) {
            continue;
        }
        let file = identity.tls.certificate.display().to_string();
        match contents.configuration(&identity.tls) {
            Ok(config) => {
                used = fingerprint;
                refused = Refused::Nothing;
                identity.current.send_replace(Arc::new(config));
                log::write(Topic::Server, move || {
                    tracing::info!(%file, "the health endpoint serves with the changed files for TLS");
                });
                contents.warn_of_dates();
            }
            // The second time, because a writer may be between two files.
            Err(problems) if refused == Refused::Once(fingerprint) => {
                refused = Refused::Logged(fingerprint);
                log::write(Topic::Server, move || {
                    for problem in problems {
                        tracing::warn!(%problem, "the changed files for TLS cannot be used; the previous ones stay in use");
                    }
                });
            }
            Err(_) => refused = Refused::Once(fingerprint),
        }
    }
}

/// What was read last and cannot be used.
#[derive(PartialEq, Eq)]
enum Refused {
    Nothing,
    Once(Fingerprint),
    Logged(Fingerprint),
}
