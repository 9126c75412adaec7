//! The TLS configuration in use, which follows its files.

use std::{
    future::{pending, ready},
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use tokio::{
    select,
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::{
    files::{Fingerprint, TlsFiles},
    handshakes::{Handshakes, THREAD_NAME},
    settings::Tls,
};
use crate::{
    access::ClientCertificate,
    byte_stream::ByteStream,
    details::Details,
    error::Problem,
    file::{ContentChanges, FileContent},
    log::{self, Topic},
    model::{Check, IntoOutcome, Level, Outcome, Status, Work},
    probes::certificate_facts::{CertificateFacts, DEFAULT_WARN_WITHIN},
    sync::{Mutex, lock},
};

/// Longest handshake. Few take longer than two round trips.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Interval at which the clock is compared with the end of a client's certificate.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// A TLS configuration that is replaced when its files change. Clones share it.
#[derive(Clone)]
pub(in crate::server) struct Identity {
    tls: Arc<Tls>,
    first: Fingerprint,
    current: Arc<watch::Sender<Arc<ServerConfig>>>,
    /// Facts about the certificate of `current`; `None` if it is not readable.
    certificate: Arc<Mutex<Option<CertificateFacts>>>,
    handshakes: Arc<Handshakes>,
}

impl Identity {
    /// Reads the files, which blocks for at most three seconds for each.
    ///
    /// # Errors
    /// All problems of the files.
    pub(in crate::server) fn load(tls: Tls) -> Result<Self, Vec<Problem>> {
        let files = TlsFiles::read(&tls, FileContent::read_at_start);
        let config = files.configuration(&tls);
        let interval = tls.reload_interval.is_zero().then(|| {
            let fault = "its reload interval is zero; give `with_reload_interval` a longer one, such as 10 s";
            Problem::unusable_tls(tls.certificate.display().to_string(), fault)
        });
        let config = match (config, interval) {
            (Ok(config), None) => config,
            (config, interval) => return Err(config.err().into_iter().flatten().chain(interval).collect()),
        };
        let handshakes = Handshakes::start().map_err(|error| {
            vec![Problem::CannotServe { fault: format!("its threads `{THREAD_NAME}` did not start: {error}") }]
        })?;
        files.warn_if_expired();
        let (current, _) = watch::channel(Arc::new(config));
        Ok(Self {
            tls: Arc::new(tls),
            first: files.fingerprint(),
            current: Arc::new(current),
            certificate: Arc::new(Mutex::new(files.certificate())),
            handshakes: Arc::new(handshakes),
        })
    }

    /// Performs a handshake. Returns the encrypted stream and the client's certificate.
    ///
    /// # Errors
    /// The handshake failed; the text is for the log.
    pub(in crate::server) async fn accept(
        &self,
        stream: ByteStream,
    ) -> Result<(ByteStream, Option<ClientCertificate>), String> {
        let config = Arc::clone(&self.current.borrow());
        let handshake = TlsAcceptor::from(config).accept(stream);
        match timeout(HANDSHAKE_TIMEOUT, self.handshakes.run(handshake)).await {
            Ok(Some(Ok(stream))) => {
                let chain = stream.get_ref().1.peer_certificates();
                let client = chain.and_then(<[_]>::first).map(|certificate| ClientCertificate::new(certificate));
                Ok((Box::new(stream), client))
            }
            Ok(Some(Err(error))) => Err(error.to_string()),
            Ok(None) => Err("it panicked".to_owned()),
            Err(_) => Err(format!("it took longer than {HANDSHAKE_TIMEOUT:?}")),
        }
    }

    /// Returns a watch on this configuration, which shows when a verified client has to be verified anew.
    pub(in crate::server) fn expiry(&self) -> Expiry {
        Expiry(self.tls.clients.is_some().then(|| self.current.subscribe()))
    }

    /// Returns the check of the certificate in use, unless the user does without.
    pub(in crate::server) fn certificate_check(&self, name: String) -> Option<Check> {
        let certificate = Arc::clone(&self.certificate);
        let work = Work::task(move || ready(judge(lock(&certificate).clone())));
        let check = Check::from_work(name, Level::L3, work);
        self.tls.checks_certificate.then(|| check.description("Is the certificate of the health endpoint valid?"))
    }

    /// Follows the files until the runtime ends.
    pub(in crate::server) fn keep_current(&self) -> impl Future<Output = ()> + Send + 'static {
        keep_current(self.clone())
    }
}

/// Judges the dates of a certificate.
fn judge(certificate: Option<CertificateFacts>) -> Outcome {
    let Some(facts) = certificate else {
        return Outcome::fail("its certificate cannot be read");
    };
    let now = SystemTime::now();
    let (status, text) = facts.judge(now, DEFAULT_WARN_WITHIN);
    let data = TlsCertificateData { days_left: facts.days_left(now), facts };
    match (status, text.unwrap_or_default()) {
        (Status::Pass, _) => Details::pass(data),
        (Status::Warn, text) => Details::warn(data, text),
        (Status::Fail, text) => Details::fail(data, text),
    }
    .into_outcome()
}

#[derive(Serialize)]
struct TlsCertificateData {
    #[serde(flatten)]
    facts: CertificateFacts,
    days_left: i64,
}

/// The end of a client's verification.
pub(in crate::server) struct Expiry(Option<watch::Receiver<Arc<ServerConfig>>>);

impl Expiry {
    /// Waits until the files have changed or the client's certificate has expired.
    pub(in crate::server) async fn reached(mut self, client: Option<ClientCertificate>) {
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

/// Waits until the certificate expires. Checks the clock at intervals, because it may be set.
async fn expired(client: Option<ClientCertificate>) {
    let Some(expires) = client.and_then(|client| client.expires()) else { return pending().await };
    while let Ok(left) = expires.duration_since(SystemTime::now()) {
        sleep(left.clamp(Duration::from_millis(10), CLOCK_CHECK_INTERVAL)).await;
    }
}

async fn keep_current(identity: Identity) {
    let mut ticks = interval(identity.tls.reload_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once.
    ticks.tick().await;
    let mut changes = ContentChanges::new(identity.first);
    loop {
        ticks.tick().await;
        let tls = Arc::clone(&identity.tls);
        // The files may be on a disk that hangs, or be large, and this thread serves connections.
        let read = move || {
            let files = TlsFiles::read(&tls, FileContent::read);
            (files.fingerprint(), files)
        };
        let Ok((fingerprint, files)) = spawn_blocking(read).await else { return };
        if !changes.is_new(&fingerprint) {
            continue;
        }
        let file = identity.tls.certificate.display().to_string();
        match files.configuration(&identity.tls) {
            Ok(config) => {
                changes.accept(fingerprint);
                identity.current.send_replace(Arc::new(config));
                *lock(&identity.certificate) = files.certificate();
                log::write(Topic::Server, move || {
                    tracing::info!(%file, "health endpoint uses its changed TLS files");
                });
                files.warn_if_expired();
            }
            Err(problems) if changes.reject(fingerprint) => {
                log::write(Topic::Server, move || {
                    for problem in problems {
                        tracing::warn!(%problem, "changed TLS files are not usable; the previous ones stay in use");
                    }
                });
            }
            Err(_) => {}
        }
    }
}
