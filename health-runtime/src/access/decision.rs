use super::schemes::{Scheme, Schemes};
use crate::model::Levels;

/// The decision of a policy about a caller: the levels that it may run and see in detail, and its identity; or the
/// reason for a denial.
///
/// ```
/// use health_runtime::{Level, access::Decision};
///
/// let operator = Decision::allow().by("operator");
/// let dashboard = Decision::allow().only_levels([Level::L4, Level::L5]).without_details().by("dashboard");
/// let stranger = Decision::unauthenticated(r#"Bearer realm="health""#);
/// # let _ = (operator, dashboard, stranger);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    pub(super) run: Levels,
    pub(super) details: Levels,
    /// The levels among them that it grants because of accepted credentials.
    pub(super) proven: Levels,
    /// The levels among those whose checks the caller may operate.
    pub(super) operate: Levels,
    /// The levels that it might grant if more were known, which `not` therefore does not grant.
    pub(super) possible: Levels,
    pub(super) caller: Option<String>,
    /// The reason for a denial, if any level is denied.
    pub(super) denial: Option<DenyReason>,
    /// An explanation for the audit.
    pub(super) explanation: Option<&'static str>,
    pub(super) challenges: Vec<String>,
    /// The kinds of accepted credentials.
    pub(super) accepted: Schemes,
    /// The kinds of wrong credentials.
    pub(super) rejected: Schemes,
}

/// The reason for a denial. In `any_of`, a later variant outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DenyReason {
    /// No credentials would help, or the caller is known.
    Forbidden,
    /// The caller brought no credentials.
    Missing,
    /// The caller's credentials are wrong.
    Rejected,
    /// The policy could not decide.
    Unavailable,
}

impl Decision {
    /// Allows every level, with details.
    pub const fn allow() -> Self {
        Self {
            run: Levels::ALL,
            details: Levels::ALL,
            proven: Levels::NONE,
            operate: Levels::NONE,
            possible: Levels::ALL,
            caller: None,
            denial: None,
            explanation: None,
            challenges: Vec::new(),
            accepted: Schemes::NONE,
            rejected: Schemes::NONE,
        }
    }

    /// Refuses a caller without credentials with 401 and this challenge in `WWW-Authenticate`, such as `Bearer
    /// realm="health"` (RFC 9110, section 11.6.1).
    pub fn unauthenticated(challenge: impl Into<String>) -> Self {
        Self { challenges: vec![challenge.into()], ..Self::deny(DenyReason::Missing) }
    }

    /// Refuses wrong credentials: like [`unauthenticated`](Self::unauthenticated), and counted as a failed attempt of
    /// the caller's address.
    pub fn rejected(challenge: impl Into<String>) -> Self {
        Self {
            challenges: vec![challenge.into()],
            rejected: Schemes::one(Scheme::CUSTOM),
            ..Self::deny(DenyReason::Rejected)
        }
    }

    /// Refuses the caller with 403: no credentials would help.
    pub fn forbidden() -> Self {
        Self::deny(DenyReason::Forbidden)
    }

    /// Refuses the caller with 503, because the decision is not possible now, for example without a connection to a
    /// directory.
    pub fn unavailable() -> Self {
        Self::deny(DenyReason::Unavailable).undecided()
    }

    fn deny(denial: DenyReason) -> Self {
        let none = Levels::NONE;
        Self { run: none, details: none, possible: none, denial: Some(denial), ..Self::allow() }
    }

    /// Marks a decision that lacks facts: it grants nothing, and neither does its negation.
    pub(super) const fn undecided(mut self) -> Self {
        self.possible = Levels::ALL;
        self
    }

    /// Grants no levels but these.
    pub fn only_levels(mut self, levels: impl Into<Levels>) -> Self {
        let levels = levels.into();
        self.run = self.run.and(levels);
        self.details = self.details.and(levels);
        self.proven = self.proven.and(levels);
        self.operate = self.operate.and(levels);
        self.possible = self.possible.and(levels);
        self
    }

    /// Grants the right to operate the checks of every granted level: to run, mute and unmute them. It takes a caller with
    /// a name ([`by`](Self::by)), and a policy that declares it by
    /// [`Policy::grants_operations`](super::Policy::grants_operations). Default: no such right.
    pub const fn may_operate(mut self) -> Self {
        self.operate = self.run;
        self
    }

