//! Where access is decided: once for each request that asks for anything but a public group, before anything runs.

use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc, time::Duration};

#[cfg(feature = "openapi")]
use http::StatusCode;
use http::{HeaderMap, Uri, request::Parts};
use tokio::time::timeout;

#[cfg(feature = "access-jwt")]
use super::jwt::{Token, Tokens};
#[cfg(feature = "access-limits")]
use super::limits::Limiter;
#[cfg(feature = "access-address")]
use super::proxies::Proxies;
#[cfg(feature = "openapi")]
use super::requirement::Requirement;
#[cfg(not(feature = "access-limits"))]
use super::unlimited::Limiter;
use super::{
    asking::ask_each,
    attempt::Attempt,
    audit::{Audit, Event},
    caller::Caller,
    decision::{Decision, Schemes},
    entry::Entry,
    peer::PeerSocket,
    policy::AnyPolicy,
    refusal::Refusal,
    refusals::{Counters, RefusalCounts},
    request::AccessRequest,
    rules::Access,
    visibility::{info_of_all, visibility},
};
use crate::{error::Problem, maybe_ready::MaybeReady, model::Levels, render::Visibility};

/// How long a decision may take, of however many policies it is made.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// The rules, ready to be asked.
#[derive(Debug)]
pub(crate) struct Authorizer {
    /// Each policy once, with all that it decides on.
    entries: Vec<Entry>,
    has_info: bool,
    #[cfg(feature = "access-address")]
    proxies: Option<Proxies>,
    limiter: Option<Limiter>,
    #[cfg(feature = "access-jwt")]
    tokens: Option<Tokens>,
    headers: BTreeSet<&'static str>,
    counters: Counters,
    audit: Audit,
}

impl Authorizer {
    pub(crate) fn new(access: Access) -> Result<Self, Vec<Problem>> {
        let problems = access.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut authorizer = Self {
            entries: Vec::new(),
            headers: access.headers(),
            has_info: !access.info.is_empty(),
            #[cfg(feature = "access-address")]
            proxies: access.proxies,
            #[cfg(feature = "access-limits")]
            limiter: access.limits.map(Limiter::new),
            #[cfg(not(feature = "access-limits"))]
            limiter: None,
            #[cfg(feature = "access-jwt")]
            tokens: access.tokens,
            counters: Counters::default(),
            audit: Audit::default(),
        };
        for (levels, policy) in access.levels {
            let entry = authorizer.entry(policy);
            entry.levels = entry.levels.or(levels);
        }
        for (group, policy) in access.groups {
            authorizer.entry(policy).groups.push(group);
        }
        for policy in access.info {
            authorizer.entry(policy).is_for_info = true;
        }
        Ok(authorizer)
    }

    /// The entry of a policy; one that has several rules is asked once for all of them.
    fn entry(&mut self, policy: AnyPolicy) -> &mut Entry {
        let at = self.entries.iter().position(|entry| entry.policy.is(&policy)).unwrap_or_else(|| {
            self.entries.push(Entry { policy, levels: Levels::NONE, groups: Vec::new(), is_for_info: false });
            self.entries.len() - 1
        });
        &mut self.entries[at]
    }

    /// Returns whether it gives tokens where these levels, and perhaps groups, are served: not if nobody needs one for
    /// anything there.
    #[cfg(feature = "access-jwt")]
    pub(crate) fn gives_tokens(&self, levels: Levels, has_groups: bool) -> bool {
        let is_there = |entry: &Entry| {
            !entry.levels.and(levels).is_empty() || entry.is_for_info || (has_groups && !entry.groups.is_empty())
        };
        let makes_a_difference = |entry: &Entry| entry.policy.fixed().is_none() && is_there(entry);
        self.tokens.is_some() && self.entries.iter().any(makes_a_difference)
    }

    /// A token for this caller.
    #[cfg(feature = "access-jwt")]
    pub(crate) async fn token(&self, caller: &Caller) -> Result<Token, Refusal> {
        self.issue(caller).await.map_err(|refusal| self.noted(refusal, &"token", caller))
    }

