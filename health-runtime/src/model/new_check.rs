//! A new check: its work, name, level, groups and place of declaration.

use std::{borrow::Borrow, panic::Location, sync::Arc};

use super::{Check, CheckFuture, CheckMethod, CheckName, CheckSpec, Group, IntoOutcome, Level, StateValue, Work};

impl Check {
    /// Returns a check whose future runs apart from its callers, with the defaults of its level. The compiler shows the comments
    /// at the bounds here.
    #[must_use]
    #[track_caller]
    pub fn new<F, Fut>(name: impl Into<String>, level: Level, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static, // clone captures: `move || { let pool = pool.clone(); async move { … } }`
        Fut: CheckFuture<Answer: IntoOutcome>,
        Fut::Run: Send + 'static, // drop what is not `Send` before the `.await`, or write `Check::blocking`
    {
        Self::from_work(name, level, Work::task(move || check().into_run()))
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
    /// A closure is `async`, names the type of its parameter, and captures nothing: `async |tenant: &Tenant| tenant.storage().await`.
    /// Any other one is an error of the compiler about lifetimes. A function serves as well: `async fn storage(tenant: &Tenant)`.
    /// For a method that blocks its thread write `Check::blocking(name, level, move || tenant.storage())`. The value is a `T`,
    /// or an `Arc`, a `Box` or a `&'static` of it. A method of an `Arc<dyn Store>` that returns a boxed future,
    /// as those of `#[async_trait]`, is `<dyn Store>::ping`.
    #[must_use]
    #[track_caller]
    pub fn on<T, V, M>(name: impl Into<String>, level: Level, value: V, method: M) -> Self
    where
        T: StateValue + ?Sized,
        V: Borrow<T> + StateValue,
        M: for<'a> CheckMethod<'a, T, Answer: IntoOutcome> + Send + Sync + 'static,
        M: for<'a> CheckMethod<'a, T, Run: Send>, // drop what is not `Send` before the `.await`
    {
        let shared = Arc::new((value, method));
        Self::new(name, level, move || {
            let shared = Arc::clone(&shared);
            async move {
                let (value, method) = &*shared;
                method(value.borrow()).await.into_outcome()
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
            let index = self.spec.groups.partition_point(|other| *other < group);
            self.spec.groups.insert(index, group);
        }
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

    /// Sets the name of the declaration.
    pub(crate) fn declared_as(mut self, name: CheckName) -> Self {
        self.spec.declared_as = Some(name);
        self
    }

    /// Converts the dependencies by path into names. A check that is not found keeps its short name, which validation reports.
    pub(crate) fn name_dependencies<'a>(&mut self, find: impl Fn(&CheckName) -> Option<&'a CheckSpec>) {
        for name in std::mem::take(&mut self.spec.depends_on_declared) {
            let found = find(&name).map_or_else(|| name.as_str(), CheckSpec::name);
            self.spec.depends_on.push(found.to_owned());
        }
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

impl CheckSpec {
    /// Returns the name, the check's key in every format.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns whether the check is in this group.
    #[must_use]
    pub fn is_in(&self, group: Group) -> bool {
        self.groups.contains(&group)
    }

    /// Returns the groups, in the order of [`Group::ALL`].
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the crate in which `#[health_check]` declares the check; `None` for a check that was built by hand.
    #[must_use]
    pub const fn declared_in(&self) -> Option<&'static str> {
        match &self.declared_as {
            Some(name) => name.declared_in(),
            None => None,
        }
    }

    /// Returns whether code means this check by the name.
    pub(crate) fn is_named(&self, name: &CheckName) -> bool {
        match name.declared_in() {
            Some(_) => self.declared_as.as_ref() == Some(name),
            None => self.name == name.as_str(),
        }
    }

    /// Returns the location of the declaration.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
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
            depends_on(checks: impl crate::model::CheckNames);
            max_age(max_age: std::time::Duration);
            interval(interval: std::time::Duration);
            retry_interval(interval: std::time::Duration);
            stale_after(age: std::time::Duration);
            fleet(fleet: bool);
            failure_threshold(results: u32);
            success_threshold(results: u32);
            hold(hold: std::time::Duration);
            degraded_after(duration: std::time::Duration);
            flatten(flatten: bool);
            tags(tags: impl crate::model::Texts);
            description(description: impl Into<String>);
            display(display: impl Into<String>);
            owner(owner: impl Into<String>);
            runbook(url: impl Into<String>);
            off(off: bool);
        }
    };
}
