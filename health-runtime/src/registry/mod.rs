//! The validated set of checks. The only folder that names `inventory`.

mod registration;

use std::{fmt, panic::Location, sync::Arc};

use crate::{
    error::{Error, Problem},
    fleet::Fleet,
    library_settings::LibrarySettings,
    model::{Check, CheckName, CheckSpec, Level, StateValue, Work},
    overrides::{OverrideLayers, OverrideSource, Overrides, Unmatched, warn_of_unmatched},
    runner,
    state::State,
    validation,
};

pub use registration::{Arguments, Declaration, DeclaredWork, ParameterType, RunFuture, no_keys, run};

inventory::collect!(Declaration);

/// An item of the key `checks`: a check, or a value that becomes one.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a health check",
    label = "has to be a `Check` or a probe",
    note = "a function under `#[health_check]` is found by itself: remove it",
    note = "for a list in a variable leave out the brackets: `checks: list`",
    note = "for any other function or closure write `Check::new(\"name\", Level::L3, function)`, or `Check::blocking` if it is not async"
)]
pub trait CheckValue {
    /// Converts the value.
    fn into_check(self) -> Check;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Check>> CheckValue for T {
    fn into_check(self) -> Check {
        self.into()
    }
}

/// A value of the key `checks`: a list of checks.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of health checks",
    label = "has to be a list of checks or probes",
    note = "a check under `#[health_check]` is found by itself: leave it out here, or write `enable: […]` for one that is `off`",
    note = "for a single check or probe write brackets: `checks: [check]`",
    note = "for any other function or closure write `checks: [Check::new(\"name\", Level::L3, function)]`"
)]
pub trait CheckList {
    /// Converts the items.
    fn into_checks(self) -> Vec<Check>;
}

#[diagnostic::do_not_recommend]
impl<L: IntoIterator<Item: Into<Check>>> CheckList for L {
    fn into_checks(self) -> Vec<Check> {
        self.into_iter().map(Into::into).collect()
    }
}

/// The validated set of checks, sorted by level and name.
///
/// ```
/// use health_runtime::{Check, Level, Registry};
///
/// let registry = Registry::builder()
///     .check(Check::new("db", Level::L1, || async { true }))
///     .build()?;
/// assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct Registry {
    checks: Vec<RegisteredCheck>,
    /// The checks that are off, by level and name.
    off: Vec<CheckSpec>,
    /// Indices of `checks`, each behind the checks that it depends on.
    order: Vec<usize>,
    declared_background: usize,
    layer: WorkLayer,
    fleet: Option<Fleet>,
    overrides: Arc<OverrideLayers>,
}

/// A layer around the work of every check that a monitor takes over: of those in the registry, and of those that are
/// added later.
pub(crate) struct WorkLayer(Box<WrapWork>);

type WrapWork = dyn Fn(&CheckSpec, Work) -> Work + Send + Sync;

impl WorkLayer {
    pub(crate) fn wrap(&self, spec: &CheckSpec, work: Work) -> Work {
        (self.0)(spec, work)
    }
}

impl Default for WorkLayer {
    fn default() -> Self {
        Self(Box::new(|_, work| work))
    }
}

impl fmt::Debug for WorkLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkLayer")
    }
}

/// A check whose dependencies are known to exist.
#[derive(Debug)]
pub(crate) struct RegisteredCheck {
    pub(crate) spec: Arc<CheckSpec>,
    /// The declaration, without settings of the deployment.
    pub(crate) declared: Arc<CheckSpec>,
    pub(crate) work: Work,
    /// Indices of the checks in [`Registry::checks`] that must work for this one.
    pub(crate) dependencies: Vec<usize>,
}

/// A builder that collects checks and state; [`build`](RegistryBuilder::build) validates them.
#[derive(Debug, Default)]
#[must_use]
pub struct RegistryBuilder {
    checks: Vec<Check>,
    state: State,
    declared: bool,
    libraries: LibrarySettings,
    fleet: Option<Fleet>,
    overrides: OverrideLayers,
}

impl Registry {
    /// Returns a builder without checks. Declared checks are added by [`declared`](RegistryBuilder::declared) alone.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// Returns the declaration of each check, by level and name.
    pub fn checks(&self) -> impl Iterator<Item = &CheckSpec> {
        self.checks.iter().map(|check| &*check.spec)
    }

    /// Returns the declarations of the checks that are off by default and not turned on, by level and name.
    pub fn off_checks(&self) -> impl Iterator<Item = &CheckSpec> {
        self.off.iter()
    }

