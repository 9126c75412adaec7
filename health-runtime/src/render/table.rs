//! The encodings: adding one takes its file and its line here.

#[cfg(feature = "metrics")]
use super::metrics;
#[cfg(feature = "page")]
use super::page;
#[cfg(feature = "xml")]
use super::xml;
use super::{actuator, format::Format, health_json, json, microprofile, text};

/// Every encoding. Where a request likes several of them equally, the first is taken.
static FORMATS: &[Format] = &[
    json::FORMAT,
    text::FORMAT,
    #[cfg(feature = "metrics")]
    metrics::PROMETHEUS,
    #[cfg(feature = "metrics")]
    metrics::OPENMETRICS,
    health_json::FORMAT,
    actuator::FORMAT,
    // Behind the other one of its media type.
    microprofile::FORMAT,
    #[cfg(feature = "xml")]
    xml::FORMAT,
    #[cfg(feature = "page")]
    page::FORMAT,
];

/// How many there are.
pub(crate) const FORMAT_COUNT: usize = FORMATS.len();

/// One of the encodings, by its place in the table: what answers are stored by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FormatId(usize);

impl FormatId {
    pub(crate) const JSON: Self = Self(0);
    pub(crate) const TEXT: Self = Self(1);
    #[cfg(feature = "metrics")]
    pub(crate) const PROMETHEUS: Self = Self(2);

    /// All of them, in the table's order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..FORMAT_COUNT).map(Self)
    }

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|id| id.format().name == name)
    }

    pub(crate) fn format(self) -> &'static Format {
        &FORMATS[self.0]
    }

    /// Whether it is for people, and not for programs.
    pub(crate) fn is_page(self) -> bool {
        self.format().name == "html"
    }

    /// Whether it is Spring Boot's, whose clients know its paths as well.
    pub(crate) fn is_actuator(self) -> bool {
        self.format().name == "actuator"
    }

    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_defaults_of_the_routes_are_where_they_are_looked_for() {
        assert_eq!(FormatId::JSON.format().name, "json");
        assert_eq!(FormatId::TEXT.format().name, "text");
        #[cfg(feature = "metrics")]
        assert_eq!(FormatId::PROMETHEUS.format().name, "prometheus");
    }

    #[test]
    fn no_two_encodings_can_be_mistaken_for_each_other() {
        let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMAT_COUNT);
        let types = FORMATS.iter().filter(|format| format.name != "microprofile");
        let types: BTreeSet<_> = types.map(|format| (format.essence(), format.version())).collect();
        assert_eq!(types.len(), FORMAT_COUNT - 1);
    }
}
