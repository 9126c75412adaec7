//! The authorizer as the OpenAPI document describes it.

use std::collections::BTreeSet;

use http::StatusCode;

use super::{
    authorizer::Authorizer, policy::Operating, request::AccessRequest, requirement::Requirement, rules::Rule,
    schemes::Schemes, visibility::visibility,
};
use crate::model::Levels;

impl Authorizer {
    /// Returns the status codes with which this request may be refused.
    pub(crate) fn possible_refusals(&self, request: AccessRequest) -> BTreeSet<StatusCode> {
        let fixed = self.fixed(&self.relevant(request));
        let is_fixed = fixed.is_some();
        let mut codes = BTreeSet::new();
        match fixed {
            None => codes.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::SERVICE_UNAVAILABLE]),
            // A group without a policy refuses nobody.
            Some(fixed) => {
                let is_open = fixed.is_empty() || visibility(request, self.has_info, &Schemes::NONE, fixed).is_ok();
                codes.extend((!is_open).then_some(StatusCode::FORBIDDEN));
            }
        }
        if let Some(limiter) = &self.limiter
            && !matches!(request, AccessRequest::Group(_))
            && limiter.may_refuse(
                !is_fixed,
                match request {
                    AccessRequest::Check(None) | AccessRequest::Operate { level: None, is_run: true } => Levels::ALL,
                    _ => request.levels(),
                },
            )
        {
            codes.insert(StatusCode::TOO_MANY_REQUESTS);
        }
        codes
    }

    /// Returns the credentials that admit a caller. Where a response has parts for different callers, those of any
    /// part.
    pub(crate) fn requirement(&self, request: AccessRequest) -> Requirement {
        let open = Requirement::open();
        let each = |asked: &dyn Fn(&Rule) -> Levels| {
            let asked = self.rules.iter().map(|rule| (rule, asked(rule))).filter(|(_, levels)| !levels.is_empty());
            asked.map(|(rule, levels)| rule.policy.requirement(levels)).fold(Requirement::closed(), Requirement::or)
        };
        let any_of = |levels: Levels| each(&|rule| rule.levels.and(levels));
        let whole = |is_asked: bool| if is_asked { Levels::ALL } else { Levels::NONE };
        let info = || each(&|rule| whole(rule.is_for_info));
        match request {
            AccessRequest::Everything(_) => {
                Levels::ALL.iter().fold(open, |all, level| all.and(&any_of(Levels::one(level))))
            }
            AccessRequest::Levels { needed: Some(level), .. } | AccessRequest::Check(Some(level)) => {
                any_of(Levels::one(level))
            }
            AccessRequest::Levels { shown, with_info: true, .. } => any_of(shown).or(info()),
            AccessRequest::Levels { shown, .. } => any_of(shown),
            AccessRequest::Check(None) => any_of(Levels::ALL),
            AccessRequest::Operate { level, .. } => {
                let levels = level.map_or(Levels::ALL, Levels::one);
                let grants = |rule: &Rule| rule.policy.operating() == Operating::Granted;
                each(&|rule| if grants(rule) { rule.levels.and(levels) } else { Levels::NONE }).with_credentials()
            }
            AccessRequest::Group(_) if self.relevant(request).is_empty() => open,
            AccessRequest::Group(group) => each(&|rule| whole(rule.groups.contains(&group))),
            AccessRequest::Info if self.has_info => info(),
            // Everybody sees it, and callers with details see more.
            AccessRequest::Info => open.or(any_of(Levels::ALL)),
        }
    }

    /// Returns the credentials that a token is issued for.
    #[cfg(feature = "access-jwt")]
    pub(crate) fn requirement_of_tokens(&self) -> Requirement {
        self.tokens.as_ref().map_or_else(Requirement::closed, |tokens| tokens.policy.requirement(Levels::ALL))
    }

    /// Returns whether requests for tokens are limited.
    #[cfg(feature = "access-jwt")]
    pub(crate) const fn has_limits(&self) -> bool {
        self.limiter.is_some()
    }
}
