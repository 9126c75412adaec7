//! What an encoding is. Which there are stands in [`table`](super::table).

#[cfg(feature = "metrics")]
use super::metrics::MetricsView;
use super::{context::Context, view::ReportView};
use crate::model::Status;

/// An encoding of reports.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `?format=` calls it.
    pub(crate) name: &'static str,
    /// Its media type with its parameters, as `Content-Type` has it.
    pub(crate) media_type: &'static str,
    pub(crate) render: Render,
    /// `None` for an encoding whose specification demands no status codes.
    pub(crate) status_code: Option<StatusCodeRule>,
}

/// The status code that a specification demands for a report; the last argument is the configured one.
pub(crate) type StatusCodeRule = fn(&ReportView<'_>, &Context<'_>, u16) -> u16;

/// The rule that Spring Boot and MicroProfile share: 200 for `UP`, 503 for everything else.
pub(super) fn up_or_down(view: &ReportView<'_>, context: &Context<'_>, _configured: u16) -> u16 {
    if view.status == Status::Fail || context.is_draining(view) { 503 } else { 200 }
}

pub(crate) type RenderReport = fn(&ReportView<'_>, &Context<'_>) -> Vec<u8>;

#[cfg(feature = "metrics")]
pub(crate) type RenderMetrics = fn(&MetricsView<'_>) -> Vec<u8>;

/// A pure function: the same input gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Render {
    /// Of a report.
    Report(RenderReport),
    /// Of numbers, which no check is run for.
    #[cfg(feature = "metrics")]
    Metrics(RenderMetrics),
}

impl Format {
    /// The media type without its parameters.
    pub(crate) fn essence(&self) -> &'static str {
        self.media_type.split_once(';').map_or(self.media_type, |(essence, _)| essence)
    }

    /// Whether it shows the numbers of runs, and no verdict.
    #[cfg(feature = "openapi")]
    pub(crate) const fn is_of_numbers(&self) -> bool {
        !matches!(self.render, Render::Report(_))
    }

    /// The `version` among its parameters, which tells encodings of one media type apart.
    pub(crate) fn version(&self) -> Option<&'static str> {
        let (_, from) = self.media_type.split_once("version=")?;
        from.split(';').next()
    }
}
