//! Probes of this process.

mod heartbeat;

pub use heartbeat::{Heartbeat, HeartbeatProbe, heartbeat};
