#![doc = include_str!("../docs/overview.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Expansions say `::health_runtime`, also inside this crate's own tests and examples.
extern crate self as health_runtime;

#[cfg(feature = "availability")]
mod availability;
mod build_info;
#[cfg(any(feature = "server", feature = "probe-connect", feature = "probe-http"))]
mod byte_stream;
mod check_runtime;
mod const_rules;
mod details;
mod disclosure;
mod error;
mod file;
mod fleet;
#[cfg(feature = "grpc")]
mod grpc;
mod health_path;
mod healthcheck;
mod host;
mod http;
mod library_settings;
mod log;
mod mask;
mod maybe_ready;
#[macro_use]
mod model;
mod monitor;
mod overrides;
mod registry;
mod render;
mod rendering;
mod run_result;
mod runner;
#[cfg(any(feature = "haproxy-agent", feature = "server"))]
mod server;
mod state;
mod suggest;
mod sync;
#[cfg(feature = "systemd")]
mod systemd;
mod text;
mod time;
mod validation;

pub mod access;
#[cfg(feature = "alerts")]
pub mod alerts;
pub mod probes;
#[cfg(feature = "testing")]
pub mod testing;

// The examples of the guides need every feature.
#[cfg(all(doc, any(not(doctest), feature = "full")))]
pub mod _docs;

#[doc(hidden)]
pub mod __private;

pub use build_info::{BuildInfo, BuildMetadata};
pub use details::Details;
pub use disclosure::{Public, Secret};
pub use error::{DrillError, Error, Problem, UnknownCheck};
pub use fleet::{Fleet, FleetStore, StoreFuture};
#[cfg(feature = "grpc")]
pub use grpc::GrpcHealth;
#[doc = include_str!("../docs/build_info.md")]
#[doc(inline)]
pub use health_macros::BuildInfo;
// Examples that declare checks are standalone crates, because all checks of one program form one set.
#[doc = include_str!("../docs/check.md")]
pub use health_macros::check;
#[doc = include_str!("../docs/health_check.md")]
#[doc = ""]
#[doc = include_str!("../docs/health_check_keys.md")]
pub use health_macros::health_check;
#[doc = include_str!("../docs/health_checks.md")]
pub use health_macros::health_checks;
pub use health_path::{note_response_headers, outgoing_headers};
pub use healthcheck::{healthcheck, healthcheck_at};
#[cfg(feature = "haproxy-agent")]
pub use http::HaproxyAgent;
pub use http::{Endpoint, EndpointBuilder, EnvoyHeaders, LevelsPath, ResponseBody, StatusCodes, View};
pub use model::{
    Cause, Check, CheckFuture, CheckMethod, CheckName, CheckNames, CheckResult, CheckSpec, Drill, FleetRole, FleetRun,
    Forced, Group, IntoOutcome, Level, Levels, Mute, Outcome, ParseLevelError, Report, ReportEntry, RootCause, Status,
    StatusChange, Texts, Work, WorkFuture,
};
pub use monitor::{CheckUpdate, Lagged, Monitor, Selection, Subscription};
pub use overrides::{Overrides, ParseOverridesError};
pub use registry::{Registry, RegistryBuilder};
#[cfg(feature = "xml")]
pub use render::XML_SCHEMA;
pub use render::{ReportFormat, ShowDetails};
#[cfg(all(feature = "server", unix))]
pub use server::UnixSocket;
#[cfg(feature = "haproxy-agent")]
pub use server::serve_agent;
#[cfg(feature = "server")]
pub use server::{ServedRoutes, Server, serve_isolated};
#[cfg(any(feature = "server", feature = "haproxy-agent"))]
pub use server::{ServerHandle, TcpAddress};
#[cfg(feature = "server-tls")]
pub use server::{Tls, serve_tls};

// A shell around the procedural macro, because only `$crate` knows the runtime under every name and re-export.
#[doc = include_str!("../docs/health_endpoint.md")]
#[macro_export]
macro_rules! health_endpoint {
    ($($input:tt)*) => {
        $crate::__private::health_endpoint! { $crate; $($input)* }
    };
}