    /// Returns the levels that the caller may run.
    #[cfg(any(feature = "grpc", feature = "systemd"))]
    pub(crate) const fn levels(&self) -> Levels {
        self.run
    }

    /// Grants no details.
    pub const fn without_details(mut self) -> Self {
        self.details = Levels::NONE;
        self
    }

    /// Sets the identity of the caller for the audit: the name of a user, the id of a key. Never a secret.
    pub fn by(mut self, caller: impl Into<String>) -> Self {
        self.caller = Some(caller.into());
        self
    }

    /// Sets the explanation for the audit.
    pub const fn because(mut self, explanation: &'static str) -> Self {
        self.explanation = Some(explanation);
        self
    }

    /// Marks credentials of this kind as accepted or rejected.
    #[allow(dead_code, reason = "each policy that reads credentials has a feature")]
    pub(super) fn with_scheme(mut self, scheme: &'static Scheme) -> Self {
        match self.denial {
            None => {
                self.accepted = Schemes::one(scheme);
                self.proven = self.run;
            }
            Some(DenyReason::Rejected) => self.rejected = Schemes::one(scheme),
            Some(_) => {}
        }
        self
    }

    /// Marks credentials of this kind as accepted, whatever they allow.
    #[cfg(feature = "access-jwt")]
    pub(super) fn known_by(mut self, scheme: &'static Scheme) -> Self {
        self.accepted = Schemes::one(scheme);
        self
    }

    /// Grants no details on any level but these.
    #[cfg(feature = "access-jwt")]
    pub(super) const fn details_only(mut self, levels: Levels) -> Self {
        self.details = self.details.and(levels);
        self
    }

    /// Returns whether it grants all levels, with details.
    pub(super) fn is_full(&self) -> bool {
        self.run == Levels::ALL && self.details == Levels::ALL
    }

    /// Returns whether it denies every level, for another reason than missing credentials.
    pub(super) fn is_no(&self) -> bool {
        self.run.is_empty() && self.denial != Some(DenyReason::Missing)
    }

    /// Grants everything that either grants.
    pub(super) fn or(self, other: Self) -> Self {
        let (this, other) = if self.knows_its_caller() { (self, other.not_asking()) } else { (self, other) };
        let (this, other) = if other.knows_its_caller() { (this.not_asking(), other) } else { (this, other) };
        this.or_as_it_is(other)
    }

    /// Returns whether it recognized the caller, if only for a few levels.
    fn knows_its_caller(&self) -> bool {
        self.denial.is_none() && !self.accepted.is_empty()
    }

    /// Drops the request for credentials, because the caller is known by credentials of another kind.
    fn not_asking(self) -> Self {
        let denial = self.denial.filter(|denial| *denial != DenyReason::Missing);
        Self { denial, ..self }
    }

    fn or_as_it_is(self, other: Self) -> Self {
        let first_weighs_more = self.denial >= other.denial;
        let explanation = if first_weighs_more { self.explanation } else { other.explanation };
        Self {
            run: self.run.or(other.run),
            details: self.details.or(other.details),
            proven: self.proven.or(other.proven),
            operate: self.operate.or(other.operate),
            possible: self.possible.or(other.possible),
            denial: self.denial.max(other.denial),
            explanation,
            ..self.with_credentials_of(other)
        }
    }

    /// Grants everything that both grant. Credentials and the right to operate that come with either stay, for the levels
    /// that both grant: the other one may be an address.
    pub(super) fn and(self, other: Self) -> Self {
        // Missing credentials would not help where something else forbids the request.
        let weight = |denial| match denial {
            Some(DenyReason::Missing) => 1,
            Some(DenyReason::Forbidden) => 2,
            Some(DenyReason::Rejected) => 3,
            Some(DenyReason::Unavailable) => 4,
            None => 0,
        };
        let (run, details) = (self.run.and(other.run), self.details.and(other.details));
        let (proven, operate) = (self.proven.or(other.proven).and(run), self.operate.or(other.operate).and(run));
        let possible = self.possible.and(other.possible);
        let heavier = if weight(self.denial) >= weight(other.denial) { &self } else { &other };
        let (denial, explanation) = (heavier.denial, heavier.explanation);
        Self { run, details, proven, operate, possible, denial, explanation, ..self.with_credentials_of(other) }
    }