    /// Logs the settings from outside the code whose names and tags no check has.
    pub(crate) fn warn_of_unmatched_overrides(&self) {
        let specs: Vec<_> = self.checks().collect();
        for source in [OverrideSource::File, OverrideSource::Environment] {
            warn_of_unmatched(source, &self.overrides, &specs, &self.off);
        }
    }

    /// Returns the number of declared checks that run in the background.
    pub(crate) const fn declared_background(&self) -> usize {
        self.declared_background
    }

    /// Moves each asynchronous check to a thread of the blocking pool.
    pub(crate) fn isolated(self) -> Self {
        self.with_layer(|spec, work| runner::isolate(work, spec.timeout()))
    }

    /// Returns the number of asynchronous checks.
    pub(crate) fn asynchronous(&self) -> usize {
        self.checks.iter().filter(|check| matches!(check.work, Work::Task(_))).count()
    }

    /// Sets the layer around the work of every check. Default: none.
    pub(crate) fn with_layer(self, layer: impl Fn(&CheckSpec, Work) -> Work + Send + Sync + 'static) -> Self {
        Self { layer: WorkLayer(Box::new(layer)), ..self }
    }

    /// Returns the fleet that this instance belongs to.
    pub(crate) const fn fleet(&self) -> Option<&Fleet> {
        self.fleet.as_ref()
    }

    /// Returns the settings at deploy time.
    pub(crate) const fn overrides(&self) -> &Arc<OverrideLayers> {
        &self.overrides
    }

    /// Returns the checks by level and name, their indices, each behind the checks that it depends on, and the checks that
    /// are off.
    pub(crate) fn into_parts(self) -> (Vec<RegisteredCheck>, Vec<usize>, Vec<CheckSpec>, WorkLayer) {
        (self.checks, self.order, self.off, self.layer)
    }
}

impl RegistryBuilder {
    /// Adds a check, such as one of the [`probes`](crate::probes).
    pub fn check(mut self, check: impl Into<Check>) -> Self {
        self.checks.push(check.into());
        self
    }

    /// Adds checks that were built by hand. Probes of different kinds are one list with [`checks!`](crate::checks).
    pub fn checks<C: Into<Check>>(mut self, checks: impl IntoIterator<Item = C>) -> Self {
        self.checks.extend(checks.into_iter().map(Into::into));
        self
    }

    /// Adds every check that `#[health_check]` declared in this program, in all crates that are linked.
    pub const fn declared(mut self) -> Self {
        self.declared = true;
        self
    }

    /// Sets a prefix for the names of the checks of each of these crates; see
    /// [`EndpointBuilder::crates`](crate::EndpointBuilder::crates).
    pub fn crates<C, P>(mut self, prefixes: impl IntoIterator<Item = (C, P)>) -> Self
    where
        C: Into<String>,
        P: Into<String>,
    {
        for (crate_name, prefix) in prefixes {
            self.libraries.add_prefix(crate_name.into(), prefix.into());
        }
        self
    }

    /// Turns on checks that are [off by default](Check::off), by name, or by path with [`check!`](macro@crate::check).
    pub fn enable<N: Into<CheckName>>(mut self, checks: impl IntoIterator<Item = N>) -> Self {
        checks.into_iter().for_each(|name| self.libraries.enable(name.into()));
        self
    }

    /// Turns on all checks of these crates that are [off by default](Check::off).
    pub fn enable_crates<C: Into<String>>(mut self, crates: impl IntoIterator<Item = C>) -> Self {
        crates.into_iter().for_each(|name| self.libraries.enable_crate(name.into()));
        self
    }

    /// Leaves out a check, by name, or by path with [`check!`](macro@crate::check); see
    /// [`EndpointBuilder::without`](crate::EndpointBuilder::without).
    pub fn without(mut self, check: impl Into<CheckName>) -> Self {
        self.libraries.leave_out(check.into());
        self
    }

    /// Changes the declaration of a check before it is validated; see
    /// [`EndpointBuilder::adjust`](crate::EndpointBuilder::adjust).
    pub fn adjust(mut self, check: impl Into<CheckName>, adjust: impl FnOnce(Check) -> Check + Send + 'static) -> Self {
        self.libraries.adjust(check.into(), Box::new(adjust));
        self
    }

    /// Sets values that take the place of declared settings; see
    /// [`EndpointBuilder::overrides`](crate::EndpointBuilder::overrides).
    pub fn overrides(self, overrides: Overrides) -> Self {
        self.overrides_from(OverrideSource::Code, overrides)
    }

