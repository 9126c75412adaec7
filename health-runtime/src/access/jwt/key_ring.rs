//! Keys that are read again when their file changes.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::keys::{JwtAlgorithm, JwtKeys, KeyFormat, KeySet, KeySource};
use crate::{
    log::{self, Topic},
    sync::lock,
};

/// More than any honest file of keys.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The keys as they are now.
#[derive(Debug)]
pub(super) struct KeyRing {
    algorithm: JwtAlgorithm,
    file: Option<(KeyFormat, PathBuf)>,
    reload_interval: Duration,
    state: Mutex<RingState>,
}

#[derive(Debug)]
struct RingState {
    /// The latest that could be read; why there are none yet.
    keys: Result<Arc<KeySet>, String>,
    /// Of what was read last, good or not: what has not changed is not parsed, nor complained about, again.
    seen: Option<[u8; 32]>,
    read_at: Instant,
    /// Whether a thread is at it, which a disk may hold up for ever.
    is_being_read: bool,
}

/// How long a token waits for the file to be read again, before the keys that there are decide on it.
const RELOAD_WAIT: Duration = Duration::from_millis(500);

/// A file that is read again.
pub(super) struct PendingRead(oneshot::Receiver<()>);

impl PendingRead {
    /// Until it has been read, or takes too long.
    pub(super) async fn wait(self) {
        let _ = timeout(RELOAD_WAIT, self.0).await;
    }
}

/// The turn to read the file, which only one has at a time.
struct ReadGuard(Arc<KeyRing>);

impl Drop for ReadGuard {
    fn drop(&mut self) {
        lock(&self.0.state).is_being_read = false;
    }
}

impl KeyRing {
    /// Reads the keys, which blocks if they are in a file. What is wrong with them is for [`fault`](Self::fault).
    pub(super) fn load(keys: JwtKeys, algorithm: JwtAlgorithm, reload_interval: Duration) -> Self {
        let (keys, file) = match keys.source {
            KeySource::Secret(secret) => (KeySet::secret(&secret, algorithm), None),
            KeySource::Text(format, text) => {
                use secrecy::ExposeSecret as _;
                (KeySet::parse(format, text.expose_secret().as_bytes(), algorithm), None)
            }
            KeySource::File(format, path) => (Err(String::new()), Some((format, path))),
        };
        if let Ok(keys) = &keys {
            keys.complain("what it was given");
        }
        let state = RingState { keys: keys.map(Arc::new), seen: None, read_at: Instant::now(), is_being_read: false };
        let ring = Self { algorithm, file, reload_interval, state: Mutex::new(state) };
        ring.read_again();
        ring
    }

    pub(super) fn fault(&self) -> Option<String> {
        let state = lock(&self.state);
        let fault = state.keys.as_ref().err()?;
        Some(match &self.file {
            Some((_, path)) => format!("`{}`: {fault}", path.display()),
            None => fault.clone(),
        })
    }

    /// None, if they never could be read.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        lock(&self.state).keys.as_ref().ok().cloned()
    }

    /// Reads the file again if it is time, for one caller to wait for; others go on with the keys that there are.
    ///
    /// On a thread of its own: one of the blocking pool that a disk holds up would hold up the end of its runtime, too.
    pub(super) fn read_if_due(self: &Arc<Self>) -> Option<PendingRead> {
        let mut state = lock(&self.state);
        if self.file.is_none() || state.is_being_read || state.read_at.elapsed() < self.reload_interval {
            return None;
        }
        state.read_at = Instant::now();
        state.is_being_read = true;
        drop(state);
        let guard = ReadGuard(Arc::clone(self));
        let (done, reading) = oneshot::channel();
        let reader = thread::Builder::new().name("health-jwt-keys".to_owned()).spawn(move || {
            guard.0.read_again();
            drop(guard);
            let _ = done.send(());
        });
        reader.is_ok().then_some(PendingRead(reading))
    }

    /// Takes over the keys of a file that has changed. One that cannot be used is logged once, and the keys from before
    /// stay: a file may be seen while it is written.
    fn read_again(&self) {
        let Some((format, path)) = &self.file else { return };
        let text = read(path).map_err(|error| error.to_string());
        let seen: [u8; 32] = match &text {
            Ok(text) => Sha256::digest(text).into(),
            Err(fault) => Sha256::digest(format!("not read: {fault}")).into(),
        };
        if lock(&self.state).seen == Some(seen) {
            return;
        }
        let keys = text.and_then(|text| KeySet::parse(*format, &text, self.algorithm));
        let mut state = lock(&self.state);
        let is_first = state.seen.replace(seen).is_none();
        let file = path.display().to_string();
        match keys {
            Ok(keys) => {
                keys.complain(&file);
                state.keys = Ok(Arc::new(keys));
                if !is_first {
                    log::write(Topic::Access, move || {
                        tracing::info!(%file, "the keys that tokens are verified with have changed");
                    });
                }
            }
            Err(fault) if is_first => state.keys = Err(fault),
            Err(fault) => log::write(Topic::Access, move || {
                tracing::error!(%file, fault, "the keys that tokens are verified with cannot be read again; the old ones stay");
            }),
        }
    }
}

impl KeySet {
    /// Once each time that keys are taken over.
    fn complain(&self, source: &str) {
        for fault in self.left_out.clone() {
            let source = source.to_owned();
            log::write(Topic::Access, move || {
                tracing::warn!(%source, fault, "a key that tokens are verified with cannot be used, and is left out");
            });
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(text) }
}
