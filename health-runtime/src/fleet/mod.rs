//! One run for a fleet: an instance leases the run of a check in a store that all instances share, and the others read its
//! result. `lease` decides, `entry` is the text in the store, `member` is one check of this instance.

mod entry;
#[allow(clippy::module_inception, reason = "a file is named by what it holds")]
mod fleet;
mod lease;
mod member;
mod nats;
mod postgres;
mod redis;
mod store;

pub use fleet::Fleet;
pub(crate) use member::FleetMember;
pub use store::{FleetStore, StoreFuture};
