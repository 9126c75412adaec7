use std::{panic::Location, sync::Arc, time::Duration};

use super::{CheckMethod, CheckSpec, Group, IntoOutcome, Level, Work};

/// A named function that reports whether one thing works.
///
/// `#[health_check]` declares a check. [`Check::new`] builds one by hand:
///
/// ```
/// use health_runtime::{Check, Level};
/// use std::time::Duration;
///
/// let check = Check::new("queue", Level::L3, || async { true })
///     .timeout(Duration::from_secs(2))
///     .readiness();
/// assert_eq!(check.spec().name(), "queue");
/// ```
#[derive(Clone, Debug)]
pub struct Check {
    spec: CheckSpec,
    work: Work,
}

impl Check {
    /// Returns a check whose future runs as a task of its own, with the defaults of its level.
    #[must_use]
    #[track_caller]
    pub fn new<F, Fut>(name: impl Into<String>, level: Level, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        Self::from_work(name, level, Work::task(check))
    }

    /// Returns a check that calls an asynchronous method on this value, which it shares or owns: one check for each tenant,
    /// shard or replica.
    ///
    /// ```
    /// use health_runtime::{Check, Level, Registry};
    ///
    /// struct Tenant {
    ///     name: String,
    /// }
    ///
    /// impl Tenant {
    ///     async fn storage(&self) -> Result<(), std::io::Error> {
    /// #       let _ = &self.name;
    ///         // …
    /// #       Ok(())
    ///     }
    /// }
    ///
    /// let tenants = ["acme", "globex"].map(|name| Tenant { name: name.to_owned() });
    /// let checks = tenants.map(|tenant| Check::on(format!("storage of {}", tenant.name), Level::L3, tenant, Tenant::storage));
    /// let registry = Registry::builder().checks(checks).build()?;
    /// assert_eq!(registry.checks().count(), 2);
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    ///
    /// A function or a closure serves as well: `async fn storage(tenant: &Tenant)`, `async |tenant: &Tenant| …`. A closure
    /// has to be `async` itself, to name the type of its parameter, and to capture nothing. For a method that blocks its
    /// thread write `Check::blocking(name, level, move || tenant.storage())`.
    #[must_use]
    #[track_caller]
    pub fn on<T, M>(name: impl Into<String>, level: Level, value: impl Into<Arc<T>>, method: M) -> Self
    where
        T: Send + Sync + 'static,
        M: for<'a> CheckMethod<'a, T, Answer: IntoOutcome, Run: Send> + Send + Sync + 'static,
    {
        let shared = Arc::new((value.into(), method));
        Self::new(name, level, move || {
            let shared = Arc::clone(&shared);
            async move {
                let (value, method) = &*shared;
                method(value).await.into_outcome()
            }
        })
    }

    /// Returns a check that blocks its thread. It runs on the blocking pool, and no two of its runs overlap.
    #[must_use]
    #[track_caller]
    pub fn blocking<F, R>(name: impl Into<String>, level: Level, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        Self::from_work(name, level, Work::blocking(check))
    }

    /// Returns a check that runs this work, with the defaults of its level. Its location is the caller's.
    #[must_use]
    #[track_caller]
    pub fn from_work(name: impl Into<String>, level: Level, work: Work) -> Self {
        Self { spec: CheckSpec::new(name.into(), level, Location::caller()), work }
    }