    pub(crate) fn overrides_from(mut self, source: OverrideSource, overrides: Overrides) -> Self {
        self.overrides = self.overrides.with(source, overrides);
        self
    }

    /// Adds a value that declared checks borrow, found by its type; an `Arc<T>` is also lent as a `&T`. Two of one type are
    /// an error of [`build`](Self::build).
    pub fn state<T: StateValue>(mut self, value: T) -> Self {
        self.state = self.state.with(value);
        self
    }

    /// Sets the fleet that this instance belongs to, for its checks that are [`fleet`](Check::fleet). Default: none. Without
    /// it a [`Monitor`](crate::Monitor) runs them by itself, as in a test; an endpoint does not start.
    pub fn fleet(mut self, fleet: Fleet) -> Self {
        self.fleet = Some(fleet);
        self
    }

    /// Sorts and validates the checks.
    ///
    /// # Errors
    /// One error that lists all problems: duplicate and invalid names, settings for unknown checks, unknown and circular dependencies, unknown crates,
    /// invalid prefixes, checks to turn on that are not off, missing and
    /// repeated state, liveness outside of level 5, timeouts of zero, and faults in the configuration of probes.
    pub fn build(mut self) -> Result<Registry, Error> {
        let mut problems: Vec<Problem> =
            self.state.repeated().iter().map(|type_name| Problem::RepeatedState { type_name }).collect();
        problems.extend(self.fleet.as_ref().and_then(Fleet::problem).cloned());
        let (mut all, mut missing) = (self.checks, Vec::new());
        if self.declared {
            let declarations = inventory::iter::<Declaration>;
            let declared = declarations.into_iter();
            all.extend(declared.map(|declaration| declaration.check(&self.libraries, &self.state, &mut missing)));
        }
        self.libraries.apply_adjustments(&mut all, self.declared, &mut problems);
        let (mut checks, mut off): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|check| self.libraries.turns_on(check.spec()));
        let is_of = |problem: &Problem, check: &Check| match problem {
            Problem::MissingState { location, .. } => *location == check.spec().location(),
            _ => false,
        };
        // A check that is off needs no state.
        problems.extend(missing.into_iter().filter(|problem| checks.iter().any(|check| is_of(problem, check))));
        let is_declared_background =
            |check: &&Check| check.spec().declared_in().is_some() && check.spec().interval().is_some();
        let declared_background = checks.iter().filter(is_declared_background).count();
        let specs: Vec<&CheckSpec> = checks.iter().chain(&off).map(Check::spec).collect();
        self.libraries.validate(&specs, self.declared, &mut problems);
        self.libraries.resolve_dependencies(&mut checks, &off, &mut problems);
        // The location decides between equal names: inventory's order changes with the build profile, and an error
        // about two checks of one name must not.
        for checks in [&mut off, &mut checks] {
            checks.sort_by(|a, b| sort_key(a.spec()).cmp(&sort_key(b.spec())));
        }
        let off: Vec<_> = off.into_iter().map(|check| check.into_parts().0).collect();
        let unmatched = self.overrides.unmatched(&checks.iter().map(Check::spec).collect::<Vec<_>>(), &off);
        let from_code = unmatched.into_iter().filter(|unmatched| unmatched.source == OverrideSource::Code);
        problems.extend(from_code.map(Unmatched::into_problem));
        let mut registered: Vec<_> = checks
            .into_iter()
            .map(|check| {
                let (declared, work) = check.into_parts();
                let declared = Arc::new(declared);
                let spec = self.overrides.apply(&declared);
                RegisteredCheck { spec, declared, work, dependencies: Vec::new() }
            })
            .collect();
        let specs: Vec<&CheckSpec> = registered.iter().map(|check| &*check.spec).collect();
        let graph = validation::resolve(&specs, &mut problems);
        if !problems.is_empty() {
            return Err(Error::new(problems));
        }
        for (check, dependencies) in registered.iter_mut().zip(graph.dependencies) {
            check.dependencies = dependencies;
        }
        Ok(Registry {
            checks: registered,
            off,
            order: graph.order,
            declared_background,
            layer: WorkLayer::default(),
            fleet: self.fleet,
            overrides: Arc::new(self.overrides),
        })
    }
}

/// Returns the key by which checks are sorted.
pub(crate) fn sort_key(spec: &CheckSpec) -> (Level, &str, &Location<'_>) {
    (spec.level(), spec.name(), spec.location())
}
