//! Databases. What is the same for all of them is in `database`; a database is one more file: a function that
//! makes a [`Probe<Db>`](super::Probe) of the user's own pool, and one that looks and says what it found.

mod database;
#[cfg(feature = "probe-sqlite")]
mod sqlite;

pub use database::Db;
#[cfg(feature = "probe-sqlite")]
pub use sqlite::sqlite;
