use std::collections::{BTreeSet, HashSet};

use super::{
    optional::{Limits, Proxies, Tokens},
    policy::{AnyPolicy, PolicyValue},
};
use crate::{
    error::Problem,
    model::{Group, Level, Levels},
};

/// The access rules: policies by level and group, which decide whose requests run checks and see details. They decide
/// once for a request, before any check runs.
///
/// ```
/// use health_runtime::{Level, access::{Access, closed, public}};
///
/// let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, closed());
/// # let _ = access;
/// ```
///
/// Every level needs exactly one rule; give [`closed`](super::closed()) to levels that nobody may reach. Anything else
/// is a start-up error.
///
/// | request | response |
/// |---|---|
/// | one level, one check | 401 or 403 if the caller may not run that level |
/// | the overview, all levels, `?cumulative` | the levels that the caller may run; 401 or 403 if there are none |
/// | liveness, readiness, startup | everybody, without details, unless the group has a policy |
/// | metrics, events | stored results of the levels that the caller may run, as in the overview; no check is run |
/// | the OpenAPI document | callers that may run every level, because it names every check |
/// | the agent's line | callers that may see readiness; over TCP everybody, without names if readiness has a policy |
/// | build information | everybody, unless it has a policy; the compiler only for callers that see details anywhere |
///
/// Wrong credentials are refused, also where less would be public, so that a mistyped password is noticed. A caller
/// that may not run every level does not learn the names of checks on the other levels.
///
/// The prerequisites of a check are run for it, whatever their levels.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Access {
    pub(super) levels: Vec<(Levels, AnyPolicy)>,
    pub(super) groups: Vec<(Group, AnyPolicy)>,
    pub(super) info: Vec<AnyPolicy>,
    pub(super) proxies: Option<Proxies>,
    pub(super) limits: Option<Limits>,
    pub(super) tokens: Option<Tokens>,
    faults: Vec<String>,
}

/// A value of the key `access`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of access rules",
    label = "has to be an `Access`",
    note = "a policy such as `public()` decides for some levels: write `Access::new().levels(Level::L1..=Level::L5, public())`; a function that returns an `Access` needs its call, `rules()`"
)]
pub trait AccessValue {
    /// Returns the rules.
    fn into_access(self) -> Access;
}

impl AccessValue for Access {
    fn into_access(self) -> Access {
        self
    }
}

impl Access {
    /// Creates access without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the policy of some levels, such as `Level::L1..=Level::L3`.
    pub fn levels(mut self, levels: impl Into<Levels>, policy: impl PolicyValue) -> Self {
        let levels = levels.into();
        if levels.is_empty() {
            self.faults
                .push("`Access::levels` has no level, so its policy is never asked; name at least one".to_owned());
        }
        self.levels.push((levels, policy.into_policy()));
        self
    }

    /// Sets the policy of a group, as a whole: a caller that is granted any level may see it. Default: everybody,
    /// without details. Keep the policy quick: a kubelet waits for one second.
    ///
    /// Groups are never limited, not even with `limits`, because an orchestrator that is refused restarts the service.
    /// A password could be guessed here; check an address instead.
    pub fn group(mut self, group: Group, policy: impl PolicyValue) -> Self {
        self.groups.push((group, policy.into_policy()));
        self
    }

    /// Sets the policy of the build information. The overview and the metrics leave the information out for other
    /// callers; levels, checks and groups leave it out in every format, because they do not ask this policy. Default:
    /// everybody.
    pub fn info(mut self, policy: impl PolicyValue) -> Self {
        self.info.push(policy.into_policy());
        self
    }

    /// Declares the trusted proxies, which report the client's address. Default: none, and the address is the peer's.
    #[cfg(feature = "access-address")]
    pub fn behind(mut self, proxies: Proxies) -> Self {
        if self.proxies.replace(proxies).is_some() {
            self.faults.push("proxies are declared twice".to_owned());
        }
        self
    }

    /// Limits failed attempts and how often levels are run. Default: no limits.
    #[cfg(feature = "access-limits")]
    pub fn limits(mut self, limits: Limits) -> Self {
        if self.limits.replace(limits).is_some() {
            self.faults.push("limits are set twice".to_owned());
        }
        self
    }

    /// Issues tokens to callers that pass their policy, by `POST {base}/token`. Default: none.
    #[cfg(feature = "access-jwt")]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        if self.tokens.replace(tokens).is_some() {
            self.faults.push("tokens are set twice".to_owned());
        }
        self
    }

    /// Returns every problem with the rules.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut faults = self.faults.clone();
        let mut covered = Levels::NONE;
        for (levels, _) in &self.levels {
            let twice = covered.and(*levels);
            if !twice.is_empty() {
                faults.push(format!("{} more than one rule; keep one of them", have(twice)));
            }
            covered = covered.or(*levels);
        }
        let uncovered = covered.others();
        if !uncovered.is_empty() {
            faults.push(format!("{} no rule; to admit nobody, use `closed()`", have(uncovered)));
        }
        for group in Group::ALL {
            if self.groups.iter().filter(|(other, _)| *other == group).count() > 1 {
                faults.push(format!("the group {group} has more than one policy; keep one of them"));
            }
        }
        if self.info.len() > 1 {
            faults.push("the build information has more than one policy; keep one of them".to_owned());
        }
        faults.extend(self.policies().flat_map(AnyPolicy::faults));
        faults.extend(self.tokens.iter().flat_map(Tokens::faults));
        faults.extend(self.proxies.iter().flat_map(Proxies::faults));
        faults.extend(self.limits.iter().flat_map(Limits::faults));
        // One policy may have several rules.
        let mut seen = HashSet::new();
        faults.retain(|fault| seen.insert(fault.clone()));
        faults.into_iter().map(|fault| Problem::InvalidAccess { fault }).collect()
    }

    /// Returns the request headers that decisions depend on, in lower case.
    pub(super) fn headers(&self) -> BTreeSet<&'static str> {
        let headers = self.policies().flat_map(AnyPolicy::headers);
        headers.chain(self.proxies.iter().map(Proxies::header)).collect()
    }

    /// Iterates over the policies, once for each of their rules.
    fn policies(&self) -> impl Iterator<Item = &AnyPolicy> {
        let of_levels = self.levels.iter().map(|(_, policy)| policy);
        of_levels.chain(self.groups.iter().map(|(_, policy)| policy)).chain(&self.info)
    }
}

/// Writes `level 3 has`, `levels 1, 2 have`.
fn have(levels: Levels) -> String {
    let numbers: Vec<_> = levels.iter().map(|level: Level| level.to_string()).collect();
    if let [only] = numbers.as_slice() {
        format!("level {only} has")
    } else {
        format!("levels {} have", numbers.join(", "))
    }
}

/// A policy with everything that it decides about.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) policy: AnyPolicy,
    pub(super) levels: Levels,
    pub(super) groups: Vec<Group>,
    pub(super) is_for_info: bool,
}
