//! The authorizer: decides access for each request, before any check runs.

use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc, time::Duration};

use http::{HeaderMap, Uri, request::Parts};
use tokio::time::timeout;

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
use super::accepted_tokens::AcceptedTokens;
use super::{
    audit::{Audit, AuditEvent, Operator},
    caller::{Caller, PeerSocket},
    decision::Decision,
    optional::{Limiter, Proxies, Tokens},
    policies::ask_each,
    policy::{AnyPolicy, Operating},
    refusal::{AUDIT_TARGET, Refusal, RefusalCounters, RefusalCounts},
    request::AccessRequest,
    rules::{Access, Rule},
    schemes::Schemes,
    visibility::{info_of_all, visibility},
};
use crate::{
    error::Problem,
    log::{self, Topic},
    maybe_ready::MaybeReady,
    model::{Level, Levels},
    render::Visibility,
};

/// Time limit of a whole decision, over all its policies.
const DECISION_TIMEOUT: Duration = Duration::from_secs(3);

/// The access rules, ready to decide.
#[derive(Debug)]
pub(crate) struct Authorizer {
    /// One rule for each policy, with everything that it decides about.
    pub(super) rules: Vec<Rule>,
    pub(super) has_info: bool,
    proxies: Option<Proxies>,
    pub(super) limiter: Option<Limiter>,
    #[cfg_attr(not(feature = "access-jwt"), allow(dead_code, reason = "there are none"))]
    pub(super) tokens: Option<Tokens>,
    headers: BTreeSet<&'static str>,
    counters: RefusalCounters,
    audit: Audit,
}

impl Authorizer {
    pub(crate) fn new(access: Access) -> Result<Self, Vec<Problem>> {
        let problems = access.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut authorizer = Self {
            rules: Vec::new(),
            headers: access.headers(),
            has_info: !access.info.is_empty(),
            proxies: access.proxies,
            limiter: access.limits.map(Limiter::new),
            tokens: access.tokens,
            counters: RefusalCounters::default(),
            audit: Audit::default(),
        };
        for (levels, policy) in access.levels {
            let rule = authorizer.rule(policy);
            rule.levels = rule.levels.or(levels);
        }
        for (group, policy) in access.groups {
            authorizer.rule(policy).groups.push(group);
        }
        for policy in access.info {
            authorizer.rule(policy).is_for_info = true;
        }
        Ok(authorizer)
    }

    /// Returns the rule of a policy, which is asked once for everything that it decides about.
    fn rule(&mut self, policy: AnyPolicy) -> &mut Rule {
        let at = self.rules.iter().position(|rule| rule.policy.is(&policy)).unwrap_or_else(|| {
            self.rules.push(Rule { policy, levels: Levels::NONE, groups: Vec::new(), is_for_info: false });
            self.rules.len() - 1
        });
        &mut self.rules[at]
    }

    pub(crate) fn refusals(&self) -> RefusalCounts {
        self.counters.snapshot()
    }

    /// Returns the visibility that everybody has, if it does not depend on the caller.
    pub(crate) fn public_visibility(&self, request: AccessRequest) -> Option<Visibility> {
        let asked = self.relevant(request);
        if let (AccessRequest::Group(_), true) = (request, asked.is_empty()) {
            return Some(Visibility {
                knows_every_check: false,
                info: info_of_all(self.has_info),
                ..Visibility::OUTLINE
            });
        }
        // Groups are never limited.
        if self.limiter.is_some() && !matches!(request, AccessRequest::Group(_)) {
            return None;
        }
        let needed = if let AccessRequest::Check(Some(_)) = request { 1 } else { asked.len() };
        let fixed = self.fixed(asked.get(..needed)?)?;
        visibility(request, self.has_info, &Schemes::NONE, fixed).ok()
    }

    /// Returns the decisions of these rules, if none depends on the caller.
    pub(super) fn fixed(&self, asked: &[usize]) -> Option<Vec<(&Rule, Decision)>> {
        asked.iter().map(|index| &self.rules[*index]).map(|rule| Some((rule, rule.policy.fixed()?))).collect()
    }

    /// Makes the caller of a request. `uri` is the one that the client sent, before routers took their prefix off.
    pub(crate) fn caller(&self, parts: Parts, peer: PeerSocket, uri: Uri) -> Caller {
        let address = self.client_address(peer, &parts.headers);
        Caller::new(parts, uri, peer.address(), address)
    }

    /// Returns the client's address: the peer's, or the one that the declared proxies report.
    pub(crate) fn client_address(&self, peer: PeerSocket, headers: &HeaderMap) -> Option<IpAddr> {
        if let Some(proxies) = &self.proxies {
            return proxies.client(peer, headers);
        }
        peer.address().map(|peer| peer.ip().to_canonical())
    }

