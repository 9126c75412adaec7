use std::{fmt, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::timeout};

#[cfg(all(feature = "access-jwt", feature = "mcp"))]
use super::accepted_tokens::AcceptedTokens;
use super::{
    caller::Caller,
    decision::{Decision, DenyReason},
    refusal::AUDIT_TARGET,
    requirement::Requirement,
    schemes::Scheme,
};
use crate::{
    log::{self, OncePerMinute, Topic},
    maybe_ready::MaybeReady,
    model::Levels,
};

/// Time limit of a user's policy.
const POLICY_TIMEOUT: Duration = Duration::from_secs(2);

/// The member of `Vary` for anything that is not a header or not known, such as the address of the connection (RFC
/// 9110, section 12.5.5).
pub(super) const VARY_ANY: &str = "*";

/// Decides which levels a caller may run, and whether it sees details. Implement it where no ready-made policy
/// fits.
///
/// ```
/// use health_runtime::{Level, access::{Access, Caller, Decision, Policy, public}};
///
/// struct Directory;
/// # impl Directory { async fn knows(&self, _session: &str) -> bool { true } }
///
/// impl Policy for Directory {
///     async fn decide(&self, caller: &Caller) -> Decision {
///         match caller.header("x-session") {
///             None => Decision::unauthenticated(r#"Session realm="health""#),
///             Some(session) if self.knows(session).await => Decision::allow().by("a session"),
///             Some(_) => Decision::rejected(r#"Session realm="health""#),
///         }
///     }
/// }
///
/// let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, Directory);
/// # let _ = access;
/// ```
///
/// A policy is asked once for a request, and perhaps once more when a token is issued or an agent calls a tool, in a task
/// of its own on the runtime that the checks run on. It has 2 s; if it takes longer or panics, the caller is refused with
/// 503. Its future is dropped when the client disconnects, which `Limits` count as a failed attempt. A policy that blocks
/// its thread keeps the thread, as a check does.
pub trait Policy: Send + Sync + 'static {
    /// Decides what this caller may do.
    fn decide(&self, caller: &Caller) -> impl Future<Output = Decision> + Send;

    /// Names the request headers that the decision depends on, in lower case, for `Vary`. Default: `*`, which stands
    /// for anything, such as the address of the connection.
    fn headers(&self) -> Vec<&'static str> {
        vec![VARY_ANY]
    }

    /// Returns whether a decision may grant the right to operate checks ([`Decision::may_operate`]). The routes for
    /// operations exist only if a policy grants it. Default: no, and such a decision does not grant it.
    fn grants_operations(&self) -> bool {
        false
    }
}

/// A policy of any kind, for composition. Clones are the same policy, which is asked once for each decision.
#[derive(Clone)]
#[must_use]
pub struct AnyPolicy {
    inner: Arc<dyn Decide>,
}

/// The inside of every policy: decides without a future where it can, and reports its faults at start.
pub(super) trait Decide: Send + Sync {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision>;

    /// Returns the faults, a sentence each.
    fn faults(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the decision if it is the same for everybody.
    fn fixed(&self) -> Option<Decision> {
        None
    }

    /// Names the request headers that the decision depends on, in lower case; [`VARY_ANY`] if it depends on more than
    /// headers.
    fn headers(&self) -> Vec<&'static str>;

    /// Describes the credentials by which it grants one of these levels.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes requirements"))]
    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::open()
    }

    /// Returns its standing with the right to operate checks.
    fn operating(&self) -> Operating {
        Operating::Never
    }

    /// Grants the right to the policies inside; `None` for a policy without any. An `any_of` then asks those that can grant it,
    /// also behind one that grants every level.
    fn operated_inside(&self) -> Option<AnyPolicy> {
        None
    }

    /// Returns the tokens of authorization servers that it accepts.
    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    fn accepted_tokens(&self) -> AcceptedTokens {
        AcceptedTokens::default()
    }
}

