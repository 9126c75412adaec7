use std::{fmt, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::timeout};

use super::{
    caller::Caller,
    decision::{Decision, DenyReason},
    refusal::AUDIT,
    requirement::Requirement,
    schemes::{Scheme, Schemes},
};
use crate::{
    log::{self, OncePerMinute, Topic},
    maybe_ready::MaybeReady,
    model::Levels,
};

/// How long a policy of the user's may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// The member of `Vary` for what is no header, such as the address of the connection, or not known (RFC 9110, section
/// 12.5.5).
pub(super) const ANYTHING: &str = "*";

/// Decides who may have which levels run, and who sees details: for what the ready-made policies do not cover.
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
/// It is asked once for a request (for a token, perhaps once more by a rule that holds it), in a task of its own, on the
/// runtime that the checks run on. It has 2 s; one that takes longer or panics has not decided, and the caller is refused
/// with 503. It is dropped when the caller hangs up, which `Limits` take for a failed attempt.
/// As with checks, one that blocks its thread keeps the thread.
pub trait Policy: Send + Sync + 'static {
    /// What this caller may do.
    fn decide(&self, caller: &Caller) -> impl Future<Output = Decision> + Send;

    /// Names the request headers that it decides by, in lower case, for `Vary`. Default: `*`, which stands for anything,
    /// such as the address of the connection.
    fn headers(&self) -> Vec<&'static str> {
        vec![ANYTHING]
    }
}

/// A policy of any kind, to be composed with others. Clones are one policy, which is asked once for a request.
#[derive(Clone)]
#[must_use]
pub struct AnyPolicy {
    inner: Arc<dyn Decide>,
}

/// What every policy is inside: one that can be asked without a future, and says what is wrong with it at start.
pub(super) trait Decide: Send + Sync {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision>;

    /// What is wrong with it, a sentence each.
    fn faults(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it says of everybody, if it looks at nobody.
    fn fixed(&self) -> Option<Decision> {
        None
    }

    /// The request headers that it decides by, in lower case; [`ANYTHING`] for what is no header.
    fn headers(&self) -> Vec<&'static str>;

    /// The credentials by which it grants one of these levels.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes requirements"))]
    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::open()
    }
}

impl AnyPolicy {
    pub(super) fn new(policy: impl Decide + 'static) -> Self {
        Self { inner: Arc::new(policy) }
    }

    pub(super) fn decide(&self, caller: &Caller) -> MaybeReady<Decision> {
        Arc::clone(&self.inner).decide(caller)
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

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Whoever may have a level run sees its details, too; for [`public`](super::public()).
    pub fn with_details(self) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::WithDetails })
    }

    /// Nobody sees details by this policy.
    pub fn without_details(self) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::WithoutDetails })
    }

    /// Grants these levels alone, such as `Level::L4..=Level::L5`.
    pub fn only_levels(self, levels: impl Into<Levels>) -> Self {
        Self::new(Adjusted { policy: self, how: Adjustment::Only(levels.into()) })
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

/// A policy, with less or more of what it grants.
struct Adjusted {
    policy: AnyPolicy,
    how: Adjustment,
}

#[derive(Clone, Copy)]
enum Adjustment {
    WithDetails,
    WithoutDetails,
    Only(Levels),
}

impl Adjustment {
    fn apply(self, decision: Decision) -> Decision {
        match self {
            Self::WithDetails => Decision { details: decision.run, ..decision },
            Self::WithoutDetails => decision.without_details(),
            Self::Only(levels) => decision.only_levels(levels),
        }
    }
}

impl Decide for Adjusted {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let how = self.how;
        self.policy.decide(caller).map(move |decision| how.apply(decision))
    }

    fn faults(&self) -> Vec<String> {
        self.policy.faults()
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
            Adjustment::WithDetails | Adjustment::WithoutDetails => levels,
        };
        if granted.is_empty() { Requirement::closed() } else { self.policy.requirement(granted) }
    }
}

/// A policy of the user's, whose panics and hangs are decisions, too.
struct Guarded<P> {
    policy: P,
    failures: OncePerMinute,
}

impl<P: Policy> Decide for Guarded<P> {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let caller = caller.clone();
        MaybeReady::boxed(async move {
            let failed = |why| {
                if let Some(omitted) = self.failures.admit() {
                    let policy = std::any::type_name::<P>();
                    log::write(Topic::Access, move || {
                        tracing::error!(target: AUDIT, policy, why, omitted, "no access decision");
                    });
                }
                Decision::unavailable().because(why)
            };
            let Some(runtime) = caller.runtime() else { return failed("outside of a runtime") };
            let asked = Arc::clone(&self);
            let mut task = AbortOnDrop(runtime.spawn(async move { asked.policy.decide(&caller).await }));
            // Wakes another worker thread, should the policy block its own: see `Shared::spawn`.
            runtime.spawn(async {});
            match timeout(TIME_LIMIT, &mut task.0).await {
                Ok(Ok(decision)) => decision.of_own(),
                // What it said in its panic may hold what it was asked about.
                Ok(Err(_)) => failed("the policy panicked"),
                Err(_) => failed("the policy took too long"),
            }
        })
    }

    fn headers(&self) -> Vec<&'static str> {
        self.policy.headers()
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::of(Scheme::CUSTOM)
    }
}

impl Decision {
    /// One that knows its caller has accepted credentials, whatever they were.
    fn of_own(mut self) -> Self {
        if self.denial.is_none() && self.who.is_some() {
            self.accepted = Schemes::one(Scheme::CUSTOM);
        }
        if self.denial == Some(DenyReason::Unavailable) {
            self.because = self.because.or(Some("the policy could not decide"));
        }
        self
    }
}

/// A task that nobody waits for any more is not worth running.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
