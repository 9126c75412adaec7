use std::sync::Arc;

use tokio::runtime::Handle;

use super::{
    Selection,
    gather::{self, Gathered, Validity},
    schedule,
    shared::Shared,
};
use crate::{
    model::{CheckSpec, Report},
    registry::Registry,
};

/// Runs the checks of a registry and keeps the latest result of each.
///
/// It is a handle: clones share everything.
///
/// ```
/// use health_runtime::{Check, Level, Monitor, Registry, Selection, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), health_runtime::Error> {
/// let registry = Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?;
/// let monitor = Monitor::new(registry);
/// assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Monitor {
    shared: Arc<Shared>,
}

impl Monitor {
    /// A monitor of these checks. Background checks start on the Tokio runtime that this is called in, or else with the
    /// first report; nothing else runs before it is asked for. They end when the last handle is gone.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let shared = Arc::new(Shared::new(registry));
        if Handle::try_current().is_ok() {
            (0..shared.checks.len()).for_each(|index| schedule::ensure(&shared, index));
        }
        Self { shared }
    }

    /// What is known of each check, by level and name.
    pub fn checks(&self) -> impl Iterator<Item = &CheckSpec> {
        self.shared.checks.iter().map(|check| &*check.spec)
    }

    /// Gathers the results that a selection asks for: those young enough as they are, the others by running
    /// the check, or by joining a run that is under way. All run concurrently; a check waits for those that
    /// it depends on and for nothing else.
    ///
    /// It takes as long as the slowest check, at most until the selection's deadline
    /// ([`Selection::with_deadline`]); what is not done by then is in the report as timed out, and its run
    /// goes on.
    ///
    /// # Cancellation
    /// Dropping the future stops no run and changes no result: a run belongs to nobody.
    ///
    /// # Panics
    /// Outside a Tokio runtime whose timer is enabled.
    pub async fn report(&self, selection: &Selection) -> Report {
        self.gather(selection).await.report
    }

    /// Like [`report`](Self::report), and says for how long an answer made of it stays true.
    pub(crate) async fn gather(&self, selection: &Selection) -> Gathered {
        gather::gather(&self.shared, selection).await
    }

    /// Whether an answer is still true.
    pub(crate) fn is_valid(&self, validity: Validity) -> bool {
        validity.holds(&self.shared)
    }

    #[cfg(test)]
    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
