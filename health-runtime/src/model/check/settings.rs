//! The settings of a check that operators may replace at deploy time, by their keys.

use std::time::Duration;

use super::spec::{CheckSpec, OverriddenSetting};

/// A setting of a check that operators may replace.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    access: SettingAccess,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingValue {
    Flag(bool),
    Count(u32),
    Time(Duration),
}

/// The kind of a value, which decides how its text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingKind {
    Flag,
    Count,
    Time,
}

/// Reads the value that a check obeys, and replaces the declared one.
#[derive(Debug)]
enum SettingAccess {
    Flag(fn(&CheckSpec) -> bool, fn(&mut CheckSpec, bool)),
    Count(fn(&CheckSpec) -> u32, fn(&mut CheckSpec, u32)),
    Time(fn(&CheckSpec) -> Option<Duration>, fn(&mut CheckSpec, Duration)),
}

pub(crate) static SETTINGS: [Setting; 11] = [
    Setting { key: "enabled", access: SettingAccess::Flag(|spec| spec.enabled, |spec, value| spec.enabled = value) },
    time("timeout", |spec| Some(spec.timeout()), |spec, value| spec.timeout = Some(value)),
    time("interval", |spec| spec.interval, |spec, value| spec.interval = Some(value)),
    time("retry_interval", CheckSpec::retry_interval, |spec, value| spec.retry_interval = Some(value)),
    time("stale_after", |spec| spec.stale_after().or(spec.stale_after), |spec, value| spec.stale_after = Some(value)),
    time("max_age", |spec| Some(spec.max_age()), |spec, value| spec.max_age = Some(value)),
    count("failure_threshold", CheckSpec::failure_threshold, |spec, value| spec.failure_threshold = value),
    count("success_threshold", CheckSpec::success_threshold, |spec, value| spec.success_threshold = value),
    time("hold", CheckSpec::hold, |spec, value| spec.hold = Some(value)),
    time("degraded_after", CheckSpec::degraded_after, |spec, value| spec.degraded_after = Some(value)),
    Setting { key: "critical", access: SettingAccess::Flag(|spec| spec.critical, |spec, value| spec.critical = value) },
];

const fn time(
    key: &'static str,
    get: fn(&CheckSpec) -> Option<Duration>,
    set: fn(&mut CheckSpec, Duration),
) -> Setting {
    Setting { key, access: SettingAccess::Time(get, set) }
}

const fn count(key: &'static str, get: fn(&CheckSpec) -> u32, set: fn(&mut CheckSpec, u32)) -> Setting {
    Setting { key, access: SettingAccess::Count(get, set) }
}

impl Setting {
    pub(crate) fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    pub(crate) const fn kind(&self) -> SettingKind {
        match self.access {
            SettingAccess::Flag(..) => SettingKind::Flag,
            SettingAccess::Count(..) => SettingKind::Count,
            SettingAccess::Time(..) => SettingKind::Time,
        }
    }

    fn get(&self, spec: &CheckSpec) -> Option<SettingValue> {
        match self.access {
            SettingAccess::Flag(get, _) => Some(SettingValue::Flag(get(spec))),
            SettingAccess::Count(get, _) => Some(SettingValue::Count(get(spec))),
            SettingAccess::Time(get, _) => get(spec).map(SettingValue::Time),
        }
    }

    fn set(&self, spec: &mut CheckSpec, value: SettingValue) {
        match (&self.access, value) {
            (SettingAccess::Flag(_, set), SettingValue::Flag(value)) => set(spec, value),
            (SettingAccess::Count(_, set), SettingValue::Count(value)) => set(spec, value),
            (SettingAccess::Time(_, set), SettingValue::Time(value)) => set(spec, value),
            // A value is read as the kind of its setting.
            _ => {}
        }
    }
}

impl CheckSpec {
    /// Returns the declaration with other values for some settings, each with its origin. Values that change nothing are not
    /// listed as overridden.
    pub(crate) fn with_settings(
        &self,
        settings: impl IntoIterator<Item = (&'static Setting, SettingValue, &'static str)>,
    ) -> Self {
        let mut spec = self.clone();
        let mut origins = Vec::new();
        for (setting, value, origin) in settings {
            setting.set(&mut spec, value);
            origins.push((setting, origin));
        }
        // After all of them, because some defaults follow from other settings. A disabled check has neither interval nor age.
        let mut after = spec.clone();
        after.enabled = self.enabled;
        let is_changed = |setting: &Setting| match setting.key {
            "enabled" => spec.enabled != self.enabled,
            _ => setting.get(&after) != setting.get(self),
        };
        let changed = origins.into_iter().filter(|(setting, _)| is_changed(setting));
        spec.overridden = changed.map(|(Setting { key, .. }, origin)| OverriddenSetting { key, origin }).collect();
        spec
    }

    /// Returns whether the check runs and counts. Settings at deploy time disable a check, see
    /// [`Overrides`](crate::Overrides).
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Returns the keys of the settings that [`Overrides`](crate::Overrides) have changed, such as `timeout`.
    #[must_use]
    pub fn overridden(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.overridden.iter().map(|setting| setting.key)
    }

    /// Returns the source that disabled the check, such as `HEALTH_CHECKS`.
    pub(crate) fn disabled_by(&self) -> Option<&'static str> {
        let setting = self.overridden.iter().find(|setting| setting.key == "enabled");
        setting.filter(|_| !self.enabled).map(|setting| setting.origin)
    }

    /// Returns a sentence about the settings that are not the declared ones, for the message about a fault.
    pub(crate) fn override_note(&self) -> String {
        let named =
            self.overridden.iter().map(|OverriddenSetting { key, origin }| format!("`{key}` comes from {origin}"));
        let named: Vec<_> = named.collect();
        if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
    }
}
