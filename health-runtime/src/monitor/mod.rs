//! Owns the checks and the latest result of each; runs what is asked for, and shares one run among all who
//! ask at the same time.

mod change;
mod drain;
mod flight;
mod gather;
mod handle;
mod observe;
mod schedule;
mod selection;
mod shared;
mod shutdown;
mod slot;
mod threshold;
mod verdict;

pub(crate) use gather::Validity;
pub use handle::Monitor;
pub use selection::Selection;
