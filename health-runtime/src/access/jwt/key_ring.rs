//! Keys that are reloaded when their file changes.

use std::{
    path::PathBuf,
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
    file::{FileContent, MAX_FILE_BYTES, ReadFile},
    log::{self, Topic},
    sync::lock,
};

/// The current keys.
#[derive(Debug)]
pub(super) struct KeyRing {
    algorithm: JwtAlgorithm,
    file: Option<(KeyFormat, PathBuf)>,
    reload_interval: Duration,
    state: Mutex<RingState>,
}

#[derive(Debug)]
struct RingState {
    /// The latest usable keys, or the reason why there are none yet.
    keys: Result<Arc<KeySet>, String>,
    /// Hash of the latest content, valid or not: unchanged content is neither parsed nor logged again.
    seen: Option<[u8; 32]>,
    read_at: Instant,
    /// Whether a thread is reading, which a slow disk may delay indefinitely.
    is_being_read: bool,
}

/// Time that a token waits for the file, before the current keys decide on it.
const RELOAD_WAIT: Duration = Duration::from_millis(500);

/// A read of the file in progress.
pub(super) struct PendingRead(oneshot::Receiver<()>);

impl PendingRead {
    /// Waits until the file has been read, up to the time limit.
    pub(super) async fn wait(self) {
        let _ = timeout(RELOAD_WAIT, self.0).await;
    }
}

/// The right to read the file, which only one thread has at a time.
struct ReadGuard(Arc<KeyRing>);

impl Drop for ReadGuard {
    fn drop(&mut self) {
        lock(&self.0.state).is_being_read = false;
    }
}

impl KeyRing {
    /// Reads the keys, which blocks for at most three seconds if they are in a file. Problems are reported by [`fault`](Self::fault).
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
            keys.complain("configuration");
        }
        let state = RingState { keys: keys.map(Arc::new), seen: None, read_at: Instant::now(), is_being_read: false };
        let ring = Self { algorithm, file, reload_interval, state: Mutex::new(state) };
        ring.read_again(FileContent::read_at_start);
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

    /// Returns the keys. `None` if they could never be read.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        lock(&self.state).keys.as_ref().ok().cloned()
    }

    /// Starts to read the file again if that is due. One caller waits for it; others go on with the current keys.
    ///
    /// It runs on a thread of its own, because a slow disk on the blocking pool would delay the shutdown of the
    /// runtime.
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
            guard.0.read_again(FileContent::read);
            drop(guard);
            let _ = done.send(());
        });
        reader.is_ok().then_some(PendingRead(reading))
    }

    /// Takes over the keys of a changed file. An unusable file is logged once and the previous keys stay, because the
    /// file may be half written.
    fn read_again(&self, read: ReadFile) {
        let Some((format, path)) = &self.file else { return };
        let content = read(path, MAX_FILE_BYTES);
        let text = content.bytes();
        let seen: [u8; 32] = match &text {
            Ok(text) => Sha256::digest(text).into(),
            Err(fault) => Sha256::digest(format!("not read: {fault}")).into(),
        };
        if lock(&self.state).seen == Some(seen) {
            return;
        }
        let keys = text.and_then(|text| KeySet::parse(*format, text, self.algorithm));
        let mut state = lock(&self.state);
        let is_first = state.seen.replace(seen).is_none();
        let file = path.display().to_string();
        match keys {
            Ok(keys) => {
                keys.complain(&file);
                state.keys = Ok(Arc::new(keys));
                if !is_first {
                    log::write(Topic::Access, move || {
                        tracing::info!(%file, "token verification keys changed");
                    });
                }
            }
            Err(fault) if is_first => state.keys = Err(fault),
            Err(fault) => log::write(Topic::Access, move || {
                tracing::error!(%file, fault, "token verification keys cannot be reloaded; the previous ones stay in use");
            }),
        }
    }
}

impl KeySet {
    /// Logs the unusable keys each time that keys are taken over.
    fn complain(&self, source: &str) {
        for fault in self.left_out.clone() {
            let source = source.to_owned();
            log::write(Topic::Access, move || {
                tracing::warn!(%source, fault, "token verification key is unusable and left out");
            });
        }
    }
}
