//! The settings for checks: those of the registry.

use super::EndpointBuilder;
use crate::{
    fleet::Fleet,
    model::{Check, CheckName, StateValue},
};

impl EndpointBuilder {
    /// Adds a value that checks borrow, found by its type; an `Arc<T>` is also lent as a `&T`. Two of one type are an
    /// error of [`build`](Self::build).
    pub fn state<T: StateValue>(mut self, value: T) -> Self {
        self.registry = self.registry.state(value);
        self
    }

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

    /// Sets the fleet that this instance belongs to: one instance of it runs each check that is [`fleet`](Check::fleet), and
    /// the others read its result. Default: none, which is an error of [`build`](Self::build) if there is such a check.
    pub fn fleet(mut self, fleet: Fleet) -> Self {
        self.registry = self.registry.fleet(fleet);
        self
    }
}
