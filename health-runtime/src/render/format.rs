//! What an encoding is. Which there are stands in [`table`](super::table).

#[cfg(feature = "metrics")]
use super::metrics::MetricsView;
use super::{context::Context, view::ReportView};

/// An encoding of reports.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `?format=` calls it.
    pub(crate) name: &'static str,
    /// Its media type with its parameters, as `Content-Type` has it.
    pub(crate) media_type: &'static str,
    pub(crate) render: Render,
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

    /// The `version` among its parameters, which tells encodings of one media type apart.
    pub(crate) fn version(&self) -> Option<&'static str> {
        let (_, from) = self.media_type.split_once("version=")?;
        from.split(';').next()
    }
}
