//! Readers of a monitor that do not keep it alive.

use std::sync::{Arc, Weak};

use super::known;
use crate::{
    model::{CheckSpec, Levels, Report},
    monitor::{alerting::DeliveryCounts, engine::Engine, monitor::Monitor},
};

/// A handle that does not keep its monitor alive.
#[derive(Debug)]
pub(crate) struct WeakMonitor(Weak<Engine>);

impl Monitor {
    pub(crate) fn downgrade(&self) -> WeakMonitor {
        WeakMonitor(Arc::downgrade(&self.engine))
    }

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

    /// Returns the declaration of the check of this name, if it is still there.
    pub(crate) fn spec(&self, name: &str) -> Option<Arc<CheckSpec>> {
        Monitor { engine: self.0.upgrade()? }.spec(name)
    }
}
