//! OpenMetrics 1.0.

use super::{
    super::format::{Format, Render},
    exposition::Dialect,
    families,
    view::MetricsView,
};

pub(in super::super) const FORMAT: Format = Format {
    name: "openmetrics",
    media_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    render: Render::Metrics(render),
    status_code: None,
};

fn render(view: &MetricsView<'_>) -> Vec<u8> {
    families::write(view, Dialect::OpenMetrics)
}
