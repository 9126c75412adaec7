//! The gRPC health service, `grpc.health.v1.Health`: the same verdicts for those who speak gRPC.

mod check;
mod list;
mod service;
mod services;
mod timeout;
mod verdict;
mod watch;

pub use service::GrpcHealth;
