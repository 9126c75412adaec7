//! The definition of a format. All formats stand in [`formats`](super::formats).

use std::cmp::Ordering;

#[cfg(feature = "metrics")]
use super::metrics_view::MetricsView;
#[cfg(feature = "openapi")]
use super::schema::FormatSchema;
use super::{context::Context, view::ReportView};
use crate::model::Status;

/// A format of reports or of metrics, identified by its name.
#[derive(Debug)]
pub(crate) struct Format {
    /// Value of `?format=`.
    pub(crate) name: &'static str,
    /// Media type with its parameters, for `Content-Type`.
    pub(crate) media_type: &'static str,
    pub(crate) render: Render,
    /// `None` for a format whose specification demands no status codes.
    pub(crate) status_code: Option<StatusCodeRule>,
    /// The options of a query that change its output.
    pub(crate) options: &'static [FormatOption],
    /// Whether the format is for people rather than for programs.
    pub(crate) is_page: bool,
    /// Whether its clients ask for a check directly below the base path, as those of Spring Boot do.
    pub(crate) has_component_paths: bool,
    #[cfg(feature = "openapi")]
    pub(crate) schema: FormatSchema,
}

/// An option of a query that some formats read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormatOption {
    /// `?view=values`: the data alone.
    Values,
    /// `?verbose`: every check, and not only failures.
    Verbose,
    /// `?fragment`: the part of a page that changes.
    Fragment,
}

/// The status code that a specification demands for a report; the last argument is the configured one.
pub(crate) type StatusCodeRule = fn(&ReportView<'_>, &Context<'_>, u16) -> u16;

/// The rule that Spring Boot and MicroProfile share: 200 for `UP`, 503 for everything else.
pub(super) fn up_or_down(view: &ReportView<'_>, context: &Context<'_>, _configured: u16) -> u16 {
    if view.status == Status::Fail || context.shows_draining(view) { 503 } else { 200 }
}

pub(crate) type RenderReport = fn(&ReportView<'_>, &Context<'_>) -> Vec<u8>;

#[cfg(feature = "metrics")]
pub(crate) type RenderMetrics = fn(&MetricsView<'_>) -> Vec<u8>;

/// A pure function: the same input gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Render {
    Report(RenderReport),
    /// Renders numbers, for which no check is run.
    #[cfg(feature = "metrics")]
    Metrics(RenderMetrics),
}

impl Format {
    /// A format without options and without a schema, for the rest of a definition.
    pub(super) const fn new(name: &'static str, media_type: &'static str, render: Render) -> Self {
        Self {
            name,
            media_type,
            render,
            status_code: None,
            options: &[],
            is_page: false,
            has_component_paths: false,
            #[cfg(feature = "openapi")]
            schema: FormatSchema::TEXT,
        }
    }

    /// The media type without its parameters.
    pub(crate) fn essence(&self) -> &'static str {
        self.media_type.split_once(';').map_or(self.media_type, |(essence, _)| essence)
    }

    /// Returns whether it renders reports, and not numbers.
    pub(crate) fn shows_reports(&self) -> bool {
        matches!(self.render, Render::Report(_))
    }

    /// The `version` among the parameters of the media type, which distinguishes formats of one media type.
    pub(crate) fn version(&self) -> Option<&'static str> {
        let (_, from) = self.media_type.split_once("version=")?;
        from.split(';').next()
    }

    /// Returns whether an option changes its output.
    pub(crate) fn reads(&self, option: FormatOption) -> bool {
        self.options.contains(&option)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

impl PartialOrd for Format {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Format {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}
