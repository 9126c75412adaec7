//! Reports: the checks that one selects, and their results.

mod blocking;
mod gather;
#[cfg(feature = "page")]
mod group_verdicts;
mod selection;

pub(crate) use gather::Gathered;
pub(super) use gather::gather;
pub use selection::Selection;