    #[cfg(feature = "access-jwt")]
    async fn issue(&self, caller: &Caller) -> Result<Token, Refusal> {
        let Some(tokens) = &self.tokens else { return Err(Refusal::of(Decision::forbidden())) };
        self.admits(caller)?;
        let decision = self.in_time(self.bought(tokens, caller), true, caller).await?;
        self.admits(caller)?;
        self.note_failure(decision.rejected.without(decision.accepted), caller);
        if decision.run.is_empty() {
            return Err(Refusal::of(decision));
        }
        let unsigned = || Refusal::of(Decision::unavailable().because("the token could not be signed"));
        tokens.issue(&decision).ok_or_else(unsigned)
    }

    /// Decides what a token grants its caller: no more than the credentials open by themselves. Credentials that no rule of a
    /// level accepts are good for tokens alone.
    #[cfg(feature = "access-jwt")]
    async fn bought(&self, tokens: &Tokens, caller: &Caller) -> Decision {
        let bought = tokens.policy.decide(caller).await;
        if bought.run.is_empty() {
            return bought;
        }
        let (mut opened, mut is_accepted) = (Decision::forbidden(), false);
        for entry in self.entries.iter().filter(|entry| !entry.levels.is_empty()) {
            let own = if entry.policy.is(&tokens.policy) { bought.clone() } else { entry.policy.decide(caller).await };
            is_accepted |= !own.accepted.and(bought.accepted).is_empty();
            opened = opened.or(own.only(entry.levels));
        }
        if is_accepted { bought.only(opened.run).details_only(opened.details) } else { bought }
    }

    pub(crate) fn refusals(&self) -> RefusalCounts {
        self.counters.snapshot()
    }

