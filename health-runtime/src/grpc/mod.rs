//! The gRPC health service, `grpc.health.v1.Health`: the same statuses over gRPC.

mod grpc_health;
mod health_service;
mod list;
mod services;
mod serving_status;
mod timeout;
mod watch;

pub use grpc_health::GrpcHealth;
