//! The text of OpenMetrics 1.0 and of the older format of Prometheus, 0.0.4: which differ in their types, in what their
//! families are called, and in how they end.
//!
//! Ours, because no crate writes both, and none writes a state set.

use std::fmt::{Display, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenMetrics,
    Prometheus,
}

/// What kind of metric a family is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
    StateSet,
}

impl Kind {
    /// The older format knows neither information nor state sets: they are gauges there.
    const fn word(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Counter, _) => "counter",
            (Self::Histogram, _) => "histogram",
            (Self::Info, Dialect::OpenMetrics) => "info",
            (Self::StateSet, Dialect::OpenMetrics) => "stateset",
            (Self::Gauge | Self::Info | Self::StateSet, _) => "gauge",
        }
    }

    /// What stands behind the family's name in that of its samples; the older format has it in the family's own.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram | Self::StateSet => "",
        }
    }
}

/// A family of metrics: all samples of one stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Which the name ends in.
    pub(super) unit: Option<&'static str>,
    /// Without a line break, a backslash or a quote.
    pub(super) help: &'static str,
}

/// The text in the making. Writing to a `String` cannot fail.
#[derive(Debug)]
pub(super) struct Exposition {
    text: String,
    dialect: Dialect,
}

impl Exposition {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { text: String::new(), dialect }
    }

    /// Says what the samples that follow are of.
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

    /// A sample whose name has an ending of its own, as those of a histogram do.
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
            // OpenMetrics knows no other line break, and no way to write this one.
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