    /// What those may be refused with who ask for this.
    #[cfg(feature = "openapi")]
    pub(crate) fn possible_refusals(&self, ask: AccessRequest) -> BTreeSet<StatusCode> {
        let fixed = self.fixed(&self.relevant(ask));
        let is_fixed = fixed.is_some();
        let mut codes = BTreeSet::new();
        match fixed {
            None => codes.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::SERVICE_UNAVAILABLE]),
            // Of a group without a policy nobody is asked.
            Some(fixed) => {
                let is_open = fixed.is_empty() || visibility(ask, self.has_info, Schemes::NONE, fixed).is_ok();
                codes.extend((!is_open).then_some(StatusCode::FORBIDDEN));
            }
        }
        if let Some(limiter) = &self.limiter
            && !matches!(ask, AccessRequest::Group(_))
            && limiter
                .may_refuse(!is_fixed, if let AccessRequest::Check(None) = ask { Levels::ALL } else { ask.levels() })
        {
            codes.insert(StatusCode::TOO_MANY_REQUESTS);
        }
        codes
    }

    /// The credentials that admit a caller to this. Where it shows what each caller may see, those of any part.
    #[cfg(feature = "openapi")]
    pub(crate) fn requirement(&self, ask: AccessRequest) -> Requirement {
        let open = Requirement::of(Schemes::NONE);
        let each = |asked: &dyn Fn(&Entry) -> Levels| {
            let asked = self.entries.iter().map(|entry| (entry, asked(entry))).filter(|(_, levels)| !levels.is_empty());
            asked.map(|(entry, levels)| entry.policy.requirement(levels)).fold(Requirement::default(), Requirement::or)
        };
        let any_of = |levels: Levels| each(&|entry| entry.levels.and(levels));
        let whole = |is_asked: bool| if is_asked { Levels::ALL } else { Levels::NONE };
        let info = || each(&|entry| whole(entry.is_for_info));
        match ask {
            AccessRequest::Everything(_) => {
                Levels::ALL.iter().fold(open, |all, level| all.and(&any_of(Levels::one(level))))
            }
            AccessRequest::Levels { needed: Some(level), .. } | AccessRequest::Check(Some(level)) => {
                any_of(Levels::one(level))
            }
            AccessRequest::Levels { shown, with_info: true, .. } => any_of(shown).or(info()),
            AccessRequest::Levels { shown, .. } => any_of(shown),
            AccessRequest::Check(None) => any_of(Levels::ALL),
            AccessRequest::Group(_) if self.relevant(ask).is_empty() => open,
            AccessRequest::Group(group) => each(&|entry| whole(entry.groups.contains(&group))),
            AccessRequest::Info if self.has_info => info(),
            // Everybody sees it, and callers who see details see more of it.
            AccessRequest::Info => open.or(any_of(Levels::ALL)),
        }
    }

    /// The credentials that a token is given for.
    #[cfg(all(feature = "openapi", feature = "access-jwt"))]
    pub(crate) fn requirement_of_tokens(&self) -> Requirement {
        self.tokens.as_ref().map(|tokens| tokens.policy.requirement(Levels::ALL)).unwrap_or_default()
    }

    /// Whether those who ask for tokens too often are told to wait.
    #[cfg(all(feature = "openapi", feature = "access-jwt"))]
    pub(crate) const fn has_limits(&self) -> bool {
        self.limiter.is_some()
    }

    /// What everybody sees, if it makes no difference who asks.
    pub(crate) fn open_sight(&self, ask: AccessRequest) -> Option<Visibility> {
        let asked = self.relevant(ask);
        if let (AccessRequest::Group(_), true) = (ask, asked.is_empty()) {
            return Some(Visibility {
                knows_every_check: false,
                info: info_of_all(self.has_info),
                ..Visibility::OUTLINE
            });
        }
        // Groups are never limited.
        if self.limiter.is_some() && !matches!(ask, AccessRequest::Group(_)) {
            return None;
        }
        let needed = if let AccessRequest::Check(Some(_)) = ask { 1 } else { asked.len() };
        let fixed = self.fixed(asked.get(..needed)?)?;
        visibility(ask, self.has_info, Schemes::NONE, fixed).ok()
    }

    /// What these entries decide, if none of them looks at who asks.
    fn fixed(&self, asked: &[usize]) -> Option<Vec<(&Entry, Decision)>> {
        asked.iter().map(|index| &self.entries[*index]).map(|entry| Some((entry, entry.policy.fixed()?))).collect()
    }

    /// The caller of a request. `uri` is the one that the client sent, before routers took their prefix off.
    pub(crate) fn caller(&self, parts: Parts, peer: PeerSocket, uri: Uri) -> Caller {
        let address = self.client_address(peer, &parts.headers);
        Caller::new(parts, uri, peer.address(), address)
    }

    /// The address of the client: the peer's, or the one that the declared proxies vouch for.
    #[cfg_attr(
        not(feature = "access-address"),
        allow(unused_variables, clippy::unused_self, reason = "it knows the proxies, with the feature")
    )]
    pub(crate) fn client_address(&self, peer: PeerSocket, headers: &HeaderMap) -> Option<IpAddr> {
        #[cfg(feature = "access-address")]
        if let Some(proxies) = &self.proxies {
            return proxies.client(peer, headers);
        }
        peer.address().map(|peer| peer.ip().to_canonical())
    }

    /// Returns the request headers that decisions depend on, in lower case.
    pub(crate) const fn headers(&self) -> &BTreeSet<&'static str> {
        &self.headers
    }

    /// What the caller may see of what it asks for.
    pub(crate) fn decide(
        self: &Arc<Self>,
        ask: AccessRequest,
        caller: &Caller,
    ) -> MaybeReady<Result<Visibility, Refusal>> {
        let (authorizer, asking) = (Arc::clone(self), caller.clone());
        self.visibility(ask, caller)
            .map(move |visibility| visibility.map_err(|refusal| authorizer.noted(refusal, &ask, &asking)))
    }

    fn visibility(self: &Arc<Self>, ask: AccessRequest, caller: &Caller) -> MaybeReady<Result<Visibility, Refusal>> {
        let asked = self.relevant(ask);
        let is_limited = !matches!(ask, AccessRequest::Group(_))
            && asked.iter().any(|index| self.entries[*index].policy.fixed().is_none());
        if is_limited && let Err(refusal) = self.admits(caller) {
            return MaybeReady::ready(Err(refusal));
        }
        let policies = asked.iter().map(|index| self.entries[*index].policy.clone()).collect();
        let is_enough = move |nth: usize, decision: &Decision| match ask {
            AccessRequest::Check(Some(level)) => nth == 0 && decision.run.contains(level),
            _ => false,
        };
        match ask_each(policies, caller, is_enough).try_ready() {
            Ok(decisions) => MaybeReady::ready(self.conclude(ask, caller, asked, decisions)),
            Err(deciding) => {
                let (authorizer, caller) = (Arc::clone(self), caller.clone());
                MaybeReady::boxed(async move {
                    let decisions = authorizer.in_time(deciding, is_limited, &caller).await?;
                    // Others of this address may have failed meanwhile: guesses that are made side by side are not more
                    // of them.
                    if is_limited {
                        authorizer.admits(&caller)?;
                    }
                    authorizer.conclude(ask, &caller, asked, decisions)
                })
            }
        }
    }

    /// The entries that have a say. For a check the one of its level comes first; for a check that is refused all have
    /// been asked, and so they are for a name that no check has: neither the answer nor its time tells the two apart.
    fn relevant(&self, ask: AccessRequest) -> Vec<usize> {
        let mut relevant: Vec<usize> = (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                match ask {
                    AccessRequest::Levels { shown, with_info, .. } => {
                        !entry.levels.and(shown).is_empty() || (with_info && entry.is_for_info)
                    }
                    AccessRequest::Group(group) => entry.groups.contains(&group),
                    AccessRequest::Info if self.has_info => entry.is_for_info,
                    AccessRequest::Check(_) | AccessRequest::Info => !entry.levels.is_empty(),
                    #[cfg(feature = "openapi")]
                    AccessRequest::Everything(_) => !entry.levels.is_empty(),
                }
            })
            .collect();
        if let AccessRequest::Check(Some(level)) = ask {
            relevant.sort_by_key(|index| !self.entries[*index].levels.contains(level));
        }
        relevant
    }

    fn conclude(
        &self,
        ask: AccessRequest,
        caller: &Caller,
        asked: Vec<usize>,
        decisions: Vec<Decision>,
    ) -> Result<Visibility, Refusal> {
        let mut decided: Vec<(usize, Decision)> = asked.into_iter().zip(decisions).collect();
        // The order in which they were asked tells of a check's level; challenges are to tell nothing.
        decided.sort_by_key(|(index, _)| *index);
        let decided: Vec<(&Entry, Decision)> =
            decided.into_iter().map(|(index, decision)| (&self.entries[index], decision)).collect();
        let union = |of: fn(&Decision) -> Schemes| {
            decided.iter().fold(Schemes::NONE, |all, (_, decision)| all.or(of(decision)))
        };
        // Credentials that are right for one rule are no attempt to guess those of another.
        let wrong = union(|decision| decision.rejected).without(union(|decision| decision.accepted));
        self.note_failure(wrong, caller);
        let visibility = visibility(ask, self.has_info, wrong, decided).map_err(Refusal::of)?;
        let levels = ask.levels().and(visibility.run);
        if let Some(limiter) = self.limiter.as_ref().filter(|_| !levels.is_empty()) {
            let limited = |wait| Refusal::limited(wait, "the level is asked for too often");
            limiter.admits_levels(caller.address(), levels).map_err(limited)?;
        }
        Ok(visibility)
    }

    /// What policies decided, unless they take too long.
    async fn in_time<T>(
        &self,
        deciding: impl Future<Output = T>,
        is_limited: bool,
        caller: &Caller,
    ) -> Result<T, Refusal> {
        let limiter = self.limiter.as_ref().filter(|_| is_limited);
        let attempt = Attempt::new(limiter, &self.audit, caller.address());
        let decided = timeout(TIME_LIMIT, deciding).await;
        attempt.end();
        let late = |_| Refusal::of(Decision::unavailable().because("the policies took too long"));
        decided.map_err(late)
    }

    /// Whether the caller's address has not failed too often.
    fn admits(&self, caller: &Caller) -> Result<(), Refusal> {
        let limited = |wait| Refusal::limited(wait, "too many failed attempts");
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.admits(caller.address()).map_err(limited))
    }

    fn note_failure(&self, wrong: Schemes, caller: &Caller) {
        if let Some(limiter) = self.limiter.as_ref().filter(|_| !wrong.is_empty()) {
            limiter.note_failure(caller.address());
        }
    }

    fn noted(&self, refusal: Refusal, route: &impl fmt::Display, caller: &Caller) -> Refusal {
        self.counters.count(refusal.why);
        if self.audit.admits(caller.address(), Event::Refused(refusal.why)) {
            refusal.log(caller, route);
        }
        refusal
    }
}
