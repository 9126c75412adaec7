//! The encodings in which a program renders a report by itself.

#[cfg(feature = "xml")]
use super::xml;
use super::{
    actuator,
    context::{Context, Subject},
    format::{Format, Render},
    health_json, json, microprofile, text,
    view::ReportView,
};

/// An encoding for [`Report::render`](crate::Report::render): those of the endpoint, without its page, which links to the
/// endpoint's routes, and without metrics, which are no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportFormat {
    /// The native shape as JSON.
    Json,
    /// The data of the checks alone, as JSON: for a report on levels. Any other report is as in [`Json`](Self::Json).
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
            Subject::Group { probe: "health", excluded: &[], unmatched: &[] }
        } else {
            Subject::Levels { values: self == Self::Values, is_alone: view.levels.len() == 1 }
        };
        let context = Context {
            subject,
            is_verbose: false,
            build: None,
            info: None,
            #[cfg(feature = "page")]
            place: super::Place::default(),
            #[cfg(feature = "page")]
            process: super::Process::default(),
        };
        match self.format().render {
            Render::Report(render) => render(view, &context),
            // No variant leads here.
            #[cfg(feature = "metrics")]
            Render::Metrics(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::render::FormatId;

    #[test]
    fn every_encoding_of_reports_but_the_page_is_offered() {
        let of_reports =
            FormatId::all().map(FormatId::format).filter(|format| matches!(format.render, Render::Report(_)));
        let expected: BTreeSet<_> = of_reports.map(|format| format.name).filter(|name| *name != "html").collect();
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
        assert_eq!(offered.map(|format| format.format().name).into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
