//! Values that are made of files, and made again when the content of a file changes.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::task::spawn_blocking;

use crate::{
    file::{FileContent, MAX_FILE_BYTES, ReadFile, fingerprint},
    probes::deadline::Deadline,
    sync::lock,
};

/// Time that a run waits for files, before it goes on with their previous contents if there are any.
const READ_TIMEOUT: Duration = Duration::from_millis(500);

/// A value made of the contents of files, which are read on each run. Unusable contents leave the previous value in use.
/// Clones share it.
pub(crate) struct Reloaded<T>(Arc<Source<T>>);

struct Source<T> {
    paths: Vec<PathBuf>,
    make: Box<Make<T>>,
    state: Mutex<Loaded<T>>,
    /// Held while the files are read, so that a disk that hangs takes one thread.
    turn: Arc<tokio::sync::Mutex<()>>,
}

type Make<T> = dyn Fn(&[FileContent]) -> Result<T, Vec<String>> + Send + Sync;

/// The latest usable value, and the faults of newer contents.
pub(crate) struct Loaded<T> {
    pub(crate) value: Option<Arc<T>>,
    pub(crate) faults: Vec<String>,
    /// Hash of the latest contents, usable or not.
    fingerprint: Option<u64>,
}

impl<T: Send + Sync + 'static> Reloaded<T> {
    /// Makes the value when it is first needed.
    pub(crate) fn new(
        paths: Vec<PathBuf>,
        make: impl Fn(&[FileContent]) -> Result<T, Vec<String>> + Send + Sync + 'static,
    ) -> Self {
        let state = Mutex::new(Loaded { value: None, faults: Vec::new(), fingerprint: None });
        Self(Arc::new(Source { paths, make: Box::new(make), state, turn: Arc::default() }))
    }

    /// Reads the files, which blocks for at most three seconds for each.
    pub(crate) fn load_at_start(&self) -> Loaded<T> {
        self.0.load(FileContent::read_at_start)
    }

    /// Reads the files on another thread.
    pub(crate) async fn current(&self, deadline: Deadline) -> Loaded<T> {
        if self.0.paths.is_empty() {
            return self.0.load(FileContent::read);
        }
        let source = Arc::clone(&self.0);
        let reading = async move {
            let turn = Arc::clone(&source.turn).lock_owned().await;
            spawn_blocking(move || {
                let _turn = turn;
                source.load(FileContent::read)
            })
            .await
        };
        let names: Vec<_> = self.0.paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let failure = format!("{} could not be read", names.join(", "));
        let previous = lock(&self.0.state).clone();
        let deadline = if previous.value.is_some() { deadline.for_step(READ_TIMEOUT) } else { deadline };
        match deadline.wait(&failure, reading).await {
            Ok(Ok(loaded)) => loaded,
            unread => Loaded { faults: vec![unread.err().unwrap_or(failure)], ..previous },
        }
    }
}

impl<T> Source<T> {
    fn load(&self, read: ReadFile) -> Loaded<T> {
        let contents: Vec<_> = self.paths.iter().map(|path| read(path, MAX_FILE_BYTES)).collect();
        let fingerprint = fingerprint(&contents);
        let mut state = lock(&self.state);
        if state.fingerprint != Some(fingerprint) {
            state.fingerprint = Some(fingerprint);
            match (self.make)(&contents) {
                Ok(value) => (state.value, state.faults) = (Some(Arc::new(value)), Vec::new()),
                Err(faults) => state.faults = faults,
            }
        }
        state.clone()
    }
}

impl<T> Loaded<T> {
    /// Returns the value, and a sentence if newer contents are unusable.
    ///
    /// # Errors
    /// No contents have been usable yet.
    pub(crate) fn value(self) -> Result<(Arc<T>, Option<String>), String> {
        let faults = self.faults.join(", and ");
        let note = (!faults.is_empty()).then(|| format!("{faults}, so the previous content is in use"));
        self.value.map(|value| (value, note)).ok_or(faults)
    }
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), faults: self.faults.clone(), fingerprint: self.fingerprint }
    }
}

impl<T> Clone for Reloaded<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0.paths).finish()
    }
}
