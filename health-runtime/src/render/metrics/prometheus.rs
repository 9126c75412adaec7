//! The older text format of Prometheus, 0.0.4.

use super::{
    super::format::{Format, Render},
    exposition::Dialect,
    families,
    view::MetricsView,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "prometheus",
    media_type: "text/plain; version=0.0.4; charset=utf-8",
    render: Render::Metrics(render),
    status_code: None,
};

fn render(view: &MetricsView<'_>) -> Vec<u8> {
    families::write(view, Dialect::Prometheus)
}