/// The standing of a policy with the right to operate checks. Among several policies, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operating {
    /// It accepts no credentials that the right could be granted to.
    Never,
    /// It accepts credentials, and does not grant the right.
    Grantable,
    Granted,
}

impl AnyPolicy {
    pub(super) fn new(policy: impl Decide + 'static) -> Self {
        Self { inner: Arc::new(policy) }
    }

    pub(super) fn decide(&self, caller: &Caller) -> MaybeReady<Decision> {
        Arc::clone(&self.inner).decide(caller)
    }

    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    pub(super) fn accepted_tokens(&self) -> AcceptedTokens {
        self.inner.accepted_tokens()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.inner.faults()
    }

    pub(super) fn fixed(&self) -> Option<Decision> {
        self.inner.fixed()
    }

    pub(super) fn headers(&self) -> Vec<&'static str> {
        self.inner.headers()
    }

    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes requirements"))]
    pub(super) fn requirement(&self, levels: Levels) -> Requirement {
        self.inner.requirement(levels)
    }

    pub(super) fn operating(&self) -> Operating {
        self.inner.operating()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Grants details on every granted level; for [`public`](super::public()).
    pub fn with_details(self) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::WithDetails })
    }

    /// Grants no details.
    pub fn without_details(self) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::WithoutDetails })
    }

    /// Grants no levels but these, such as `Level::L4..=Level::L5`.
    pub fn only_levels(self, levels: impl Into<Levels>) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::Only(levels.into()) })
    }

    /// Grants the right to operate checks: to run, mute and unmute each check of the levels that the policy grants for
    /// credentials. On [`any_of`](super::any_of()) and [`all_of`](super::all_of()) it grants the right to each policy
    /// inside that asks for credentials. Default: nobody may.
    ///
    /// Nobody gets the right without credentials: a policy that asks for none, such as [`public`](super::public()) or an
    /// address, is a start-up error. Restrict people to an address by
    /// `all_of([address(["10.0.0.0/8"]), people.may_operate()])`.
    pub fn may_operate(self) -> Self {
        let inside = if self.operating() == Operating::Never { None } else { self.inner.operated_inside() };
        inside.unwrap_or_else(|| Self::new(Adjusted { policy: self, how: Adjustment::MayOperate }))
    }

    /// Grants no operations, also inside of [`may_operate`](Self::may_operate).
    #[cfg(feature = "access-jwt")]
    pub(super) fn without_operations(self) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::WithoutOperations })
    }
}

impl fmt::Debug for AnyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyPolicy").finish_non_exhaustive()
    }
}

impl<P: Policy> From<P> for AnyPolicy {
    fn from(policy: P) -> Self {
        Self::new(Guarded { policy, failures: OncePerMinute::default() })
    }
}

/// A policy as an argument: one of this module, or a [`Policy`] of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an access policy",
    label = "has to be a policy, such as `public()` or `closed()`",
    note = "for a function that returns a policy write its call"
)]
pub trait PolicyValue {
    /// Converts the policy.
    fn into_policy(self) -> AnyPolicy;
}

#[diagnostic::do_not_recommend]
impl<P: Into<AnyPolicy>> PolicyValue for P {
    fn into_policy(self) -> AnyPolicy {
        self.into()
    }
}

const NO_OPERATORS: &str = "`may_operate` needs a policy that asks for credentials, which neither `public()`, an address \
                            nor an issued token is; grant the right to users, keys, certificates or tokens of `jwt`";

/// A policy that grants more or less than the one inside.
struct Adjusted {
    policy: AnyPolicy,
    how: Adjustment,
}

#[derive(Clone, Copy)]
enum Adjustment {
    WithDetails,
    WithoutDetails,
    Only(Levels),
    MayOperate,
    #[cfg(feature = "access-jwt")]
    WithoutOperations,
}

