use std::collections::BTreeSet;

use super::decision::Schemes;

/// The credentials that a policy accepts, for the OpenAPI document: alternatives, each with the kinds that are needed
/// together.
///
/// An empty alternative needs no credentials. Without any alternative the policy admits nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requirement(BTreeSet<Schemes>);

impl Requirement {
    /// Credentials of these kinds together; `Schemes::NONE` for a policy that needs none.
    pub(crate) fn of(schemes: Schemes) -> Self {
        Self(BTreeSet::from([schemes]))
    }

    /// Credentials that one of the two accepts.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Credentials that both accept.
    pub(super) fn and(self, other: &Self) -> Self {
        let both = |mine: Schemes| other.0.iter().map(move |theirs| mine.or(*theirs));
        let all: BTreeSet<Schemes> = self.0.into_iter().flat_map(both).collect();
        // An alternative that needs more than another one is redundant, but credentials that are optional are not.
        let is_less = |other: Schemes, one: Schemes| other != one && !other.is_empty() && other.without(one).is_empty();
        let needs_more = |one: Schemes| all.iter().any(|other| is_less(*other, one));
        Self(all.iter().copied().filter(|one| !needs_more(*one)).collect())
    }

    /// The alternatives, the one without credentials first.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = Schemes> {
        self.0.iter().copied()
    }
}

#[cfg(all(test, feature = "access-credentials"))]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_combined() {
        let [own, basic] = [Schemes::OWN, Schemes::BASIC].map(Requirement::of);
        let (open, closed) = (Requirement::of(Schemes::NONE), Requirement::default());
        let either = own.clone().or(basic.clone());
        assert_eq!(own.clone().and(&open), own);
        assert_eq!(own.clone().and(&closed), closed);
        assert_eq!(own.clone().or(closed), own);
        assert_eq!(own.clone().and(&basic), Requirement::of(Schemes::OWN.or(Schemes::BASIC)));
        assert_eq!(either.clone().and(&own), own);
        assert_eq!(either.clone().and(&either), either);
        // Credentials that are optional stay so.
        let optional = open.clone().or(own);
        assert_eq!(optional.alternatives().collect::<Vec<_>>(), [Schemes::NONE, Schemes::OWN]);
        assert_eq!(optional.clone().and(&open), optional);
    }
}
