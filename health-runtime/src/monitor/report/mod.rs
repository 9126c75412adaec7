//! Reports: the checks that one selects, and their results.

mod blocking;
mod gather;
mod gathered;
#[cfg(feature = "page")]
mod group_verdicts;
mod reconcile;
mod selection;

pub(super) use gather::gather;
pub(crate) use gathered::Gathered;
pub use selection::Selection;
