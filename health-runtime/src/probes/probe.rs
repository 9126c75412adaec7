//! What every probe has in common.

use std::time::Duration;

use crate::model::{Check, Level, Outcome, Work};

/// A ready-made check that is being configured: the settings of every [`Check`], and those of this kind alone.
///
/// It becomes a [`Check`] by `into()`, which [`RegistryBuilder::check`](crate::RegistryBuilder::check) and
/// [`EndpointBuilder::check`](crate::EndpointBuilder::check) do themselves, and [`checks!`](crate::checks) for several of
/// different kinds:
///
/// ```
/// use health_runtime::{Check, checks, probes};
///
/// let checks: Vec<Check> = checks![
///     probes::logging().with_name("logs").critical(false).readiness(),
///     probes::runtime_lag(),
/// ];
/// assert_eq!(checks[0].spec().name(), "logs");
/// ```
///
/// Each kind also has a method `observe` that runs it once, for a function of your own.
#[derive(Clone, Debug)]
#[must_use = "a probe does nothing until it is registered or observed"]
pub struct Probe<K> {
    check: Check,
    pub(super) kind: K,
}

impl<K> Probe<K> {
    #[track_caller]
    pub(super) fn new(name: impl Into<String>, level: Level, kind: K) -> Self {
        // `into_check` brings the work, because that depends on settings to come.
        let idle = Work::blocking(|| Outcome::fail("this probe has no work"));
        Self { check: Check::from_work(name, level, idle), kind }
    }

    /// Sets the key in every encoding. Default: see the function that made the probe.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.map_check(|check| check.with_name(name))
    }

    /// Sets the level. Default: see the function that made the probe.
    pub fn with_level(self, level: Level) -> Self {
        self.map_check(|check| check.with_level(level))
    }

    /// Sets how long a run may take. Default: that of the level, see [`Level::default_timeout`]. Zero is a
    /// start-up error.
    ///
    /// Probes that wait for others give up by themselves after nine tenths of it: then there is still time
    /// to say what they were waiting for. Probes that block cannot give up.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.map_check(|check| check.with_timeout(timeout))
    }

    fn map_check(mut self, map: impl FnOnce(Check) -> Check) -> Self {
        self.check = map(self.check);
        self
    }

    /// How long a run may take.
    pub(super) fn timeout(&self) -> Duration {
        self.check.spec().timeout()
    }

    /// The check that does this work, and does not let the service start with these faults.
    ///
    /// What calls it, each kind's `From<Probe<_>> for Check`, is not recommended: else a compile error about what is no
    /// check would list all kinds of probes.
    pub(super) fn into_check(self, faults: impl IntoIterator<Item = String>, work: impl FnOnce(Self) -> Work) -> Check {
        let check = self.check.clone();
        faults.into_iter().fold(check.with_work(work(self)), Check::with_fault)
    }
}

/// Hands settings on to the check, under the same names.
macro_rules! settings_of_check {
    ($($name:ident($($argument:ident: $type:ty)?);)*) => {
        impl<K> Probe<K> {
            $(
                #[doc = concat!("See [`Check::", stringify!($name), "`].")]
                pub fn $name(self $(, $argument: $type)?) -> Self {
                    self.map_check(|check| check.$name($($argument)?))
                }
            )*
        }
    };
}

settings_of_check! {
    critical(critical: bool);
    liveness();
    readiness();
    startup();
    depends_on(names: impl IntoIterator<Item = impl Into<String>>);
    with_max_age(max_age: Duration);
    with_interval(interval: Duration);
    with_retry_interval(interval: Duration);
    with_stale_after(age: Duration);
    with_failure_threshold(results: u32);
    with_success_threshold(results: u32);
    with_hold(hold: Duration);
    with_degraded_after(duration: Duration);
    flatten(flatten: bool);
    with_tags(tags: impl IntoIterator<Item = impl Into<String>>);
    with_description(description: impl Into<String>);
}
