//! Ready-made checks. They are values and never register themselves: pass them to
//! `health_endpoint!` with `checks: [probes::…]`, or to a [`Registry`](crate::Registry).
//!
//! ```
//! use health_runtime::{Level, Registry, probes};
//!
//! let registry = Registry::builder()
//!     .check(probes::logging().level(Level::L5))
//!     .build()?;
//! # assert_eq!(registry.checks().count(), 1);
//! # Ok::<(), health_runtime::Error>(())
//! ```
//!
//! Each probe has the settings of every [`Check`](crate::Check) and its own, all as methods. It becomes a check by
//! `into()`, and its `observe` runs it once inside a function of yours. A probe that can never work (a path that does not exist,
//! an invalid URL) is a start-up error that points at the line which made the probe; its `observe` fails.
//!
//! | probe | feature | dependencies | measures |
//! |---|---|---|---|
//! | `memory` | `probe-system` | sysinfo, rustix | used memory |
//! | `disk` | `probe-system`, on Unix | the same | free space of a file system |
//! | `logging` | none | | whether `tracing` has a subscriber |
//! | `runtime_lag` | none | | how late the runtime wakes a task |
//! | `http` | `probe-http` | hyper | health of another service |
//! | `bandwidth` | `probe-http` | the same | speed of a transfer |
//! | the two over `https://` | `probe-https` | rustls with ring | |
//! | `sqlite` | `probe-sqlite` | sqlx, and SQLite built from C | whether a SQLite database takes writes |

// A new probe is a file: `probe!` with the struct, the constructor, its settings, `look`, `judge` and `faults`.
mod deadline;
mod logging;
mod probe;
mod runtime_lag;

#[cfg(feature = "probe-http")]
mod bandwidth;
#[cfg(feature = "probe-sqlite")]
mod database;
#[cfg(all(feature = "probe-system", unix))]
mod disk;
#[cfg(feature = "probe-http")]
mod http;
#[cfg(feature = "probe-http")]
mod http_client;
#[cfg(feature = "probe-system")]
mod memory;
#[cfg(feature = "probe-system")]
mod memory_usage;
#[cfg(feature = "probe-sqlite")]
mod sqlite;

pub use logging::{LoggingProbe, logging};
pub use runtime_lag::{RuntimeLagProbe, runtime_lag};

#[cfg(feature = "probe-http")]
pub use bandwidth::{BandwidthProbe, bandwidth};
#[cfg(feature = "probe-sqlite")]
pub use database::DatabaseProbe;
#[cfg(all(feature = "probe-system", unix))]
pub use disk::{DiskProbe, disk};
#[cfg(feature = "probe-http")]
pub use http::{HttpProbe, http};
#[cfg(feature = "probe-system")]
pub use memory::{MemoryProbe, memory};
#[cfg(feature = "probe-sqlite")]
pub use sqlite::sqlite;
