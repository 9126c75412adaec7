//! Changes of status: their order, and everybody who gets them.

mod delivery;
mod history;
#[cfg(any(feature = "events", feature = "mcp"))]
mod recent;
mod serial_queue;
mod subscribers;

pub(super) use delivery::{Changes, Outbox};
pub(super) use history::History;
pub(crate) use subscribers::Listener;
pub use subscribers::{Lagged, Subscription};