    /// Sets the name, the check's key in every format. Default: the name given to the constructor.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.spec.name = name.into();
        self
    }

    /// Sets the level. Default: the level given to the constructor.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.spec.level = level;
        self
    }

    /// Sets the time after which a run counts as failed and is aborted. Default: that of the level, see
    /// [`Level::default_timeout`]. Zero is a start-up error.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.spec.timeout = Some(timeout);
        self
    }

    /// Sets whether a failure counts in full (`true`, the default) or as a warning at most.
    #[must_use]
    pub fn critical(mut self, critical: bool) -> Self {
        self.spec.critical = critical;
        self
    }

    /// Adds the check to the liveness group. A level other than 5 is a start-up error, and so is a dependency, even a
    /// transitive one, on a check of another level, because a blocked check fails.
    #[must_use]
    pub fn liveness(self) -> Self {
        self.in_group(Group::Liveness)
    }

    /// Adds the check to the readiness group.
    #[must_use]
    pub fn readiness(self) -> Self {
        self.in_group(Group::Readiness)
    }

    /// Adds the check to the startup group.
    #[must_use]
    pub fn startup(self) -> Self {
        self.in_group(Group::Startup)
    }

    fn in_group(mut self, group: Group) -> Self {
        if !self.spec.is_in(group) {
            self.spec.groups.push(group);
        }
        self
    }

    /// Adds dependencies: if one of them fails, this check is not run and fails as blocked by it. Unknown names and
    /// circles are start-up errors.
    ///
    /// A blocked background check runs within a second after its dependencies pass again, not at its next interval.
    #[must_use]
    pub fn depends_on<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.spec.depends_on.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the age up to which a result is reused. Default: 1 s. With zero, only overlapping requests share a run.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.spec.max_age = Some(max_age);
        self
    }

    /// Runs the check in the background, once in each interval. Requests then only read its latest result. Default:
    /// none, the check runs on demand. Zero is a start-up error, and so is an additional [`max_age`](Self::max_age).
    ///
    /// The first run starts at a random time within the interval, at most 10 s from now, and each interval is up to a
    /// tenth shorter or longer, so that a fleet that starts together does not query one database at one time. Runs
    /// never overlap. Before the first result the check is [`pending`](crate::Cause::Pending).
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.spec.interval = Some(interval);
        self
    }

    /// Sets the interval of a failing check. Default: the interval. Zero is a start-up error, and so is a retry
    /// interval without an interval.
    #[must_use]
    pub fn retry_interval(mut self, interval: Duration) -> Self {
        self.spec.retry_interval = Some(interval);
        self
    }

    /// Sets the age at which a background check fails as [`stale`](crate::Cause::Stale), whatever its latest result.
    /// Default: three intervals and the timeout. Without an interval it is a start-up error. So is an age that does not
    /// exceed the longest interval, a tenth of it (its jitter) and the timeout: a healthy check would be stale between
    /// two results.
    #[must_use]
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.spec.stale_after = Some(age);
        self
    }

    /// Sets the number of consecutive failures after which the check counts as failing. Default: 1. Zero is a start-up
    /// error. The first result counts at once, and so does a failure without a run: blocked, stale, still running.
    #[must_use]
    pub fn failure_threshold(mut self, results: u32) -> Self {
        self.spec.failure_threshold = results;
        self
    }

    /// Sets the number of consecutive passes or warnings after which a check that failed by its own results counts as
    /// working. Default: 1. Zero is a start-up error. Thresholds do not count a blocked or stale check, which works
    /// again with its first pass.
    #[must_use]
    pub fn success_threshold(mut self, results: u32) -> Self {
        self.spec.success_threshold = results;
        self
    }

    /// Sets the time for which readiness holds on to the last pass after the check began to fail, shown as a warning.
    /// It is for resources that the whole fleet shares: one short failure must not take every instance out at once.
    /// Level reports show the failure at once. Default: none. Zero, or outside the readiness group, is a start-up
    /// error.
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> Self {
        self.spec.hold = Some(hold);
        self
    }

    /// Sets the duration beyond which a pass counts as a warning. Default: none. Zero is a start-up error, and so is a
    /// duration that is not shorter than the timeout.
    #[must_use]
    pub fn degraded_after(mut self, duration: Duration) -> Self {
        self.spec.degraded_after = Some(duration);
        self
    }

    /// Sets whether the values view shows the fields of the data in the level itself, and not under the check's name.
    /// Default: off.
    #[must_use]
    pub fn flatten(mut self, flatten: bool) -> Self {
        self.spec.flatten = flatten;
        self
    }

    /// Adds tags, by which `?tag=` selects checks.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.spec.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Sets the description, for people. Default: none; for a declared check its doc comment.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.spec.description = Some(description.into());
        self
    }

    /// Sets the name for people, such as "Orders database": the heading on the page, shown to every caller, as the name
    /// is. Default: the name. An empty text or one with control characters is a start-up error, also for the owner.
    #[must_use]
    pub fn display(mut self, display: impl Into<String>) -> Self {
        self.spec.display = Some(display.into());
        self
    }

    /// Sets the team that answers for the check, for callers that see details. Default: none.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.spec.owner = Some(owner.into());
        self
    }

    /// Sets the URL of the page that tells how to mend a failure, for callers that see details: a link on the page and
    /// in `health+json`, a label of `health_check_info` for alerts. Default: none.
    ///
    /// Anything but an absolute `http` or `https` URL of at most 2,048 bytes is a start-up error, and so are
    /// credentials in it.
    #[must_use]
    pub fn runbook(mut self, url: impl Into<String>) -> Self {
        self.spec.runbook = Some(url.into());
        self
    }

    /// Sets whether the check is off until the application turns it on, for checks that a library offers. Default: on. An
    /// application turns it on by [`EndpointBuilder::enable`](crate::EndpointBuilder::enable) or
    /// [`enable_crates`](crate::EndpointBuilder::enable_crates). A dependency on a check that is off is a start-up error.
    /// A check that [`Monitor::add`](crate::Monitor::add) adds takes part in any case.
    #[must_use]
    pub fn off(mut self, off: bool) -> Self {
        self.spec.off = off;
        self
    }

    /// Sets the location of the declaration. Default: the caller of the constructor.
    #[must_use]
    pub fn location(mut self, location: &'static Location<'static>) -> Self {
        self.spec.location = location;
        self
    }

    /// Records that the check cannot work with its settings, such as a path that does not exist: a start-up error,
    /// reported with all others. For authors of probes.
    #[must_use]
    pub fn fault(mut self, fault: impl Into<String>) -> Self {
        self.spec.faults.push(fault.into());
        self
    }

    /// Returns the declaration.
    #[must_use]
    pub const fn spec(&self) -> &CheckSpec {
        &self.spec
    }

    /// Sets the crate that declares the check.
    pub(crate) fn declared_in(mut self, crate_name: &'static str) -> Self {
        self.spec.declared_in = Some(crate_name);
        self
    }

    /// Replaces the dependencies.
    pub(crate) fn set_dependencies(&mut self, names: Vec<String>) {
        self.spec.depends_on = names;
    }

    /// Replaces the work.
    pub(crate) fn with_work(self, work: Work) -> Self {
        Self { work, ..self }
    }

    /// Returns the declaration and the work.
    pub(crate) fn into_parts(self) -> (CheckSpec, Work) {
        (self.spec, self.work)
    }
}

