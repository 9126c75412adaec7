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
//! an invalid URL) is a start-up error that points at the line which made the probe; its `observe` fails. The guide on
//! [probes](crate::_docs::probes) says which one to take.
//!
//! | probe | feature | dependencies | measures |
//! |---|---|---|---|
//! | `memory` | `probe-system` | sysinfo, rustix | used memory |
//! | `disk` | `probe-system`, on Unix | the same | free space of a file system |
//! | `logging` | none | | whether `tracing` has a subscriber |
//! | `runtime_lag` | none | | how late the runtime wakes a task |
//! | `runtime_load` | none | | busy time of the workers, number of tasks |
//! | `open_files` | none, on Linux | | open descriptors and their limit |
//! | `threads` | none, on Linux | | threads and their limit |
//! | `pressure` | none, on Linux | | time for which tasks wait for processors, memory and disks |
//! | `load_average` | none, on Linux | | load of the machine for each core |
//! | `heartbeat` | none | | whether a loop goes round |
//! | `file` | none | | age, size and last line of a file |
//! | `directory` | none | | number and age of the entries in a folder |
//! | `service` | `probe-http` | hyper | health of another service that has this library's endpoint |
//! | `http` | `probe-http` | the same | health of any other service |
//! | `grpc` | `grpc` | tonic without its server and client | health of another service, through a channel of yours |
//! | `bandwidth` | `probe-http` | the same | speed of a transfer |
//! | `service`, `http` and `bandwidth` over `https://` | `probe-https` | rustls with ring | |
//! | `tcp`, `resolve`, `postgres_at`, `redis_at`, `nats_at`, `memcached_at`, `smtp`, `mqtt`, `ldap` | `probe-connect` | none: they open a connection of their own | whether a server accepts and answers |
//! | `certificate`, and these over TLS | `probe-connect-tls` | rustls with ring, x509-parser | dates and trust of the certificate that a server shows |
//! | `postgres`, `mysql`, `sqlite`, `redis`, `mongodb`, `memcached` | none | none: they ask through a client of yours, see [`ask!`](crate::ask!) | whether the database answers and takes writes |
//! | `database` | none | the same | the same of a database for which there is no probe |
//! | `nats`, `amqp`, `kafka` | none | the same | whether the broker answers and takes messages |
//! | `broker` | none | the same | the same of a broker for which there is no probe |

// A new probe is a file: `probe!` with the struct, the constructor, its settings, `look`, `judge` and `faults`.
mod ask;
mod broker;
#[cfg(any(feature = "probe-connect-tls", feature = "server-tls"))]
pub(crate) mod certificate_facts;
mod database;
pub(crate) mod deadline;
mod files;
mod logging;
mod probe;
mod process;
pub(crate) mod root_cause_path;
mod runtime_lag;

#[cfg(feature = "probe-http")]
mod bandwidth;
#[cfg(feature = "probe-connect")]
mod connect;
#[cfg(all(feature = "probe-system", unix))]
mod disk;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "probe-http")]
mod http;
#[cfg(feature = "probe-http")]
pub(crate) mod http_client;
#[cfg(any(feature = "probe-connect", feature = "probe-http"))]
mod lookup;
#[cfg(feature = "probe-system")]
mod memory;
#[cfg(feature = "probe-system")]
mod memory_usage;
#[cfg(feature = "probe-http")]
mod service;

pub use ask::{Ask, AskError, Asking, IntoAsk, PoolState, PoolWait};
#[doc(hidden)]
pub use ask::{CloseUnanswered, Kept};
pub use broker::{BrokerProbe, BrokerState, amqp, broker, kafka, nats};
pub use database::{DatabaseProbe, DatabaseState, database, memcached, mongodb, mysql, postgres, redis, sqlite};
pub use files::{DirectoryProbe, FileProbe, directory, file};
pub use logging::{LoggingProbe, logging};
pub use process::{Heartbeat, HeartbeatProbe, RuntimeLoadProbe, heartbeat, runtime_load};
pub use runtime_lag::{RuntimeLagProbe, runtime_lag};

#[cfg(target_os = "linux")]
pub use process::{
    LoadAverageProbe, OpenFilesProbe, PressureProbe, ThreadsProbe, load_average, open_files, pressure, threads,
};

#[cfg(feature = "probe-http")]
pub use bandwidth::{BandwidthProbe, bandwidth};
#[cfg(feature = "probe-connect-tls")]
pub use connect::{CertificateProbe, StartTls, certificate};
#[cfg(feature = "probe-connect")]
pub use connect::{
    ConnectProbe, ResolveProbe, ldap, memcached_at, mqtt, nats_at, postgres_at, redis_at, resolve, smtp, tcp,
};
#[cfg(all(feature = "probe-system", unix))]
pub use disk::{DiskProbe, disk};
#[cfg(feature = "grpc")]
pub use grpc::{GrpcChannel, GrpcProbe, grpc};
#[cfg(feature = "probe-http")]
pub use http::{HttpProbe, http};
#[cfg(feature = "probe-system")]
pub use memory::{MemoryProbe, memory};
#[cfg(feature = "probe-http")]
pub use service::{ServiceProbe, service};
