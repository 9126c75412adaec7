//! Metrics for Prometheus and what reads the same formats. What there is to tell stands in `families`, how it is
//! written in `exposition`.

mod exposition;
mod families;
mod openmetrics;
mod prometheus;
mod view;

pub(super) use openmetrics::FORMAT as OPENMETRICS;
pub(super) use prometheus::FORMAT as PROMETHEUS;
pub(crate) use view::MetricsView;
