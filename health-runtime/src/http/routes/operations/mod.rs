//! `POST {base}/checks/{name}/run` and the like: operations on one check, for callers to whom a policy grants the right. A
//! new one takes its variant in `operation.rs`.

#[cfg(feature = "openapi")]
mod description;
mod operation;
mod operations_route;

#[cfg(feature = "mcp")]
pub(super) use operation::{MAX_MUTE, OperatedCheck};
pub(super) use operations_route::mount;
