//! Metrics for Prometheus and for programs that read its formats.

mod exposition;
mod families;
mod view;

pub(super) use families::{OPENMETRICS, PROMETHEUS};
pub(crate) use view::MetricsView;