    /// Returns the tokens of authorization servers that the policies of these levels accept.
    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    pub(crate) fn accepted_tokens(&self, levels: Levels) -> AcceptedTokens {
        let asked = self.rules.iter().filter(|rule| !rule.levels.and(levels).is_empty());
        asked.map(|rule| rule.policy.accepted_tokens()).fold(AcceptedTokens::default(), AcceptedTokens::or)
    }

    /// Returns the request headers that decisions depend on, in lower case.
    pub(crate) const fn headers(&self) -> &BTreeSet<&'static str> {
        &self.headers
    }

    /// Returns whether a rule of these levels grants the right to operate checks.
    pub(crate) fn has_operators(&self, levels: Levels) -> bool {
        let is_there = |rule: &&Rule| !rule.levels.and(levels).is_empty();
        self.rules.iter().filter(is_there).any(|rule| rule.policy.operating() == Operating::Granted)
    }

    /// Decides what the caller may see.
    pub(crate) fn decide(
        self: &Arc<Self>,
        request: AccessRequest,
        caller: &Caller,
    ) -> MaybeReady<Result<Visibility, Refusal>> {
        self.admission(request, caller).map(|admission| admission.map(|admission| admission.visibility))
    }

    /// Decides whether the caller may operate a check of this level; `None` if no check has that name.
    pub(crate) fn operator(
        self: &Arc<Self>,
        level: Option<Level>,
        is_run: bool,
        caller: &Caller,
    ) -> MaybeReady<Result<Operator, Refusal>> {
        let asking = caller.clone();
        let admission = self.admission(AccessRequest::Operate { level, is_run }, caller);
        admission.map(|admission| {
            admission.map(|AdmittedCaller { visibility, name }| Operator { visibility, name, caller: asking })
        })
    }

    fn admission(
        self: &Arc<Self>,
        request: AccessRequest,
        caller: &Caller,
    ) -> MaybeReady<Result<AdmittedCaller, Refusal>> {
        let (authorizer, asking) = (Arc::clone(self), caller.clone());
        self.ask(request, caller)
            .map(move |admission| admission.map_err(|refusal| authorizer.recorded(refusal, &request, &asking)))
    }

    fn ask(self: &Arc<Self>, request: AccessRequest, caller: &Caller) -> MaybeReady<Result<AdmittedCaller, Refusal>> {
        let asked = self.relevant(request);
        let is_limited = !matches!(request, AccessRequest::Group(_))
            && asked.iter().any(|index| self.rules[*index].policy.fixed().is_none());
        if is_limited && let Err(refusal) = self.admits(caller) {
            return MaybeReady::ready(Err(refusal));
        }
        let policies = asked.iter().map(|index| self.rules[*index].policy.clone()).collect();
        let is_enough = move |nth: usize, decision: &Decision| match request {
            AccessRequest::Check(Some(level)) | AccessRequest::Operate { level: Some(level), .. } => {
                nth == 0 && decision.run.contains(level)
            }
            _ => false,
        };
        match ask_each(policies, caller, is_enough).try_ready() {
            Ok(decisions) => MaybeReady::ready(self.conclude(request, caller, asked, decisions)),
            Err(deciding) => {
                let (authorizer, caller) = (Arc::clone(self), caller.clone());
                MaybeReady::boxed(async move {
                    let decisions = authorizer.in_time(deciding, is_limited, &caller).await?;
                    // Other attempts from this address may have failed meanwhile; parallel guesses must not exceed the
                    // limit.
                    if is_limited {
                        authorizer.admits(&caller)?;
                    }
                    authorizer.conclude(request, &caller, asked, decisions)
                })
            }
        }
    }

    /// Returns the relevant rules, for a check the rule of its level first. A refused check has been through all rules,
    /// as an unknown name has: neither the response nor its time distinguishes the two.
    pub(super) fn relevant(&self, request: AccessRequest) -> Vec<usize> {
        let mut relevant: Vec<usize> = (0..self.rules.len())
            .filter(|index| {
                let rule = &self.rules[*index];
                match request {
                    AccessRequest::Levels { shown, with_info, .. } => {
                        !rule.levels.and(shown).is_empty() || (with_info && rule.is_for_info)
                    }
                    AccessRequest::Group(group) => rule.groups.contains(&group),
                    AccessRequest::Info if self.has_info => rule.is_for_info,
                    AccessRequest::Check(_)
                    | AccessRequest::Operate { .. }
                    | AccessRequest::Everything(_)
                    | AccessRequest::Info => !rule.levels.is_empty(),
                }
            })
            .collect();
        if let AccessRequest::Check(Some(level)) | AccessRequest::Operate { level: Some(level), .. } = request {
            relevant.sort_by_key(|index| !self.rules[*index].levels.contains(level));
        }
        relevant
    }

    fn conclude(
        &self,
        request: AccessRequest,
        caller: &Caller,
        asked: Vec<usize>,
        decisions: Vec<Decision>,
    ) -> Result<AdmittedCaller, Refusal> {
        let mut decided: Vec<(usize, Decision)> = asked.into_iter().zip(decisions).collect();
        // The order of asking reveals the level of a check, so the order of challenges must not follow it.
        decided.sort_by_key(|(index, _)| *index);
        let decided: Vec<(&Rule, Decision)> =
            decided.into_iter().map(|(index, decision)| (&self.rules[index], decision)).collect();
        let union = |of: fn(&Decision) -> &Schemes| {
            decided.iter().fold(Schemes::NONE, |all, (_, decision)| all.or(of(decision)))
        };
        // Credentials that one rule accepts are not an attempt to guess those of another rule.
        let rejected = union(|decision| &decision.rejected);
        let wrong =
            if rejected.is_empty() { rejected } else { rejected.without(&union(|decision| &decision.accepted)) };
        self.note_failure(&wrong, caller);
        let (mut name, mut may_run) = (None, false);
        if let AccessRequest::Operate { level: Some(level), .. } = request
            && let Some((_, own)) = decided.iter().find(|(rule, _)| rule.levels.contains(level))
        {
            (name, may_run) = (own.caller.clone(), own.run.contains(level));
        }
        let refusal = |denial| {
            let refusal = Refusal::from_denial(denial);
            if may_run { refusal.without_right() } else { refusal }
        };
        let visibility = visibility(request, self.has_info, &wrong, decided).map_err(refusal)?;
        let levels = request.levels().and(visibility.run);
        if let Some(limiter) = self.limiter.as_ref().filter(|_| !levels.is_empty()) {
            let limited = |wait| Refusal::limited(wait, "the level is requested too often");
            limiter.admits_levels(caller.address(), levels).map_err(limited)?;
        }
        Ok(AdmittedCaller { visibility, name })
    }

    /// Waits for the policies, up to the time limit.
    pub(super) async fn in_time<T>(
        &self,
        deciding: impl Future<Output = T>,
        is_limited: bool,
        caller: &Caller,
    ) -> Result<T, Refusal> {
        let limiter = self.limiter.as_ref().filter(|_| is_limited);
        let attempt = Attempt::new(limiter, &self.audit, caller.address());
        let decided = timeout(DECISION_TIMEOUT, deciding).await;
        attempt.end();
        let late = |_| Refusal::from_denial(Decision::unavailable().because("the policies took too long"));
        decided.map_err(late)
    }

    /// Refuses the caller if its address failed too often.
    pub(super) fn admits(&self, caller: &Caller) -> Result<(), Refusal> {
        let limited = |wait| Refusal::limited(wait, "too many failed attempts");
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.admits(caller.address()).map_err(limited))
    }

    pub(super) fn note_failure(&self, wrong: &Schemes, caller: &Caller) {
        if let Some(limiter) = self.limiter.as_ref().filter(|_| !wrong.is_empty()) {
            limiter.note_failure(caller.address());
        }
    }

    pub(super) fn recorded(&self, refusal: Refusal, route: &impl fmt::Display, caller: &Caller) -> Refusal {
        self.counters.count(refusal.reason);
        if self.audit.admits(caller.address(), AuditEvent::Refused(refusal.reason)) {
            refusal.log(caller, route);
        }
        refusal
    }
}

/// An admitted request.
struct AdmittedCaller {
    visibility: Visibility,
    /// The caller of an operation, as the policy of the check's level names it.
    name: Option<String>,
}

/// A pending attempt. It counts as failed if it is dropped, or a client could try credentials for free by disconnecting
/// each time.
struct Attempt<'a> {
    limiter: Option<&'a Limiter>,
    audit: &'a Audit,
    address: Option<IpAddr>,
}

impl<'a> Attempt<'a> {
    const fn new(limiter: Option<&'a Limiter>, audit: &'a Audit, address: Option<IpAddr>) -> Self {
        Self { limiter, audit, address }
    }

    /// Ends the attempt: the decision is there and counts instead.
    fn end(mut self) {
        self.limiter = None;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(limiter) = self.limiter {
            let address = self.address;
            limiter.note_failure(address);
            if self.audit.admits(address, AuditEvent::Abandoned) {
                log::write(Topic::Access, move || {
                    let address = address.map(tracing::field::display);
                    tracing::info!(target: AUDIT_TARGET, address, "client disconnected before the access decision; counted as a failed attempt");
                });
            }
        }
    }
}
