//! Owns the checks and the latest result of each; runs what is asked for, and shares one run among all who
//! ask at the same time.

mod change;
mod drain;
mod events;
mod excuse;
mod flight;
#[cfg(feature = "events")]
mod follower;
mod gather;
#[cfg(feature = "page")]
mod group_verdicts;
mod handle;
mod history;
#[cfg(all(test, shuttle))]
mod interleavings;
#[cfg(feature = "events")]
mod known;
mod lane;
mod listener;
mod mute_list;
mod muting;
mod observe;
#[cfg(feature = "events")]
mod recent;
mod schedule;
#[cfg(feature = "metrics")]
mod scrape;
mod selection;
mod shared;
mod shutdown;
mod slot;
#[cfg(feature = "metrics")]
mod statistics;
mod subscription;
mod threshold;
mod validity;
mod verdict;

#[cfg(feature = "events")]
pub(crate) use follower::Follower;
pub(crate) use gather::Gathered;
pub use handle::Monitor;
pub(crate) use listener::Listener;
pub use selection::Selection;
pub use subscription::{Lagged, Subscription};
pub(crate) use validity::Validity;
