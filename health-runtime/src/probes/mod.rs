//! Ready-made checks. They are values and never register themselves: hand them to
//! `health_endpoint!` with `checks: [probes::…]`, or to a [`Registry`](crate::Registry).
//!
//! ```
//! use health_runtime::{Level, Registry, probes};
//!
//! let registry = Registry::builder()
//!     .check(probes::logging().with_level(Level::L5))
//!     .build()?;
//! # assert_eq!(registry.checks().count(), 1);
//! # Ok::<(), health_runtime::Error>(())
//! ```
//!
//! Every probe is configured by `with_…` methods, becomes a [`Check`](crate::Check) by `into()`, and runs once
//! by its `observe`, inside a function of your own. What can never work as it is configured (a path that does
//! not exist, a URL that cannot be asked) is a start-up error that points at the line which made the probe;
//! `observe` answers such a one with a failure.
//!
//! | probe | feature | brings | asks |
//! |---|---|---|---|
//! | `memory` | `system` | sysinfo, rustix | how much memory is used |
//! | `disk` | `system`, on Unix | the same | how much room a file system has |
//! | `logging` | none | | whether `tracing` has a subscriber |
//! | `runtime_lag` | none | | how late the runtime wakes a task |
//! | `http` | `http-probe` | hyper | whether another service is well |
//! | `bandwidth` | `http-probe` | the same | how fast data comes in |
//! | the two over `https://` | `https-probe` | rustls with ring | |
//! | `sqlite` | `sqlite` | sqlx, and SQLite built from C | whether a SQLite database takes writes |

mod logging;
mod probe;
mod runtime_lag;

#[cfg(feature = "probe-http")]
mod bandwidth;
#[cfg(feature = "probe-sqlite")]
mod db;
#[cfg(all(feature = "probe-system", unix))]
mod disk;
#[cfg(feature = "probe-http")]
mod exchange;
#[cfg(feature = "probe-http")]
mod http;
#[cfg(feature = "probe-system")]
mod memory;
#[cfg(feature = "probe-system")]
mod memory_usage;
#[cfg(any(feature = "probe-http", feature = "probe-sqlite"))]
mod patience;

pub use logging::{Logging, logging};
pub use probe::Probe;
pub use runtime_lag::{RuntimeLag, runtime_lag};

#[cfg(feature = "probe-http")]
pub use bandwidth::{Bandwidth, bandwidth};
#[cfg(feature = "probe-sqlite")]
pub use db::{Db, sqlite};
#[cfg(all(feature = "probe-system", unix))]
pub use disk::{Disk, disk};
#[cfg(feature = "probe-http")]
pub use exchange::Http;
#[cfg(feature = "probe-http")]
pub use http::{Health, http};
#[cfg(feature = "probe-system")]
pub use memory::{Memory, memory};
