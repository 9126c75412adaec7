//! The authorizer as an issuer of tokens.

use super::{
    authorizer::Authorizer,
    caller::Caller,
    decision::Decision,
    jwt::{Token, Tokens},
    refusal::Refusal,
    rules::Rule,
};
use crate::model::Levels;

impl Authorizer {
    /// Returns whether it issues tokens where these levels, and perhaps groups, are served: only if something there
    /// asks for credentials.
    pub(crate) fn gives_tokens(&self, levels: Levels, has_groups: bool) -> bool {
        let is_there = |rule: &Rule| {
            !rule.levels.and(levels).is_empty() || rule.is_for_info || (has_groups && !rule.groups.is_empty())
        };
        let makes_a_difference = |rule: &Rule| rule.policy.fixed().is_none() && is_there(rule);
        self.tokens.is_some() && self.rules.iter().any(makes_a_difference)
    }

    /// Issues a token for this caller.
    pub(crate) async fn token(&self, caller: &Caller) -> Result<Token, Refusal> {
        self.issue(caller).await.map_err(|refusal| self.recorded(refusal, &"token", caller))
    }

    async fn issue(&self, caller: &Caller) -> Result<Token, Refusal> {
        let Some(tokens) = &self.tokens else { return Err(Refusal::from_denial(Decision::forbidden())) };
        self.admits(caller)?;
        let decision = self.in_time(self.grant_for_token(tokens, caller), true, caller).await?;
        self.admits(caller)?;
        self.note_failure(&decision.rejected.clone().without(&decision.accepted), caller);
        if decision.run.is_empty() {
            return Err(Refusal::from_denial(decision));
        }
        let unsigned = || Refusal::from_denial(Decision::unavailable().because("the token could not be signed"));
        tokens.issue(&decision).ok_or_else(unsigned)
    }

    /// Decides which levels a token grants: no more than the credentials grant by themselves. Credentials that no rule
    /// of a level accepts serve for tokens alone.
    async fn grant_for_token(&self, tokens: &Tokens, caller: &Caller) -> Decision {
        let bought = tokens.policy.decide(caller).await;
        if bought.run.is_empty() {
            return bought;
        }
        let (mut opened, mut is_accepted) = (Decision::forbidden(), false);
        for rule in self.rules.iter().filter(|rule| !rule.levels.is_empty()) {
            let own = if rule.policy.is(&tokens.policy) { bought.clone() } else { rule.policy.decide(caller).await };
            is_accepted |= own.accepted.intersects(&bought.accepted);
            opened = opened.or(own.only_levels(rule.levels));
        }
        if is_accepted { bought.only_levels(opened.run).details_only(opened.details) } else { bought }
    }
}
