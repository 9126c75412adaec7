//! Owns the checks and the latest result of each; runs what is asked for, and shares one run among all who
//! ask at the same time.

mod change;
mod drain;
mod events;
mod flight;
mod gather;
mod handle;
#[cfg(all(test, shuttle))]
mod interleavings;
mod listener;
mod mute_list;
mod muting;
mod observe;
mod schedule;
mod selection;
mod shared;
mod shutdown;
mod slot;
mod subscription;
mod threshold;
mod verdict;

pub(crate) use gather::Validity;
pub use handle::Monitor;
pub(crate) use listener::Listener;
pub use selection::Selection;
pub use subscription::{Missed, Subscription};
