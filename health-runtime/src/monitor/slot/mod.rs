//! One slot per check: its latest result, and the one run that may be alive.

mod run_handle;
mod state;
mod threshold;

pub(super) use run_handle::{GIVE_UP_GRACE, Progress, RunHandle, RunId};
pub(super) use state::{Lookup, Slot};
