//! One slot per check: its latest result, and the one run that may be alive.

mod inbox;
mod latest;
mod run;
mod state;
#[cfg(test)]
mod tests;
mod threshold;

pub(super) use inbox::{Inbox, News, Progress};
pub(super) use run::{GIVE_UP_GRACE, RunEnd, RunId};
pub(super) use state::{Lookup, Slot};