    fn with_credentials_of(mut self, other: Self) -> Self {
        let (operate, other_operate) = (self.operate, other.operate);
        for challenge in other.challenges {
            if !self.challenges.contains(&challenge) {
                self.challenges.push(challenge);
            }
        }
        // The recognized identity wins, and above it the one that may operate more, because operations are audited by it.
        let operates_more = operate != other_operate && operate.and(other_operate) == operate;
        let (known, other_known) = (self.caller.take(), other.caller);
        let is_other = self.accepted.is_empty() || operates_more;
        self.caller = if is_other { other_known.or(known) } else { known.or(other_known) };
        self.accepted = self.accepted.or(&other.accepted);
        self.rejected = self.rejected.or(&other.rejected);
        self
    }

    /// Grants the levels that this decision does not grant, and could not grant if more were known.
    pub(super) fn negated(self) -> Self {
        let run = self.possible.others();
        let denial = self.denial.filter(|denial| *denial == DenyReason::Unavailable).unwrap_or(DenyReason::Forbidden);
        Self {
            run,
            details: run,
            proven: Levels::NONE,
            operate: Levels::NONE,
            possible: self.run.others(),
            caller: None,
            denial: run.is_empty().then_some(denial),
            explanation: self.explanation.filter(|_| self.possible != self.run),
            challenges: Vec::new(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Level;

    #[test]
    fn either_decision_grants_and_heavier_denial_stays() {
        let missing = Decision::unauthenticated("A");
        let rejected = Decision::rejected("B");
        let both = missing.clone().or(rejected.clone());
        assert_eq!(both.denial, Some(DenyReason::Rejected));
        assert_eq!(both.challenges, ["A", "B"]);
        let known = Decision { accepted: Schemes::one(Scheme::CUSTOM), ..Decision::allow().only_levels([Level::L5]) };
        assert_eq!(known.clone().or(missing.clone()).denial, None);
        assert_eq!(missing.clone().or(known.clone()).denial, None);
        assert_eq!(rejected.or(known.clone()).denial, Some(DenyReason::Rejected));
        assert_eq!(missing.clone().and(known).denial, Some(DenyReason::Missing));
        let some = Decision::allow().only_levels([Level::L5]).without_details().or(missing);
        assert_eq!((some.run, some.details), (Levels::one(Level::L5), Levels::NONE));
    }

    #[test]
    fn both_decisions_have_to_grant_and_forbidden_outweighs_missing() {
        let both = Decision::unauthenticated("A").and(Decision::forbidden());
        assert_eq!((both.run, both.denial), (Levels::NONE, Some(DenyReason::Forbidden)));
        let both = Decision::allow().and(Decision::allow().only_levels([Level::L3]).without_details());
        assert_eq!((both.run, both.details), (Levels::one(Level::L3), Levels::NONE));
    }

    #[test]
    fn negated_unavailable_decision_grants_nothing() {
        assert!(Decision::unavailable().negated().run.is_empty());
        assert!(Decision::allow().or(Decision::unavailable()).negated().run.is_empty());
        assert_eq!(Decision::allow().negated().denial, Some(DenyReason::Forbidden));
        assert_eq!(Decision::forbidden().negated().run, Levels::ALL);
        assert_eq!(Decision::allow().without_details().negated().details, Levels::NONE);
    }

    #[test]
    fn undecided_grants_nothing_in_any_nesting() {
        let unknown = || Decision::forbidden().undecided();
        let shallow = || Decision::allow().only_levels([Level::L5]);
        for (nesting, run) in [
            (unknown(), Levels::NONE),
            (unknown().negated(), Levels::NONE),
            (unknown().negated().negated(), Levels::NONE),
            (shallow().or(unknown()).negated(), Levels::NONE),
            (shallow().and(unknown()).negated(), Levels::one(Level::L5).others()),
            (Decision::allow().and(unknown()).negated(), Levels::NONE),
            (Decision::allow().and(unknown().negated()), Levels::NONE),
            (unknown().negated().or(shallow()), Levels::one(Level::L5)),
            (shallow().negated().or(unknown()).negated(), Levels::NONE),
            // A part that is decided without the unknown one stays decided.
            (Decision::forbidden().and(unknown()).negated(), Levels::ALL),
        ] {
            assert_eq!((nesting.run, nesting.details), (run, run), "{nesting:?}");
        }
    }
}
