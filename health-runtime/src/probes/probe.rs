//! What every probe has in common.

use std::time::Duration;

use crate::model::{Check, Level, Location, Work};

/// A ready-made check that is being configured: what every probe has, and what only this kind has.
///
/// It becomes a [`Check`] by `into()`, which [`RegistryBuilder::check`](crate::RegistryBuilder::check) does
/// itself. As a check it can be configured further:
///
/// ```
/// use health_runtime::{Check, probes};
///
/// let check = Check::from(probes::logging().with_name("logs")).critical(false).readiness();
/// assert_eq!(check.spec().name(), "logs");
/// ```
///
/// Each kind also has a method `observe` that runs it once, for a function of your own.
#[derive(Clone, Debug)]
#[must_use = "a probe does nothing until it is registered or observed"]
pub struct Probe<K> {
    name: String,
    level: Level,
    timeout: Option<Duration>,
    location: Location,
    pub(super) kind: K,
}

/// What a probe asks. There are the kinds of this crate and no others: the trait cannot be named elsewhere.
pub trait Kind: Sized {
    #[doc(hidden)]
    fn check(probe: Probe<Self>) -> Check;
}

/// Once for all kinds, so that a compiler's message about what is no check does not list them, which would
/// depend on the features.
impl<K: Kind> From<Probe<K>> for Check {
    fn from(probe: Probe<K>) -> Self {
        K::check(probe)
    }
}

impl<K> Probe<K> {
    #[track_caller]
    pub(super) fn new(name: impl Into<String>, level: Level, kind: K) -> Self {
        Self { name: name.into(), level, timeout: None, location: Location::caller(), kind }
    }

    /// Sets the key in every encoding. Default: see the function that made the probe.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the level. Default: see the function that made the probe.
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets how long a run may take. Default: that of the level, see [`Level::default_timeout`]. Zero is a
    /// start-up error.
    ///
    /// Probes that wait for others give up by themselves after nine tenths of it: then there is still time
    /// to say what they were waiting for. Probes that block cannot give up.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long a run may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or_else(|| self.level.default_timeout())
    }

    /// The check that does this work, and does not let the service start with these faults.
    pub(super) fn into_check(self, faults: impl IntoIterator<Item = String>, work: impl FnOnce(Self) -> Work) -> Check {
        let (name, level, timeout, location) = (self.name.clone(), self.level, self.timeout(), self.location.clone());
        let check = Check::from_work(name, level, work(self)).with_timeout(timeout).declared_at(location);
        faults.into_iter().fold(check, Check::with_fault)
    }
}
