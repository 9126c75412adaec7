//! The formats. A new one needs a file and its lines here.

#[cfg(feature = "metrics")]
use super::metrics;
#[cfg(feature = "page")]
use super::page;
#[cfg(feature = "xml")]
use super::xml;
use super::{
    actuator,
    context::{Context, ReportSubject},
    format::{Format, Render},
    health_json, json, microprofile, text,
    view::ReportView,
};

/// Every format. Without a preference in the request, the first acceptable one is taken.
const FORMATS: &[&Format] = &[
    &json::FORMAT,
    &text::FORMAT,
    #[cfg(feature = "metrics")]
    &metrics::PROMETHEUS,
    #[cfg(feature = "metrics")]
    &metrics::OPENMETRICS,
    &health_json::FORMAT,
    &actuator::FORMAT,
    // After JSON, which has the same media type.
    &microprofile::FORMAT,
    #[cfg(feature = "xml")]
    &xml::FORMAT,
    #[cfg(feature = "page")]
    &page::FORMAT,
];

/// Number of formats.
pub(crate) const FORMAT_COUNT: usize = FORMATS.len();

impl Format {
    pub(crate) const JSON: &Self = &json::FORMAT;
    pub(crate) const TEXT: &Self = &text::FORMAT;
    #[cfg(feature = "metrics")]
    pub(crate) const PROMETHEUS: &Self = &metrics::PROMETHEUS;

    /// Returns every format, in the table's order.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        FORMATS.iter().copied()
    }

    /// Finds the format with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|format| format.name == name)
    }
}

/// A format for [`Report::render`](crate::Report::render). The endpoint has two more kinds: pages, which link to its routes,
/// and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportFormat {
    /// The native shape as JSON.
    Json,
    /// The data of the checks alone, as JSON, for a report on levels. Any other report is as in [`Json`](Self::Json).
    Values,
    /// `ok`, or a line for each check.
    Text,
    /// The draft of the IETF (draft-inadarei-api-health-check-06).
    HealthJson,
    /// The JSON of Spring Boot's health endpoint.
    Actuator,
    /// The JSON of Eclipse `MicroProfile` Health.
    MicroProfile,
    /// The native shape as XML.
    #[cfg(feature = "xml")]
    Xml,
}

impl ReportFormat {
    /// The media type with its parameters, for `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        self.format().media_type
    }

    const fn format(self) -> &'static Format {
        match self {
            Self::Json | Self::Values => &json::FORMAT,
            Self::Text => &text::FORMAT,
            Self::HealthJson => &health_json::FORMAT,
            Self::Actuator => &actuator::FORMAT,
            Self::MicroProfile => &microprofile::FORMAT,
            #[cfg(feature = "xml")]
            Self::Xml => &xml::FORMAT,
        }
    }

    /// Renders levels as levels, and everything else as the checks of a group.
    pub(crate) fn render(self, view: &ReportView<'_>) -> Vec<u8> {
        let subject = if view.levels.is_empty() {
            ReportSubject::Group { probe: "health", excluded: &[], unmatched: &[] }
        } else {
            ReportSubject::Levels { values: self == Self::Values, is_alone: view.levels.len() == 1 }
        };
        let context = Context {
            subject,
            is_draining: false,
            is_verbose: false,
            build: None,
            info: None,
            #[cfg(feature = "page")]
            page: super::PageContext::default(),
        };
        match self.format().render {
            Render::Report(render) => render(view, &context),
            // No variant is a format of metrics.
            #[cfg(feature = "metrics")]
            Render::Metrics(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_media_types_are_unique() {
        let names: BTreeSet<_> = Format::all().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMAT_COUNT);
        let types = Format::all().filter(|format| format.name != "microprofile");
        let types: BTreeSet<_> = types.map(|format| (format.essence(), format.version())).collect();
        assert_eq!(types.len(), FORMAT_COUNT - 1);
    }

    #[test]
    fn programs_render_every_report_format_but_pages() {
        let expected: BTreeSet<_> = Format::all().filter(|format| format.shows_reports() && !format.is_page).collect();
        let offered = [
            ReportFormat::Json,
            ReportFormat::Values,
            ReportFormat::Text,
            ReportFormat::HealthJson,
            ReportFormat::Actuator,
            ReportFormat::MicroProfile,
            #[cfg(feature = "xml")]
            ReportFormat::Xml,
        ];
        assert_eq!(offered.map(ReportFormat::format).into_iter().collect::<BTreeSet<_>>(), expected);
    }

    #[cfg(feature = "openapi")]
    #[test]
    fn formats_in_json_have_a_schema() {
        use super::super::schema::{FormatSchema, Shown};
        for format in Format::all() {
            let is_json = format.essence().ends_with("json");
            let text = (FormatSchema::TEXT.shapes)(Shown::Group);
            assert_eq!(is_json, (format.schema.shapes)(Shown::Group) != text, "{}", format.name);
        }
    }
}
