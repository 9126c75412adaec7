//! Functions that are called at each change of status.

use std::{fmt, sync::Arc, thread};

use tokio::{
    runtime::Handle,
    sync::broadcast::{Receiver, error::RecvError},
};

use crate::{escape::escape_controls, mask::mask_credentials, model::StatusChange, runner::catch};

/// A function to call at each change.
pub(crate) struct Listener(Box<dyn FnMut(&StatusChange) + Send>);

impl Listener {
    pub(crate) fn new(listener: impl FnMut(&StatusChange) + Send + 'static) -> Self {
        Self(Box::new(listener))
    }

    /// Calls it on a thread of its own until the monitor is gone.
    ///
    /// Not on the runtime's blocking pool: one that never returns would hold up the runtime's end, and with
    /// others like it the blocking checks. Nobody ever waits for this thread.
    pub(super) fn start(self, changes: Receiver<Arc<StatusChange>>) {
        let runtime = Handle::try_current().ok();
        let thread = thread::Builder::new().name("health-listener".to_owned());
        if let Err(error) = thread.spawn(move || self.listen(changes, runtime.as_ref())) {
            tracing::error!(%error, "a listener for changes of health checks has no thread and is never called");
        }
    }

    fn listen(mut self, mut changes: Receiver<Arc<StatusChange>>, runtime: Option<&Handle>) {
        loop {
            match changes.blocking_recv() {
                Ok(change) => self.call(&change, runtime),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "a listener is too slow for the changes of health checks, and missed some");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Inside the runtime that it was registered in, so that it can spawn.
    fn call(&mut self, change: &StatusChange, runtime: Option<&Handle>) {
        let _inside = runtime.map(Handle::enter);
        if let Err(text) = catch(|| (self.0)(change)) {
            let check = change.check();
            let text = mask_credentials(&text);
            let panic = &*escape_controls(&text);
            tracing::error!(check, panic, "a listener for changes of health checks panicked");
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
