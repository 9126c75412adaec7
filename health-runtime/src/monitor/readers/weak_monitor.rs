//! Readers of a monitor that do not keep it alive.

use std::sync::{Arc, Weak};

use super::known;
#[cfg(feature = "alerts")]
use crate::{model::CheckSpec, monitor::alerting::DeliveryCounts};
use crate::{
    model::{Levels, Report},
    monitor::{engine::Engine, monitor::Monitor},
};

/// A handle that does not keep its monitor alive.
#[derive(Debug)]
pub(crate) struct WeakMonitor(Weak<Engine>);

impl Monitor {
    pub(crate) fn downgrade(&self) -> WeakMonitor {
        WeakMonitor(Arc::downgrade(&self.engine))
    }
}

#[cfg(feature = "alerts")]
impl Monitor {
    /// Spawns a task on the runtime of runs; without one, at the first change of a check, which needs a runtime.
    pub(crate) fn spawn_soon(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.alerting.push(Box::pin(task));
        self.engine.start_waiting_tasks();
    }

    /// Returns the numbers of a receiver of alerts.
    pub(crate) fn delivery_counts(&self, receiver: &str) -> Arc<DeliveryCounts> {
        self.engine.alerting.counts(receiver)
    }

    /// Returns the numbers of all receivers of alerts.
    #[cfg(feature = "metrics")]
    pub(crate) fn deliveries(&self) -> Vec<Arc<DeliveryCounts>> {
        self.engine.alerting.deliveries()
    }
}

impl WeakMonitor {
    /// Returns the latest result of each check, without running any; `None` once the monitor is gone.
    pub(crate) fn known(&self) -> Option<Report> {
        Some(known::report(&self.0.upgrade()?, Levels::ALL))
    }

    /// Returns a handle that keeps the monitor alive; `None` once it is gone.
    pub(crate) fn upgrade(&self) -> Option<Monitor> {
        Some(Monitor { engine: self.0.upgrade()? })
    }

    /// Returns the checks among these that were removed or disabled; none once the monitor is gone.
    #[cfg(feature = "alerts")]
    pub(crate) fn ended<'a>(&self, names: impl Iterator<Item = &'a String>) -> Vec<String> {
        let Some(engine) = self.0.upgrade() else { return Vec::new() };
        let checks = engine.checks();
        let has_ended = |name: &&String| checks.find(name).is_none_or(|index| !checks[index].spec.is_enabled());
        names.filter(has_ended).cloned().collect()
    }

    /// Returns the declaration of the check of this name, if it is still there.
    #[cfg(feature = "alerts")]
    pub(crate) fn spec(&self, name: &str) -> Option<Arc<CheckSpec>> {
        self.upgrade()?.spec(name)
    }
}
