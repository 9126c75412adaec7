//! Keys that are read again when their file changes.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::keys::{Format, JwtAlgorithm, JwtKeys, KeySet, Source};

/// More than any honest file of keys.
const LONGEST: u64 = 1 << 20;

/// The keys as they are now.
#[derive(Debug)]
pub(super) struct KeyRing {
    algorithm: JwtAlgorithm,
    file: Option<(Format, PathBuf)>,
    reload_interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The latest that could be read; why there are none yet.
    keys: Result<Arc<KeySet>, String>,
    /// Of what was read last, good or not: what has not changed is not parsed, nor complained about, again.
    seen: Option<[u8; 32]>,
    read_at: Instant,
}

impl KeyRing {
    /// Reads the keys, which blocks if they are in a file. What is wrong with them is for [`fault`](Self::fault).
    pub(super) fn load(keys: JwtKeys, algorithm: JwtAlgorithm, reload_interval: Duration) -> Self {
        let (keys, file) = match keys.source {
            Source::Secret(secret) => (KeySet::secret(&secret, algorithm), None),
            Source::Text(format, text) => {
                use secrecy::ExposeSecret as _;
                (KeySet::parse(format, text.expose_secret().as_bytes(), algorithm), None)
            }
            Source::File(format, path) => (Err(String::new()), Some((format, path))),
        };
        let state = State { keys: keys.map(Arc::new), seen: None, read_at: Instant::now() };
        let ring = Self { algorithm, file, reload_interval, state: Mutex::new(state) };
        ring.read_again();
        ring
    }

    pub(super) fn fault(&self) -> Option<String> {
        let state = self.lock();
        let fault = state.keys.as_ref().err()?;
        Some(match &self.file {
            Some((_, path)) => format!("`{}`: {fault}", path.display()),
            None => fault.clone(),
        })
    }

    /// None, if they never could be read.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        self.lock().keys.as_ref().ok().cloned()
    }

    /// Whether the caller is the one to read the file again. Until it has, others go on with the keys that there are.
    pub(super) fn is_due(&self) -> bool {
        let mut state = self.lock();
        let is_due = self.file.is_some() && state.read_at.elapsed() >= self.reload_interval;
        if is_due {
            state.read_at = Instant::now();
        }
        is_due
    }

    /// Takes over the keys of a file that has changed. One that cannot be used is logged once, and the keys from before
    /// stay: a file may be seen while it is written.
    pub(super) fn read_again(&self) {
        let Some((format, path)) = &self.file else { return };
        let text = read(path).map_err(|error| error.to_string());
        let seen: [u8; 32] = match &text {
            Ok(text) => Sha256::digest(text).into(),
            Err(fault) => Sha256::digest(format!("not read: {fault}")).into(),
        };
        if self.lock().seen == Some(seen) {
            return;
        }
        let keys = text.and_then(|text| KeySet::parse(*format, &text, self.algorithm));
        let mut state = self.lock();
        let is_first = state.seen.replace(seen).is_none();
        let file = path.display();
        match keys {
            Ok(keys) => {
                state.keys = Ok(Arc::new(keys));
                if !is_first {
                    tracing::info!(%file, "the keys that tokens are verified with have changed");
                }
            }
            Err(fault) if is_first => state.keys = Err(fault),
            Err(fault) => {
                tracing::error!(%file, fault, "the keys that tokens are verified with cannot be read again; the old ones stay");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(text) }
}
