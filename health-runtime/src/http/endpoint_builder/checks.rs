//! The settings for checks: those of the registry.

use super::EndpointBuilder;
use crate::{
    fleet::Fleet,
    model::{Check, CheckName},
    overrides::Overrides,
};

impl EndpointBuilder {
    /// Adds a check built by hand, such as one of the [`probes`](crate::probes).
    pub fn check(mut self, check: impl Into<Check>) -> Self {
        self.registry = self.registry.check(check);
        self
    }

    /// Adds checks built by hand. [`checks!`](crate::checks) makes one list from probes of different kinds.
    pub fn checks<C: Into<Check>>(mut self, checks: impl IntoIterator<Item = C>) -> Self {
        self.registry = self.registry.checks(checks);
        self
    }

    /// Sets a prefix for the names of the checks of each of these crates, so that two libraries may both have a `database`.
    /// Default: none.
    ///
    /// With `("billing", "payments")`, the check `database` of the crate `billing` is named `payments.database`. A dependency
    /// that a check of the crate names is looked up among the checks with the prefix first. A crate is named as in `use`; one
    /// that `Cargo.toml` renames has its own name here.
    ///
    /// With [`health_endpoint!`](crate::health_endpoint), `crates: [billing as "payments"]` also links the crate.
    pub fn crates<C, P>(mut self, prefixes: impl IntoIterator<Item = (C, P)>) -> Self
    where
        C: Into<String>,
        P: Into<String>,
    {
        self.registry = self.registry.crates(prefixes);
        self
    }

    /// Turns on checks that are [off by default](Check::off), by name, or by path with [`check!`](macro@crate::check). A check
    /// that is not off is an error of [`build`](Self::build).
    ///
    /// With [`health_endpoint!`](crate::health_endpoint), a path alone is enough: `enable: [billing::quota, "name"]`.
    pub fn enable<N: Into<CheckName>>(mut self, checks: impl IntoIterator<Item = N>) -> Self {
        self.registry = self.registry.enable(checks);
        self
    }

    /// Turns on all checks of these crates that are [off by default](Check::off). A crate without one is an error of
    /// [`build`](Self::build).
    pub fn enable_crates<C: Into<String>>(mut self, crates: impl IntoIterator<Item = C>) -> Self {
        self.registry = self.registry.enable_crates(crates);
        self
    }

    /// Leaves out a check, such as one of a library: it is off, whatever `enable` says. A name that no check has is an error of
    /// [`build`](Self::build), and so is a check that depends on it.
    pub fn without(mut self, check: impl Into<CheckName>) -> Self {
        self.registry = self.registry.without(check);
        self
    }

    /// Changes the declaration of a check before it is validated, such as one of a library, by name or by path with
    /// [`check!`](macro@crate::check). May be called more than once. A name that no check has is an error of [`build`](Self::build).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use health_runtime::{Check, Endpoint, Level};
    ///
    /// # let of_library = || Check::new("ledger", Level::L3, || async { true });
    /// let endpoint = Endpoint::builder()
    ///     .check(of_library())
    ///     .adjust("ledger", |check| check.timeout(Duration::from_secs(2)).readiness())
    ///     .build()?;
    /// # let _ = endpoint;
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    pub fn adjust(mut self, check: impl Into<CheckName>, adjust: impl FnOnce(Check) -> Check + Send + 'static) -> Self {
        self.registry = self.registry.adjust(check, adjust);
        self
    }

    /// Sets values that take the place of declared settings, as those who deploy the service want them. The file that
    /// `HEALTH_CONFIG` names beats them, and `HEALTH_CHECKS` beats both; see [`_docs::deploy_settings`](crate::_docs::deploy_settings).
    /// A name or a tag that no check has is an error of [`build`](Self::build). A second call replaces the first.
    pub fn overrides(mut self, overrides: Overrides) -> Self {
        self.registry = self.registry.overrides(overrides);
        self
    }

    /// Sets the fleet that this instance belongs to: one instance of it runs each check that is [`fleet`](Check::fleet), and
    /// the others read its result. Default: none, which is an error of [`build`](Self::build) if there is such a check.
    pub fn fleet(mut self, fleet: Fleet) -> Self {
        self.registry = self.registry.fleet(fleet);
        self
    }
}
