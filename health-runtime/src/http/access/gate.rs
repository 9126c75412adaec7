//! Where access is decided: once for each request that asks for anything but a public group, before anything runs.

#[cfg(feature = "openapi")]
use std::collections::BTreeSet;
use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "openapi")]
use axum::http::StatusCode;
use axum::http::request::Parts;
use tokio::time::timeout;

#[cfg(feature = "jwt")]
use super::jwt::{Token, Tokens};
#[cfg(feature = "limits")]
use super::limits::Limiter;
#[cfg(feature = "address")]
use super::proxies::Proxies;
use super::{
    asking::ask_each,
    caller::Caller,
    decision::{Decision, Denial, Schemes},
    peer::peer,
    policy::AnyPolicy,
    refusal::Refusal,
    refusals::{Counters, Refusals},
    rules::Access,
    soon::Soon,
};
use crate::{
    error::Problem,
    model::{Group, Level, Levels},
    render::{Clearance, Sight},
};

/// How long a decision may take, of however many policies it is made.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// What a request asks for, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Ask {
    /// The caller is shown those of these levels that it may have run, and has to be granted one of them: the one that
    /// it asked for, or any.
    Levels {
        /// What it is called in the audit, unless one level is needed.
        route: &'static str,
        shown: Levels,
        needed: Option<Level>,
        with_info: bool,
        /// Whether checks are run for it, or it tells only what is known.
        is_run: bool,
    },
    /// One check; `None` if there is none of that name.
    Check(Option<Level>),
    /// What is only for those who may have every level run.
    #[cfg(feature = "openapi")]
    Everything(&'static str),
    Group(Group),
    Info,
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels { needed: Some(level), .. } => write!(f, "level {level}"),
            Self::Levels { route, needed: None, .. } => f.write_str(route),
            #[cfg(feature = "openapi")]
            Self::Everything(route) => f.write_str(route),
            Self::Check(_) => f.write_str("check"),
            Self::Group(group) => group.fmt(f),
            Self::Info => f.write_str("info"),
        }
    }
}

/// The rules, ready to be asked.
#[derive(Debug)]
pub(in crate::http) struct Gate {
    /// Each policy once, with all that it decides on.
    entries: Vec<Entry>,
    has_info: bool,
    #[cfg(feature = "address")]
    proxies: Option<Proxies>,
    #[cfg(feature = "limits")]
    limiter: Option<Limiter>,
    #[cfg(feature = "jwt")]
    tokens: Option<Tokens>,
    counters: Counters,
}

#[derive(Debug)]
struct Entry {
    policy: AnyPolicy,
    levels: Levels,
    groups: Vec<Group>,
    is_for_info: bool,
}

impl Gate {
    pub(in crate::http) fn new(access: Access) -> Result<Self, Vec<Problem>> {
        let problems = access.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut gate = Self {
            entries: Vec::new(),
            has_info: !access.info.is_empty(),
            #[cfg(feature = "address")]
            proxies: access.proxies,
            #[cfg(feature = "limits")]
            limiter: access.limits.map(Limiter::new),
            #[cfg(feature = "jwt")]
            tokens: access.tokens,
            counters: Counters::default(),
        };
        for (levels, policy) in access.levels {
            let entry = gate.entry(policy);
            entry.levels = entry.levels.or(levels);
        }
        for (group, policy) in access.groups {
            gate.entry(policy).groups.push(group);
        }
        for policy in access.info {
            gate.entry(policy).is_for_info = true;
        }
        Ok(gate)
    }

    /// The entry of a policy; one that has several rules is asked once for all of them.
    fn entry(&mut self, policy: AnyPolicy) -> &mut Entry {
        let at = self.entries.iter().position(|entry| entry.policy.is(&policy)).unwrap_or_else(|| {
            self.entries.push(Entry { policy, levels: Levels::NONE, groups: Vec::new(), is_for_info: false });
            self.entries.len() - 1
        });
        &mut self.entries[at]
    }