impl Adjustment {
    fn apply(self, decision: Decision) -> Decision {
        match self {
            Self::WithDetails => Decision { details: decision.run, ..decision },
            Self::WithoutDetails => decision.without_details(),
            Self::Only(levels) => decision.only_levels(levels),
            Self::MayOperate => Decision { operate: decision.proven, ..decision },
            #[cfg(feature = "access-jwt")]
            Self::WithoutOperations => Decision { proven: Levels::NONE, operate: Levels::NONE, ..decision },
        }
    }
}

impl Decide for Adjusted {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let how = self.how;
        self.policy.decide(caller).map(move |decision| how.apply(decision))
    }

    #[cfg(all(feature = "access-jwt", feature = "mcp"))]
    fn accepted_tokens(&self) -> AcceptedTokens {
        self.policy.accepted_tokens()
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.policy.faults();
        if matches!(self.how, Adjustment::MayOperate) && self.policy.operating() == Operating::Never {
            faults.push(NO_OPERATORS.to_owned());
        }
        faults
    }

    fn operated_inside(&self) -> Option<AnyPolicy> {
        let policy = self.policy.inner.operated_inside()?;
        Some(AnyPolicy::new(Self { policy, how: self.how }))
    }

    fn operating(&self) -> Operating {
        match (self.how, self.policy.operating()) {
            (Adjustment::MayOperate, Operating::Grantable) => Operating::Granted,
            #[cfg(feature = "access-jwt")]
            (Adjustment::WithoutOperations, _) => Operating::Never,
            (_, own) => own,
        }
    }

    fn fixed(&self) -> Option<Decision> {
        self.policy.fixed().map(|decision| self.how.apply(decision))
    }

    fn headers(&self) -> Vec<&'static str> {
        self.policy.headers()
    }

    fn requirement(&self, levels: Levels) -> Requirement {
        let granted = match self.how {
            Adjustment::Only(only) => levels.and(only),
            _ => levels,
        };
        if granted.is_empty() { Requirement::closed() } else { self.policy.requirement(granted) }
    }
}

/// A user's policy, whose panics and timeouts become decisions.
struct Guarded<P> {
    policy: P,
    failures: OncePerMinute,
}

impl<P: Policy> Decide for Guarded<P> {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let caller = caller.clone();
        MaybeReady::boxed(async move {
            let failed = |explanation| {
                if let Some(omitted) = self.failures.admit() {
                    let policy = std::any::type_name::<P>();
                    log::write(Topic::Access, move || {
                        tracing::error!(target: AUDIT_TARGET, policy, explanation, omitted, "no access decision");
                    });
                }
                Decision::unavailable().because(explanation)
            };
            let Some(runtime) = caller.runtime() else { return failed("outside of a runtime") };
            let asked = Arc::clone(&self);
            let mut task = AbortOnDrop(runtime.spawn(async move { asked.policy.decide(&caller).await }));
            // Wakes another worker thread, in case the policy blocks its own, which may hold the task's only wake-up.
            runtime.spawn(async {});
            match timeout(POLICY_TIMEOUT, &mut task.0).await {
                Ok(Ok(decision)) => decision.mark_custom_credentials(self.policy.grants_operations()),
                // The panic message may hold credentials.
                Ok(Err(_)) => failed("the policy panicked"),
                Err(_) => failed("the policy took too long"),
            }
        })
    }

    fn headers(&self) -> Vec<&'static str> {
        self.policy.headers()
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(Scheme::CUSTOM)
    }

    fn operating(&self) -> Operating {
        if self.policy.grants_operations() { Operating::Granted } else { Operating::Grantable }
    }
}

impl Decision {
    /// Marks credentials as accepted if the policy names its caller.
    fn mark_custom_credentials(mut self, may_operate: bool) -> Self {
        self.operate = if may_operate && self.caller.is_some() { self.operate } else { Levels::NONE };
        if self.denial.is_none() && self.caller.is_some() {
            self = self.with_scheme(Scheme::CUSTOM);
        }
        if self.denial == Some(DenyReason::Unavailable) {
            self.explanation = self.explanation.or(Some("the policy could not decide"));
        }
        self
    }
}

/// A task that ends with its last observer.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
