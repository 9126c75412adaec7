//! Metrics for Prometheus and for programs that read its formats.

mod exposition;
mod families;

pub(super) use families::{OPENMETRICS, PROMETHEUS};
