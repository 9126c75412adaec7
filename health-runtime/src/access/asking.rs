use super::{caller::Caller, decision::Decision, policy::AnyPolicy};
use crate::maybe_ready::MaybeReady;

/// Asks policies one after the other, each once, until a decision is enough. One after the other, because the cheap ones
/// spare the dear ones: whoever has the wrong address causes no password to be hashed.
pub(super) fn ask_each(
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
