//! Tokens of authorization servers, as a client finds out about them (RFC 9728).

use crate::model::Levels;

/// Tokens that a policy accepts, by its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptedTokens {
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Vec<String>,
    /// Scopes with the levels that each grants.
    pub(crate) scopes: Vec<(String, Levels)>,
}

impl AcceptedTokens {
    /// Adds the tokens of others, each name once.
    pub(super) fn or(mut self, other: Self) -> Self {
        fn add<T: PartialEq>(all: &mut Vec<T>, others: Vec<T>) {
            for other in others {
                if !all.contains(&other) {
                    all.push(other);
                }
            }
        }
        add(&mut self.issuers, other.issuers);
        add(&mut self.audiences, other.audiences);
        add(&mut self.scopes, other.scopes);
        self
    }
}
