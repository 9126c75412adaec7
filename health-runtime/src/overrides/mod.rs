//! Settings of checks and reports at deploy time: they take the place of declared ones, before anything is validated.

mod environment;
mod layers;
mod read;
mod sections;
mod tree;

use std::{error::Error as StdError, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap};

use crate::model::SettingValue;

pub(crate) use environment::{OverridesFile, parse_file, parse_list, warn_of_unmatched};
pub(crate) use layers::{OverrideLayers, OverrideSource, Unmatched};
pub(crate) use read::is_report_code;
pub use sections::Overrides;
use sections::Values;
use tree::Tree;

/// The faults of a text that is not a list of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOverridesError {
    faults: Vec<String>,
}

impl fmt::Display for ParseOverridesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("; "))
    }
}

impl StdError for ParseOverridesError {}

/// A list in the form of `HEALTH_CHECKS`: `billing.interval=1m, tag:external.timeout=3s, level:3.max_age=5s`.
impl FromStr for Overrides {
    type Err = ParseOverridesError;

    fn from_str(list: &str) -> Result<Self, ParseOverridesError> {
        read::list(list).map_err(|faults| ParseOverridesError { faults })
    }
}

/// Unknown sections and keys are errors. One error lists all faults.
impl<'de> Deserialize<'de> for Overrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        read::sections(tree).map_err(|faults| D::Error::custom(faults.join("; ")))
    }
}

impl Serialize for Overrides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sections = serializer.serialize_map(None)?;
        let [checks, tags] = [&self.checks, &self.tags];
        if !checks.is_empty() {
            sections.serialize_entry("checks", &Named(checks.iter()))?;
        }
        if !tags.is_empty() {
            sections.serialize_entry("tags", &Named(tags.iter()))?;
        }
        if !self.levels.is_empty() {
            sections.serialize_entry("levels", &Named(self.levels.iter()))?;
        }
        for (section, values) in [("deadlines", &self.deadlines), ("status_codes", &self.status_codes)] {
            if !values.is_empty() {
                sections.serialize_entry(section, &Written(values))?;
            }
        }
        sections.end()
    }
}

/// Settings by names.
struct Named<I>(I);

impl<'a, N: fmt::Display + 'a, I: Iterator<Item = (&'a N, &'a Values)> + Clone> Serialize for Named<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone().map(|(name, values)| (name.to_string(), Written(values))))
    }
}

/// Settings by keys.
struct Written<'a>(&'a Values);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            match value {
                SettingValue::Flag(flag) => values.serialize_entry(key, flag)?,
                SettingValue::Count(count) => values.serialize_entry(key, count)?,
                SettingValue::Time(time) => {
                    values.serialize_entry(key, &humantime::format_duration(*time).to_string())?;
                }
            }
        }
        values.end()
    }
}