    #[cfg(feature = "jwt")]
    pub(in crate::http) const fn gives_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// A token for this caller.
    #[cfg(feature = "jwt")]
    pub(in crate::http) async fn token(&self, caller: &Caller) -> Result<Token, Refusal> {
        let refused = |refusal| self.noted(refusal, &"token", caller);
        #[cfg(feature = "limits")]
        if let Err(refusal) = self.admits(caller) {
            return Err(refused(refusal));
        }
        let Some(tokens) = &self.tokens else { return Err(refused(Refusal::of(Decision::forbidden()))) };
        let Ok(decision) = timeout(TIME_LIMIT, tokens.policy.decide(caller).get()).await else {
            return Err(refused(Refusal::of(Decision::unavailable().because("the policies took too long"))));
        };
        #[cfg(feature = "limits")]
        if let Err(refusal) = self.admits(caller) {
            return Err(refused(refusal));
        }
        #[cfg(feature = "limits")]
        if let Some(limiter) = &self.limiter
            && !decision.rejected.without(decision.accepted).is_empty()
        {
            limiter.note_failure(caller.address());
        }
        if decision.run.is_empty() {
            return Err(refused(Refusal::of(decision)));
        }
        let unsigned = || refused(Refusal::of(Decision::unavailable().because("the token could not be signed")));
        tokens.issue(&decision).ok_or_else(unsigned)
    }

    pub(in crate::http) fn refusals(&self) -> Refusals {
        self.counters.snapshot()
    }

