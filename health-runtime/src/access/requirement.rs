#![cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes requirements"))]

use super::schemes::{Scheme, Schemes};

/// The credentials that a policy accepts, for the OpenAPI document: alternatives, each with the kinds that are needed
/// together.
///
/// An empty alternative needs no credentials. Without any alternative the policy admits nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requirement(Vec<Schemes>);

impl Requirement {
    /// No credentials are needed.
    pub(crate) fn open() -> Self {
        Self(vec![Schemes::NONE])
    }

    /// Nobody is admitted.
    pub(super) const fn closed() -> Self {
        Self(Vec::new())
    }

    /// Credentials of this kind.
    pub(super) fn for_scheme(scheme: &'static Scheme) -> Self {
        Self(vec![Schemes::one(scheme)])
    }

    /// Credentials that one of the two accepts.
    pub(super) fn or(self, other: Self) -> Self {
        Self(unique(self.0.into_iter().chain(other.0)))
    }

    /// Credentials that both accept.
    pub(super) fn and(self, other: &Self) -> Self {
        let both = |mine: Schemes| other.0.iter().map(move |theirs| mine.clone().or(theirs));
        let all = unique(self.0.into_iter().flat_map(both));
        // An alternative that needs more than another one is redundant, but credentials that are optional are not.
        let is_less =
            |other: &Schemes, one: &Schemes| other != one && !other.is_empty() && other.clone().without(one).is_empty();
        let needs_more = |one: &Schemes| all.iter().any(|other| is_less(other, one));
        Self(all.iter().filter(|one| !needs_more(one)).cloned().collect())
    }

    /// Drops the alternative without credentials.
    pub(super) fn with_credentials(mut self) -> Self {
        self.0.retain(|schemes| !schemes.is_empty());
        self
    }

    /// The alternatives, those without a described part first.
    pub(crate) fn alternatives(&self) -> Vec<&Schemes> {
        let mut alternatives: Vec<&Schemes> = self.0.iter().collect();
        alternatives.sort_by_key(|schemes| schemes.parts().next().is_some());
        alternatives
    }
}

fn unique(alternatives: impl Iterator<Item = Schemes>) -> Vec<Schemes> {
    let mut unique = Vec::new();
    for schemes in alternatives {
        if !unique.contains(&schemes) {
            unique.push(schemes);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_combined() {
        const OTHER: &Scheme = &Scheme::new("other", &[]);
        let [custom, other] = [Scheme::CUSTOM, OTHER].map(Requirement::for_scheme);
        let (open, closed) = (Requirement::open(), Requirement::closed());
        let either = custom.clone().or(other.clone());
        assert_eq!(custom.clone().and(&open), custom);
        assert_eq!(custom.clone().and(&closed), closed);
        assert_eq!(custom.clone().or(closed), custom);
        let both = Schemes::one(Scheme::CUSTOM).or(&Schemes::one(OTHER));
        assert_eq!(custom.clone().and(&other), Requirement(vec![both]));
        assert_eq!(either.clone().and(&custom), custom);
        assert_eq!(either.clone().and(&either), either);
        // Credentials that are optional stay so.
        let optional = open.clone().or(custom);
        assert_eq!(optional.alternatives(), [&Schemes::NONE, &Schemes::one(Scheme::CUSTOM)]);
        assert_eq!(optional.clone().and(&open), optional);
    }
}
