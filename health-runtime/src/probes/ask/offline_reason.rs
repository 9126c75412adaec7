use std::sync::Arc;

use super::AskError;
use crate::{
    model::Status,
    probes::probe::excerpt,
    sync::{Mutex, lock},
};

/// The last reason why a server was offline, until it answers.
#[derive(Clone, Debug, Default)]
pub(in crate::probes) struct OfflineReason(Arc<Mutex<Option<String>>>);

impl OfflineReason {
    /// Forgets it: the server has answered.
    pub(in crate::probes) fn clear(&self) {
        *lock(&self.0) = None;
    }

    /// Returns the status and the text of an error. A pool that is exhausted and a client that still waits have no reason to report,
    /// but perhaps had one before.
    pub(in crate::probes) fn judge(&self, error: &AskError, exhausted_as: Status) -> (Status, String) {
        let text = excerpt(error.text());
        let mut last = lock(&self.0);
        match &*last {
            Some(last) if *last != text && (error.is_exhausted() || error.is_late()) => {
                (Status::Fail, format!("{text}; it was offline before: {last}"))
            }
            None if error.is_exhausted() => (exhausted_as, text),
            _ => {
                *last = Some(text.clone());
                (Status::Fail, text)
            }
        }
    }
}