    /// What those may be refused with who ask for this.
    #[cfg(feature = "openapi")]
    pub(in crate::http) fn possible_refusals(&self, ask: Ask) -> BTreeSet<StatusCode> {
        let asked = self.relevant(ask);
        let entries = asked.iter().map(|index| &self.entries[*index]);
        let fixed: Option<Vec<_>> = entries.map(|entry| Some((entry, entry.policy.fixed()?))).collect();
        #[cfg(feature = "limits")]
        let is_fixed = fixed.is_some();
        let mut codes = BTreeSet::new();
        match fixed {
            None => codes.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::SERVICE_UNAVAILABLE]),
            // Of a group without a policy nobody is asked.
            Some(fixed) => {
                let is_open = fixed.is_empty() || sight(ask, self.has_info, Schemes::NONE, fixed).is_ok();
                codes.extend((!is_open).then_some(StatusCode::FORBIDDEN));
            }
        }
        #[cfg(feature = "limits")]
        if let Some(limiter) = &self.limiter
            && !matches!(ask, Ask::Group(_))
            && limiter.may_refuse(!is_fixed, if let Ask::Check(None) = ask { Levels::ALL } else { ask.levels() })
        {
            codes.insert(StatusCode::TOO_MANY_REQUESTS);
        }
        codes
    }

    /// Whether those who ask for tokens too often are told to wait.
    #[cfg(all(feature = "openapi", feature = "jwt"))]
    pub(in crate::http) const fn has_limits(&self) -> bool {
        #[cfg(feature = "limits")]
        return self.limiter.is_some();
        #[cfg(not(feature = "limits"))]
        false
    }

    /// What everybody sees, if it makes no difference who asks.
    pub(in crate::http) fn open_sight(&self, ask: Ask) -> Option<Sight> {
        let asked = self.relevant(ask);
        if let (Ask::Group(_), true) = (ask, asked.is_empty()) {
            return Some(Sight { knows_every_check: false, info: info_of_all(self.has_info), ..Sight::OUTLINE });
        }
        #[cfg(feature = "limits")]
        if self.limiter.is_some() {
            return None;
        }
        let needed = if let Ask::Check(Some(_)) = ask { 1 } else { asked.len() };
        let decided: Option<Vec<_>> = asked
            .iter()
            .take(needed)
            .map(|index| &self.entries[*index])
            .map(|entry| Some((entry, entry.policy.fixed()?)))
            .collect();
        sight(ask, self.has_info, Schemes::NONE, decided?).ok()
    }

    #[cfg(feature = "address")]
    pub(in crate::http) fn caller(&self, parts: Parts) -> Caller {
        let peer = peer(&parts);
        let address = peer.and_then(|peer| match &self.proxies {
            Some(proxies) => proxies.client(peer.ip(), &parts.headers),
            None => Some(peer.ip().to_canonical()),
        });
        Caller::new(parts, peer, address)
    }

    #[cfg(not(feature = "address"))]
    #[allow(clippy::unused_self, reason = "it knows the proxies, with the feature")]
    pub(in crate::http) fn caller(&self, parts: Parts) -> Caller {
        let peer = peer(&parts);
        Caller::new(parts, peer, peer.map(|peer| peer.ip().to_canonical()))
    }

    /// What the caller may see of what it asks for.
    pub(in crate::http) fn decide(self: &Arc<Self>, ask: Ask, caller: &Caller) -> Soon<Result<Sight, Refusal>> {
        let asked = self.relevant(ask);
        #[cfg(feature = "limits")]
        let is_limited =
            !matches!(ask, Ask::Group(_)) && asked.iter().any(|index| self.entries[*index].policy.fixed().is_none());
        #[cfg(feature = "limits")]
        if is_limited && let Err(refusal) = self.admits(caller) {
            return Soon::Now(Err(self.noted(refusal, &ask, caller)));
        }
        let policies = asked.iter().map(|index| self.entries[*index].policy.clone()).collect();
        let is_enough = move |nth: usize, decision: &Decision| match ask {
            Ask::Check(Some(level)) => nth == 0 && decision.run.contains(level),
            _ => false,
        };
        let (gate, caller) = (Arc::clone(self), caller.clone());
        match ask_each(policies, &caller, is_enough) {
            Soon::Now(decisions) => Soon::Now(gate.conclude(ask, &caller, asked, decisions)),
            Soon::Later(deciding) => Soon::later(async move {
                let Ok(decisions) = timeout(TIME_LIMIT, deciding).await else {
                    let refusal = Refusal::of(Decision::unavailable().because("the policies took too long"));
                    return Err(gate.noted(refusal, &ask, &caller));
                };
                // Others of this address may have failed meanwhile: guesses that are made side by side are not more of them.
                #[cfg(feature = "limits")]
                if is_limited && let Err(refusal) = gate.admits(&caller) {
                    return Err(gate.noted(refusal, &ask, &caller));
                }
                gate.conclude(ask, &caller, asked, decisions)
            }),
        }
    }

    /// The entries that have a say. For a check the one of its level comes first; for a check that is refused all have
    /// been asked, and so they are for a name that no check has: neither the answer nor its time tells the two apart.
    fn relevant(&self, ask: Ask) -> Vec<usize> {
        let mut relevant: Vec<usize> = (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                match ask {
                    Ask::Levels { shown, with_info, .. } => {
                        !entry.levels.and(shown).is_empty() || (with_info && entry.is_for_info)
                    }
                    Ask::Group(group) => entry.groups.contains(&group),
                    Ask::Info if self.has_info => entry.is_for_info,
                    Ask::Check(_) | Ask::Info => !entry.levels.is_empty(),
                    #[cfg(feature = "openapi")]
                    Ask::Everything(_) => !entry.levels.is_empty(),
                }
            })
            .collect();
        if let Ask::Check(Some(level)) = ask {
            relevant.sort_by_key(|index| !self.entries[*index].levels.contains(level));
        }
        relevant
    }

    fn conclude(
        &self,
        ask: Ask,
        caller: &Caller,
        asked: Vec<usize>,
        decisions: Vec<Decision>,
    ) -> Result<Sight, Refusal> {
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
        #[cfg(feature = "limits")]
        if let Some(limiter) = self.limiter.as_ref().filter(|_| !wrong.is_empty()) {
            limiter.note_failure(caller.address());
        }
        let sight =
            sight(ask, self.has_info, wrong, decided).map_err(|no| self.noted(Refusal::of(no), &ask, caller))?;
        #[cfg(feature = "limits")]
        if let Some(limiter) = &self.limiter
            && let levels = ask.levels().and(sight.run)
            && !levels.is_empty()
            && let Err(wait) = limiter.admits_levels(caller.address(), levels)
        {
            let refusal = Refusal::limited(wait, "the level is asked for too often");
            return Err(self.noted(refusal, &ask, caller));
        }
        Ok(sight)
    }

    /// Whether the caller's address has not failed too often.
    #[cfg(feature = "limits")]
    fn admits(&self, caller: &Caller) -> Result<(), Refusal> {
        let limited = |wait| Refusal::limited(wait, "too many failed attempts");
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.admits(caller.address()).map_err(limited))
    }

    fn noted(&self, refusal: Refusal, route: &impl fmt::Display, caller: &Caller) -> Refusal {
        self.counters.count(refusal.why);
        refusal.log(caller, route);
        refusal
    }
}

