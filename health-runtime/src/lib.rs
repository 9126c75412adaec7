//! Declarative health checks.

// Expansions say `::health_runtime`, also inside this crate's own tests and examples.
extern crate self as health_runtime;

mod build_info;
mod details;
mod error;
mod mask;
mod model;
mod registry;
mod state;
mod validation;

pub mod probes;

#[doc(hidden)]
pub mod __private;

pub use details::Details;
pub use error::{Error, Problem};
pub use health_macros::{health_check, health_endpoint};
pub use model::{
    Cause, Check, CheckResult, CheckSpec, Group, IntoOutcome, InvalidLevel, Level, Location, Outcome, Report,
    ReportEntry, Status, Work, WorkFuture,
};
pub use registry::{Registry, RegistryBuilder};
pub use state::State;
