//! The settings of one source.

use std::{collections::BTreeMap, time::Duration};

use crate::model::{CheckSpec, Level, SettingValue};

/// Values by the keys of settings.
pub(super) type Values = BTreeMap<&'static str, SettingValue>;

/// Values for settings of checks and reports, which take the place of the declared ones: for those who deploy a service.
///
/// It deserializes from any format of serde, as from figment or config-rs, and parses from the text of `HEALTH_CHECKS`.
/// [`EndpointBuilder::overrides`](crate::EndpointBuilder::overrides) takes it:
///
/// ```
/// use health_runtime::{Check, Endpoint, Level, Overrides};
///
/// let overrides: Overrides = serde_json::from_str(
///     r#"{ "checks": { "billing": { "timeout": "500ms", "critical": false } }, "levels": { "3": { "max_age": "5s" } } }"#,
/// )?;
/// assert_eq!(overrides, "billing.timeout=500ms, billing.critical=false, level:3.max_age=5s".parse()?);
/// let billing = Check::new("billing", Level::L3, || async { true });
/// let endpoint = Endpoint::builder().check(billing).overrides(overrides).build()?;
/// # let _ = endpoint;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | section | name | in a list | keys |
/// |---|---|---|---|
/// | `checks` | name of a check, as reports show it | `billing.timeout=3s` | `enabled`, `timeout`, `interval`, `retry_interval`, `stale_after`, `max_age`, `failure_threshold`, `success_threshold`, `hold`, `degraded_after`, `critical` |
/// | `tags` | tag of checks | `tag:external.timeout=3s` | the same |
/// | `levels` | `1` to `5` | `level:3.timeout=3s` | the same |
/// | `deadlines` | | `deadlines.groups=2s` | `levels` (10 s), `groups` (900 ms): the time that a report of levels or one check, and one of a group, has |
/// | `status_codes` | | `status_codes.warn=429` | `pass`, `warn`, `fail`, `draining`: those of [`StatusCodes`](crate::StatusCodes) |
///
/// Durations are texts with units, such as `1m 30s`. A name beats a tag, and a tag a level. All rules for declared settings hold
/// for the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub(super) checks: BTreeMap<String, Values>,
    pub(super) tags: BTreeMap<String, Values>,
    pub(super) levels: BTreeMap<Level, Values>,
    pub(super) deadlines: Values,
    pub(super) status_codes: Values,
}

impl Overrides {
    /// Returns the values for a check, and a fault for each key to which two of its tags give different values.
    pub(super) fn of_check(&self, spec: &CheckSpec) -> (Values, Vec<String>) {
        let mut by_tag: BTreeMap<&'static str, (&str, SettingValue)> = BTreeMap::new();
        let own = self.checks.get(spec.name());
        let mut faults = Vec::new();
        for tag in spec.tags() {
            for (key, value) in self.tags.get(tag).into_iter().flatten() {
                let (other, known) = by_tag.entry(key).or_insert((tag, *value));
                if known != value && own.is_none_or(|own| !own.contains_key(key)) {
                    faults.push(format!(
                        "its tags `{other}` and `{tag}` have different values for `{key}`; set the one of `{}`",
                        spec.name()
                    ));
                }
            }
        }
        let mut values = self.levels.get(&spec.level()).cloned().unwrap_or_default();
        values.extend(by_tag.into_iter().map(|(key, (_, value))| (key, value)));
        values.extend(own.into_iter().flatten().map(|(key, value)| (*key, *value)));
        (values, faults)
    }

    pub(super) fn deadline(&self, key: &str) -> Option<Duration> {
        match self.deadlines.get(key) {
            Some(SettingValue::Time(time)) => Some(*time),
            _ => None,
        }
    }

    pub(super) fn status_code(&self, key: &str) -> Option<u16> {
        match self.status_codes.get(key) {
            Some(SettingValue::Count(code)) => u16::try_from(*code).ok(),
            _ => None,
        }
    }
}
