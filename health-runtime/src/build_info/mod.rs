//! What is running: what the build knew, and what only the process knows.

mod at_build;
mod container;
mod deployment;
mod environment;
mod metadata;
mod runtime;
mod uptime;

pub use at_build::{build_date, with_first_revision, with_package_repo};
pub use metadata::{BuildInfo, BuildMetadata};
pub(crate) use runtime::{RuntimeFacts, RuntimeInfo};
