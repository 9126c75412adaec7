//! Real servers on free ports of this machine, and probes that ask them through many clients.
//!
//! Debian has no package of some servers. Stand-ins: MariaDB for MySQL and Aurora, the mock brokers of librdkafka for Kafka, and a
//! server of the wire protocol in `tests/mongodb.rs` for MongoDB. Valkey is real, out of a package of PyPI.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod breaker;
mod brokers;
mod clients;
mod flat;
mod observe;
mod process;
mod proxy;
mod server;
mod tls;

use std::time::Duration;

pub use breaker::Breaker;
pub use brokers::RabbitMq;
pub use clients::Clients;
pub use flat::assert_flat;
pub use observe::{Facts, OFFLINE, Observe, READ_ONLY, WRITEABLE, assert, assert_facts, eventually, observe};
pub use process::{Server, free_port};
pub use proxy::Proxy;

/// Password of every server, which no text may contain.
pub const CANARY: &str = "canary-Zx81-password";

/// Timeout of each check. A probe gives up after 1.8 s of it.
pub const TIMEOUT: Duration = Duration::from_secs(2);
