//! Fire drills, as callers begin and end them.

use std::{panic::Location, sync::Arc, time::Duration};

use super::super::{drilling::DrillOrder, drills, monitor::Monitor};
use crate::{
    error::{DrillError, UnknownCheck, file_and_line},
    model::{CheckName, Drill, Forced, Level},
};

impl Monitor {
    /// Lets a check behave as forced for some time, an hour at most, in place of an earlier drill, and then by itself again:
    /// so that people find out by day whether alerts, load balancers and runbooks work. See the
    /// [guide](crate::_docs::fire_drills).
    ///
    /// Everything counts as in a real failure: thresholds, holds, timeouts, dependents, groups, alerts. Every format, metric,
    /// change and alert says that it is a drill, until when and by whom; the reason and the caller are details. The check
    /// runs at once when the drill begins and when it ends. The drill ends early by [`undrill`](Self::undrill), by a
    /// [drain](Self::drain), by an update that removes or replaces the check, and with the process. Begin and end are logged.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use health_runtime::{Check, Forced, Level, Monitor, Registry, Selection, Status};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let registry = Registry::builder().check(Check::new("db", Level::L1, || async { true })).build()?;
    /// let monitor = Monitor::new(registry);
    /// monitor.drill("db", Forced::fail("does the pager ring?"), Duration::from_mins(5))?;
    /// assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Fail);
    /// monitor.undrill("db")?;
    /// assert_eq!(monitor.report(&Selection::everything()).await.status(), Status::Pass);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A run of the own function in progress goes on for the reports that wait for it, and counts for nothing. In a drill a
    /// check of a [`Fleet`](crate::Fleet) writes nothing into the store.
    ///
    /// # Errors
    /// If no check has this name, if it is disabled or fails already, if the check or one that depends on it belongs to
    /// liveness, if the drill would let the check pass or has a duration of zero or more than an hour, and during a drain.
    #[track_caller]
    pub fn drill(
        &self,
        check: impl Into<CheckName>,
        forced: impl Into<Forced>,
        duration: Duration,
    ) -> Result<(), DrillError> {
        self.begin_drill(check.into(), forced.into(), duration, Location::caller(), false)
    }

    /// Does the same as [`drill`](Self::drill), also to a check of the liveness group or one that liveness depends on: an
    /// orchestrator restarts the service, which ends the drill.
    ///
    /// # Errors
    /// Like [`drill`](Self::drill), except for liveness.
    #[track_caller]
    pub fn drill_liveness(
        &self,
        check: impl Into<CheckName>,
        forced: impl Into<Forced>,
        duration: Duration,
    ) -> Result<(), DrillError> {
        self.begin_drill(check.into(), forced.into(), duration, Location::caller(), true)
    }

    fn begin_drill(
        &self,
        check: CheckName,
        forced: Forced,
        duration: Duration,
        caller: &Location<'_>,
        includes_liveness: bool,
    ) -> Result<(), DrillError> {
        let check = self.find(check)?;
        let by = file_and_line(caller);
        let order = DrillOrder { forced, duration, reason: None, by, includes_liveness };
        drills::begin(&self.engine, check.spec.name(), None, order).map(drop)
    }

    /// Begins a drill of a check of this level, about which access was decided, and returns it.
    pub(crate) fn drill_for(&self, check: &str, level: Level, order: DrillOrder) -> Result<Arc<Drill>, DrillError> {
        drills::begin(&self.engine, check, Some(level), order)
    }

    /// Ends the drill of a check of this level, if it is in one. Returns whether there is such a check.
    pub(crate) fn undrill_at(&self, check: &str, level: Level) -> bool {
        let is_there = self.engine.checks().find_at(check, level).is_some();
        if is_there {
            drills::end(&self.engine, check);
        }
        is_there
    }

    /// Ends the drill of a check, which runs at once.
    ///
    /// # Errors
    /// If no check has this name. A check that is in no drill is not an error.
    pub fn undrill(&self, check: impl Into<CheckName>) -> Result<(), UnknownCheck> {
        let check = self.find(check)?;
        drills::end(&self.engine, check.spec.name());
        Ok(())
    }
}