#[cfg(feature = "limits")]
impl Ask {
    /// The levels that are run for it.
    fn levels(self) -> Levels {
        match self {
            Self::Levels { shown, is_run: true, .. } => shown,
            Self::Check(level) => level.map_or(Levels::NONE, Levels::one),
            Self::Levels { .. } | Self::Group(_) | Self::Info => Levels::NONE,
            #[cfg(feature = "openapi")]
            Self::Everything(_) => Levels::NONE,
        }
    }
}

/// How much of what is running is seen by everybody who is shown anything: nothing, if a policy decides on that.
fn info_of_all(has_info: bool) -> Option<Clearance> {
    (!has_info).then_some(Clearance::Outline)
}

/// What was decided, put together; or what it was refused with.
fn sight(ask: Ask, has_info: bool, wrong: Schemes, decided: Vec<(&Entry, Decision)>) -> Result<Sight, Decision> {
    let info = info_of_all(has_info);
    let mut sight = Sight { run: Levels::NONE, details: Levels::NONE, info, knows_every_check: false };
    let mut noes: Vec<Decision> = Vec::new();
    let clearance = |details: Levels| if details.is_empty() { Clearance::Outline } else { Clearance::Details };
    for (entry, decision) in decided {
        let is_whole = matches!(ask, Ask::Group(_));
        let (run, details) = if is_whole {
            (decision.run, decision.details)
        } else {
            (decision.run.and(entry.levels), decision.details.and(entry.levels))
        };
        sight.run = sight.run.or(run);
        sight.details = sight.details.or(details);
        if entry.is_for_info {
            sight.info = (!decision.run.is_empty()).then(|| clearance(decision.details));
        }
        let grants_nothing = decision.run.is_empty();
        let refused = match ask {
            Ask::Levels { needed: Some(level), .. } => entry.levels.contains(level) && !run.contains(level),
            Ask::Levels { needed: None, .. } => run != entry.levels && !entry.levels.is_empty(),
            Ask::Check(_) => run != entry.levels,
            #[cfg(feature = "openapi")]
            Ask::Everything(_) => run != entry.levels,
            Ask::Group(_) => grants_nothing,
            Ask::Info => entry.is_for_info && grants_nothing,
        };
        // What is shown in part hides neither that a password was wrong nor that nobody could tell.
        let is_fatal = match decision.denial {
            Some(Denial::Rejected) => grants_nothing && !wrong.and(decision.rejected).is_empty(),
            Some(Denial::Unavailable) => grants_nothing,
            _ => false,
        };
        if is_fatal && matches!(ask, Ask::Levels { .. }) {
            return Err(decision);
        }
        if refused {
            noes.push(decision);
        }
    }
    if !has_info && matches!(ask, Ask::Info | Ask::Levels { with_info: true, .. }) {
        sight.info = Some(clearance(sight.details));
    }
    // A group's policy is about the group, and grants no look at what is not in it.
    sight.knows_every_check = sight.run == Levels::ALL && !matches!(ask, Ask::Group(_));
    let is_granted = match ask {
        Ask::Levels { needed: Some(level), .. } | Ask::Check(Some(level)) => sight.run.contains(level),
        Ask::Levels { shown, needed: None, .. } => !shown.and(sight.run).is_empty(),
        // Only those who may have every level run hear that there is no such check.
        Ask::Check(None) => sight.run == Levels::ALL,
        #[cfg(feature = "openapi")]
        Ask::Everything(_) => sight.run == Levels::ALL,
        Ask::Group(_) => !sight.run.is_empty(),
        Ask::Info => sight.info.is_some(),
    };
    if is_granted { Ok(sight) } else { Err(noes.into_iter().reduce(Decision::or).unwrap_or_else(Decision::forbidden)) }
}
