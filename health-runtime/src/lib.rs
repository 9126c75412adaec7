//! Declarative health checks.

// Expansions say `::health_runtime`, also inside this crate's own tests and examples.
extern crate self as health_runtime;

mod build_info;
mod clock;
mod details;
mod error;
mod http;
mod mask;
mod model;
mod monitor;
mod registry;
mod render;
mod runner;
mod state;
mod validation;

pub mod probes;

#[doc(hidden)]
pub mod __private;

pub use build_info::{BuildInfo, BuildMetadata};
pub use details::Details;
pub use error::{Error, Problem};
pub use http::{Endpoint, EndpointBuilder, LevelsPath, ShowDetails, StatusCodes, View};
pub use model::{
    Cause, Check, CheckResult, CheckSpec, Group, IntoOutcome, InvalidLevel, Level, Location, Outcome, Report,
    ReportEntry, Status, Work, WorkFuture,
};
pub use monitor::{Monitor, Selection};
pub use registry::{Registry, RegistryBuilder};
pub use state::State;