/// Makes a `Vec<Check>` from checks and probes of any kind.
///
/// ```
/// use health_runtime::{Check, Endpoint, Level, checks, probes};
///
/// let mut checks = checks![probes::logging(), probes::runtime_lag().readiness()];
/// checks.push(Check::new("queue", Level::L2, || async { true }));
/// let endpoint = Endpoint::builder().checks(checks).build()?;
/// # let _ = endpoint;
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[macro_export]
macro_rules! checks {
    ($($check:expr),* $(,)?) => {
        <$crate::__private::Vec<$crate::Check> as $crate::__private::From<_>>::from([
            $($crate::__private::CheckValue::into_check($check)),*
        ])
    };
}

/// Calls a macro with `$prefix` and the settings that every probe hands on to its [`Check`].
macro_rules! shared_settings {
    ($hand_on:path, $($prefix:tt)*) => {
        $hand_on! {
            $($prefix)*
            critical(critical: bool);
            liveness();
            readiness();
            startup();
            depends_on(names: impl IntoIterator<Item = impl Into<String>>);
            max_age(max_age: std::time::Duration);
            interval(interval: std::time::Duration);
            retry_interval(interval: std::time::Duration);
            stale_after(age: std::time::Duration);
            failure_threshold(results: u32);
            success_threshold(results: u32);
            hold(hold: std::time::Duration);
            degraded_after(duration: std::time::Duration);
            flatten(flatten: bool);
            tags(tags: impl IntoIterator<Item = impl Into<String>>);
            description(description: impl Into<String>);
            display(display: impl Into<String>);
            owner(owner: impl Into<String>);
            runbook(url: impl Into<String>);
            off(off: bool);
        }
    };
}
