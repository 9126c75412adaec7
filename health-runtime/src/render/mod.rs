//! Formats, one file each. Each is a pure function of a [`ReportView`], so it never sees a report that is not redacted
//! for its caller. `formats.rs` lists them.

mod actuator;
#[cfg(feature = "haproxy-agent")]
mod agent;
#[cfg(feature = "availability")]
mod availability;
mod context;
#[cfg(feature = "events")]
pub(crate) mod event;
mod format;
mod formats;
mod health_json;
mod info;
mod json;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "metrics")]
mod metrics_view;
mod microprofile;
#[cfg(feature = "page")]
mod page;
#[cfg(feature = "page")]
mod page_context;
#[cfg(feature = "openapi")]
pub(crate) mod schema;
mod text;
mod values;
mod view;
mod visibility;
mod wire;
#[cfg(feature = "xml")]
mod xml;

#[cfg(feature = "haproxy-agent")]
pub(crate) use agent::agent_line;
#[cfg(feature = "availability")]
pub(crate) use availability::{LevelAvailability, check_availability, levels_availability};
pub(crate) use context::{Context, Links, ReportSubject};
#[cfg(feature = "metrics")]
pub(crate) use format::RenderMetrics;
pub(crate) use format::{Format, FormatOption, Render, RenderReport};
pub(crate) use formats::FORMAT_COUNT;
pub use formats::ReportFormat;
pub(crate) use info::info;
pub(crate) use json::render as report_as_json;
#[cfg(feature = "metrics")]
pub(crate) use metrics_view::MetricsView;
#[cfg(all(feature = "availability", feature = "page"))]
pub(crate) use page::availability as bars;
#[cfg(feature = "page")]
pub(crate) use page::{CONTENT_SECURITY_POLICY, problem};
#[cfg(feature = "page")]
pub(crate) use page_context::PageContext;
#[cfg(any(feature = "events", feature = "mcp"))]
pub(crate) use view::ChangeView;
pub(crate) use view::ReportView;
pub(crate) use visibility::{DetailLevel, Visibility};
pub use visibility::{DetailsValue, ShowDetails};
pub(crate) use wire::StatusWord;
#[cfg(feature = "xml")]
pub use xml::SCHEMA as XML_SCHEMA;
