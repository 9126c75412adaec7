//! Policies that ask for no credentials, and policies made of others.

use std::sync::Arc;

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
use crate::access::accepted_tokens::AcceptedTokens;
use crate::{
    access::{
        caller::Caller,
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating},
        requirement::Requirement,
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

/// Admits everybody, without details; with [`AnyPolicy::with_details`], with them.
pub fn public() -> AnyPolicy {
    AnyPolicy::new(Fixed { is_open: true })
}

/// Admits nobody: 403.
pub fn closed() -> AnyPolicy {
    AnyPolicy::new(Fixed { is_open: false })
}

/// Grants everything that one of these policies grants. They are asked in this order until one grants everything, so
/// put cheap and frequent ones first.
pub fn any_of<P: Into<AnyPolicy>>(policies: impl IntoIterator<Item = P>) -> AnyPolicy {
    AnyPolicy::new(AnyOf(policies.into_iter().map(Into::into).collect()))
}

/// Grants the levels and details that all of these policies grant, and the right to operate checks if one of them does. They are asked in this order until one denies for
/// another reason than missing credentials, so put cheap ones first.
pub fn all_of<P: Into<AnyPolicy>>(policies: impl IntoIterator<Item = P>) -> AnyPolicy {
    AnyPolicy::new(AllOf(policies.into_iter().map(Into::into).collect()))
}

/// Grants everything that the policy does not grant, including details; for use in [`all_of`]. Nothing is granted if
/// the policy could not decide, or the address that it needs is unknown.
pub fn not(policy: impl Into<AnyPolicy>) -> AnyPolicy {
    AnyPolicy::new(Not(policy.into()))
}

struct Fixed {
    is_open: bool,
}

impl Fixed {
    fn decision(&self) -> Decision {
        if self.is_open {
            Decision::allow().without_details()
        } else {
            Decision::forbidden().because("closed to everybody")
        }
    }
}

impl Decide for Fixed {
    fn decide(self: Arc<Self>, _caller: &Caller) -> MaybeReady<Decision> {
        MaybeReady::ready(self.decision())
    }

    fn fixed(&self) -> Option<Decision> {
        Some(self.decision())
    }

    fn headers(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        if self.is_open { Requirement::open() } else { Requirement::closed() }
    }
}

struct AnyOf(Vec<AnyPolicy>);

impl Decide for AnyOf {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let grants_operations = operating(&self.0) == Operating::Granted;
        let is_enough = move |_: usize, decision: &Decision| {
            decision.is_full() && (!grants_operations || decision.operate == Levels::ALL)
        };
        ask_each(self.0.clone(), caller, is_enough)
            .map(|decisions| decisions.into_iter().reduce(Decision::or).unwrap_or_else(Decision::forbidden))
    }

    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    fn accepted_tokens(&self) -> AcceptedTokens {
        accepted_tokens(&self.0)
    }

    fn faults(&self) -> Vec<String> {
        faults("any_of", &self.0)
    }

    fn operating(&self) -> Operating {
        operating(&self.0)
    }

    fn operated_inside(&self) -> Option<AnyPolicy> {
        Some(AnyPolicy::new(Self(operated(&self.0))))
    }

    fn fixed(&self) -> Option<Decision> {
        self.0.iter().map(AnyPolicy::fixed).reduce(|one, other| Some(one?.or(other?)))?
    }

    fn headers(&self) -> Vec<&'static str> {
        headers(&self.0)
    }

    fn requirement(&self, levels: Levels) -> Requirement {
        self.0.iter().map(|policy| policy.requirement(levels)).fold(Requirement::closed(), Requirement::or)
    }
}

struct AllOf(Vec<AnyPolicy>);

impl Decide for AllOf {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        ask_each(self.0.clone(), caller, |_, decision| decision.is_no())
            .map(|decisions| decisions.into_iter().reduce(Decision::and).unwrap_or_else(Decision::forbidden))
    }

    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    fn accepted_tokens(&self) -> AcceptedTokens {
        accepted_tokens(&self.0)
    }

    fn faults(&self) -> Vec<String> {
        faults("all_of", &self.0)
    }

    fn operating(&self) -> Operating {
        operating(&self.0)
    }

    fn operated_inside(&self) -> Option<AnyPolicy> {
        Some(AnyPolicy::new(Self(operated(&self.0))))
    }

    fn fixed(&self) -> Option<Decision> {
        self.0.iter().map(AnyPolicy::fixed).reduce(|one, other| Some(one?.and(other?)))?
    }

    fn headers(&self) -> Vec<&'static str> {
        headers(&self.0)
    }

    fn requirement(&self, levels: Levels) -> Requirement {
        let each = self.0.iter().map(|policy| policy.requirement(levels));
        each.fold(Requirement::open(), |all, one| all.and(&one))
    }
}

struct Not(AnyPolicy);

impl Decide for Not {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        self.0.decide(caller).map(Decision::negated)
    }

    fn faults(&self) -> Vec<String> {
        self.0.faults()
    }

    fn fixed(&self) -> Option<Decision> {
        self.0.fixed().map(Decision::negated)
    }

    fn headers(&self) -> Vec<&'static str> {
        self.0.headers()
    }
}

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
fn accepted_tokens(policies: &[AnyPolicy]) -> AcceptedTokens {
    policies.iter().map(AnyPolicy::accepted_tokens).fold(AcceptedTokens::default(), AcceptedTokens::or)
}

fn operating(policies: &[AnyPolicy]) -> Operating {
    policies.iter().map(AnyPolicy::operating).max().unwrap_or(Operating::Never)
}

/// Grants the right to operate checks to each policy that asks for credentials.
fn operated(policies: &[AnyPolicy]) -> Vec<AnyPolicy> {
    let asks = |policy: &AnyPolicy| policy.operating() != Operating::Never;
    policies.iter().cloned().map(|policy| if asks(&policy) { policy.may_operate() } else { policy }).collect()
}

fn headers(policies: &[AnyPolicy]) -> Vec<&'static str> {
    policies.iter().flat_map(AnyPolicy::headers).collect()
}

fn faults(name: &str, policies: &[AnyPolicy]) -> Vec<String> {
    let none = policies.is_empty().then(|| format!("`{name}` holds no policy; to admit nobody, use `closed()`"));
    none.into_iter().chain(policies.iter().flat_map(AnyPolicy::faults)).collect()
}

/// Asks policies one after the other, each once, until a decision suffices. The cheap ones spare the expensive ones: a
/// wrong address causes no password hashing.
pub(in crate::access) fn ask_each(
    policies: Vec<AnyPolicy>,
    caller: &Caller,
    is_enough: impl Fn(usize, &Decision) -> bool + Send + 'static,
) -> MaybeReady<Vec<Decision>> {
    let mut decisions = Vec::with_capacity(policies.len());
    let mut left = policies.into_iter();
    while let Some(policy) = left.next() {
        match policy.decide(caller).try_ready() {
            Ok(decision) => {
                let is_enough = is_enough(decisions.len(), &decision);
                decisions.push(decision);
                if is_enough {
                    break;
                }
            }
            Err(deciding) => {
                let caller = caller.clone();
                return MaybeReady::boxed(async move {
                    let mut deciding = MaybeReady::Boxed(deciding);
                    loop {
                        let decision = deciding.await;
                        let is_enough = is_enough(decisions.len(), &decision);
                        decisions.push(decision);
                        match left.next() {
                            Some(policy) if !is_enough => deciding = policy.decide(&caller),
                            _ => return decisions,
                        }
                    }
                });
            }
        }
    }
    MaybeReady::ready(decisions)
}
