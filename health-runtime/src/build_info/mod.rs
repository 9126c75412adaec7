//! Facts about the running program: from its build, and from its process.

mod compile_time;
mod container;
mod deployment;
mod environment;
mod metadata;
mod runtime;

pub use compile_time::{build_date, with_first_revision, with_package_repo};
pub use metadata::{BuildInfo, BuildMetadata};
pub(crate) use runtime::{RuntimeFacts, RuntimeInfo};
