//! The text of OpenMetrics 1.0 and of the older Prometheus format 0.0.4. They differ in their types, in the names of families,
//! and in their last line.
//!
//! Written here because no crate supports both, or state sets.

use std::fmt::{Display, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenMetrics,
    Prometheus,
}

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
    StateSet,
}

impl Kind {
    /// The older format has no info metrics and no state sets, and uses gauges instead.
    const fn word(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Counter, _) => "counter",
            (Self::Histogram, _) => "histogram",
            (Self::Info, Dialect::OpenMetrics) => "info",
            (Self::StateSet, Dialect::OpenMetrics) => "stateset",
            (Self::Gauge | Self::Info | Self::StateSet, _) => "gauge",
        }
    }

    /// The suffix of sample names after the name of the family. In the older format the family has it, too.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram | Self::StateSet => "",
        }
    }
}

/// A family of metrics, whose samples stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The last word of the name.
    pub(super) unit: Option<&'static str>,
    /// Without line breaks, backslashes and quotes.
    pub(super) help: &'static str,
}

/// A text under construction. Writing to a `String` cannot fail.
#[derive(Debug)]
pub(super) struct Exposition {
    text: String,
    dialect: Dialect,
}

impl Exposition {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { text: String::new(), dialect }
    }

    /// Writes the metadata of a family.
    pub(super) fn describe(&mut self, family: &Family) {
        let suffix = match self.dialect {
            Dialect::OpenMetrics => "",
            Dialect::Prometheus => family.kind.suffix(),
        };
        let Family { name, kind, unit, help } = family;
        let _ = writeln!(self.text, "# HELP {name}{suffix} {help}");
        let _ = writeln!(self.text, "# TYPE {name}{suffix} {}", kind.word(self.dialect));
        if let (Some(unit), Dialect::OpenMetrics) = (unit, self.dialect) {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
    }

    pub(super) fn sample(&mut self, family: &Family, labels: &[(&str, &str)], value: impl Display) {
        self.part(family, family.kind.suffix(), labels, value);
    }

    /// Writes a sample with a suffix of its own, as histograms have.
    pub(super) fn part(&mut self, family: &Family, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", family.name);
        for (index, (name, value)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{name}=\"", if index == 0 { '{' } else { ',' });
            value.chars().for_each(|char| self.escaped(char));
            self.text.push('"');
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn escaped(&mut self, char: char) {
        match char {
            '\\' => self.text.push_str("\\\\"),
            '"' => self.text.push_str("\\\""),
            '\n' => self.text.push_str("\\n"),
            // OpenMetrics cannot express a carriage return.
            '\r' => self.text.push(' '),
            other => self.text.push(other),
        }
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.dialect == Dialect::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text.into_bytes()
    }
}
