//! A report with everything that decides for how long a response made from it is true.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::time::Instant;

use super::super::engine::Engine;
#[cfg(feature = "page")]
use crate::model::GroupVerdict;
use crate::model::{CheckResult, Report};

/// A report, and the validity of a response made from it.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) report: Report,
    /// Whether another caller may learn more, because of the path of the request.
    pub(crate) is_limited: bool,
    /// Number of mutes, drains and updates before the report was gathered.
    pub(crate) epoch: u64,
    /// `None` if the report holds a result that no slot does, such as that of a check that ran out of time.
    pub(in crate::monitor) validity: Option<Validity>,
    /// Verdicts of the groups whose checks are all in the report, for a selection
    /// [with group verdicts](super::Selection::with_group_verdicts).
    #[cfg(feature = "page")]
    pub(crate) groups: Vec<GroupVerdict>,
}

impl Gathered {
    /// Returns whether a response made from it is still true.
    pub(in crate::monitor) fn is_valid(&self, engine: &Engine) -> bool {
        self.validity.as_ref().is_some_and(|validity| validity.holds(engine, self.epoch))
    }

    /// Returns whether a response made from one of the two is also one made from the other.
    pub(crate) fn shows_same(&self, other: &Self) -> bool {
        #[cfg(feature = "page")]
        if self.groups != other.groups {
            return false;
        }
        self.epoch == other.epoch && self.report.shows_same(&other.report)
    }
}

/// The span in which an answer stays true: until the first of its results is no longer young, until the first of its
/// mutes is over, or until one of its checks has another result. Mutes, drains and updates outdate every answer.
#[derive(Debug)]
pub(in crate::monitor) struct Validity {
    /// Latest generation at which the answer was true.
    generation: AtomicU64,
    /// Indices of the needed checks with their results; `None` for a check that had none yet.
    results: Vec<(usize, Option<Arc<CheckResult>>)>,
    /// `None` for a report that does not age: one without checks, or of background checks that are stale.
    pub(super) until: Option<Instant>,
}

impl Validity {
    pub(super) fn new(
        generation: u64,
        results: Vec<(usize, Option<Arc<CheckResult>>)>,
        until: Option<Instant>,
    ) -> Self {
        Self { generation: AtomicU64::new(generation), results, until }
    }

    pub(super) fn no_longer_than(self, until: Option<Instant>) -> Self {
        Self { until: self.until.into_iter().chain(until).min(), ..self }
    }

    /// Looks at the results only after something was recorded: most answers are sent many times in between.
    fn holds(&self, engine: &Engine, epoch: u64) -> bool {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return false;
        }
        // Before the results: one that is recorded meanwhile has another generation.
        let generation = engine.generation();
        if self.generation.load(Ordering::Relaxed) == generation {
            return true;
        }
        let holds = engine.epoch() == epoch && self.has_latest_results(engine);
        if holds {
            self.generation.store(generation, Ordering::Relaxed);
        }
        holds
    }

    fn has_latest_results(&self, engine: &Engine) -> bool {
        let checks = engine.checks();
        // An update may have replaced the checks a moment before it is counted.
        self.results.iter().all(|(index, result)| {
            let latest = checks.get(*index).map(|check| check.latest());
            latest.is_some_and(|latest| latest.as_ref().map(Arc::as_ptr) == result.as_ref().map(Arc::as_ptr))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{advance, sleep};

    use super::*;
    use crate::{
        model::{Check, Level},
        monitor::report::{Selection, gather},
    };

    fn check(name: &str) -> Check {
        Check::new(name, Level::L3, || async {})
    }

    #[tokio::test(start_paused = true)]
    async fn report_is_outdated_by_results_of_the_checks_that_it_needs() {
        let (often, rarely) = (Duration::from_secs(20), Duration::from_secs(3600));
        let engine = Engine::for_checks([
            check("often").interval(often),
            check("dependent").depends_on(["often"]).max_age(rarely),
            check("rarely").interval(rarely),
        ]);
        let reports = async || {
            let names = ["often", "dependent", "rarely"];
            let mut reports = Vec::new();
            for name in names {
                reports.push(gather(&engine, &Selection::check(name)).await);
            }
            reports
        };
        let valid = |reports: &[Gathered]| reports.iter().map(|report| report.is_valid(&engine)).collect::<Vec<_>>();
        let pending = reports().await;
        assert_eq!(valid(&pending), [true, true, true]);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(valid(&pending), [false, false, false], "each has its first result, or needs it");

        let recorded = reports().await;
        assert_eq!(valid(&recorded), [true, true, true]);
        sleep(often * 2).await;
        assert_eq!(valid(&recorded), [false, false, true]);
        let again = reports().await;
        engine.outdate();
        assert_eq!(valid(&again), [false, false, false]);
    }

    /// Only reports give a background check whose task ended a new one.
    #[tokio::test(start_paused = true)]
    async fn report_without_a_result_is_valid_for_a_second() {
        let engine = Engine::for_checks([check("db").interval(Duration::from_secs(3600))]);
        let report = gather(&engine, &Selection::everything()).await;
        engine.checks()[0].stop_background_runs();
        advance(Duration::from_millis(999)).await;
        assert!(report.is_valid(&engine));
        advance(Duration::from_millis(1)).await;
        assert!(!report.is_valid(&engine));
    }

    #[tokio::test(start_paused = true)]
    async fn reports_that_waited_for_the_same_run_show_the_same() {
        let slow = Check::new("slow", Level::L3, || sleep(Duration::from_millis(10))).max_age(Duration::ZERO);
        let engine = Engine::for_checks([slow]);
        let everything = Selection::everything();
        let (one, other) = tokio::join!(gather(&engine, &everything), gather(&engine, &everything));
        assert!(one.shows_same(&other));
        assert!(!one.shows_same(&gather(&engine, &Selection::check("slow")).await), "another run");
        assert!(!one.shows_same(&gather(&engine, &Selection::level(Level::L5)).await), "another selection");

        let begun = gather(&engine, &everything);
        engine.outdate();
        let (begun, after) = tokio::join!(begun, gather(&engine, &everything));
        assert!(begun.shows_same(&after), "both began after the event");
        let before = tokio::join!(gather(&engine, &everything), async {
            tokio::task::yield_now().await;
            engine.outdate();
            gather(&engine, &everything).await
        });
        assert!(!before.0.shows_same(&before.1), "a mute, a drain or an update lies between them");
    }
}
