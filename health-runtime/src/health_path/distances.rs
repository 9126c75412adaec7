use std::time::Duration;

use tokio::time::Instant;

use crate::{
    model::{CheckSpec, RootCause},
    time::after,
};

/// Number of runs, in time, for which a distance counts. The services on the way to a mended fault forget it one after the other.
const RUNS: u32 = 8;

/// Shortest time between two runs that counts.
const MIN_PERIOD: Duration = Duration::from_secs(1);

/// Longest time for which a distance counts, because a failure may be reached by a longer way alone from one run to the next.
const MAX_HOLD: Duration = Duration::from_secs(10 * 60);

/// Most ways that are remembered.
const MAX_WAYS: usize = 64;

/// The distances at which the latest runs of a check have named root causes.
///
/// After a fault is mended, services in a circle still name it to each other, by longer and longer paths (the path exploration of
/// routing protocols). So a path is believed only while no shorter one was lately: it is feasible, in the words of RFC 8966.
#[derive(Clone, Debug)]
pub(crate) struct Distances {
    hold: Duration,
    known: Vec<Way>,
}

/// The paths to one check at fault that begin with the same two services.
#[derive(Clone, Debug)]
struct Way {
    key: String,
    is_warning: bool,
    /// Distance up to which a path is believed.
    limit: usize,
    /// Whether shorter and longer paths take turns, as with replicas. Then both are there.
    is_raised: bool,
    /// The longest path that was ignored since the last one that was not; 0 without any.
    ignored: usize,
    until: Instant,
}

impl Distances {
    /// Returns the distances for a check of these settings.
    pub(crate) fn new(spec: &CheckSpec) -> Self {
        Self { hold: hold(spec), known: Vec::new() }
    }

    /// Returns the same distances for other settings.
    pub(crate) fn succeed(&self, spec: &CheckSpec) -> Self {
        Self { hold: hold(spec), known: self.known.clone() }
    }

    /// Returns whether no run has named this root cause at a shorter distance lately. If so, remembers it. A warning makes no
    /// failure a rumour.
    pub(crate) fn is_feasible(&mut self, cause: &RootCause, is_warning: bool, now: Instant) -> bool {
        self.known.retain(|way| way.until > now);
        let (key, distance) = (key(cause), cause.distance());
        let is_nearer = |way: &&mut Way| way.key == key && way.limit < distance && (is_warning || !way.is_warning);
        if let Some(nearer) = self.known.iter_mut().find(is_nearer) {
            nearer.ignored = nearer.ignored.max(distance);
            return false;
        }
        let until = after(now, self.hold);
        if let Some(way) = self.known.iter_mut().find(|way| way.key == key && way.is_warning == is_warning) {
            if way.ignored > 0 {
                (way.limit, way.is_raised, way.ignored) = (way.ignored, true, 0);
            } else if !way.is_raised {
                way.limit = distance;
            }
            way.until = until;
        } else if self.known.len() < MAX_WAYS {
            self.known.push(Way { key, is_warning, limit: distance, is_raised: false, ignored: 0, until });
        }
        true
    }
}

fn hold(spec: &CheckSpec) -> Duration {
    let period = spec.interval().unwrap_or_else(|| spec.max_age()).max(MIN_PERIOD);
    period.saturating_mul(RUNS).min(MAX_HOLD)
}

/// Returns the service that has named a root cause and the one that it asks, with the check at fault.
fn key(cause: &RootCause) -> String {
    let services: Vec<_> = cause.services().take(2).collect();
    format!("{} {}", services.join("/"), cause.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Check, Level};

    const SECOND: Duration = Duration::from_secs(1);

    struct Heard(Distances, Instant);

    impl Heard {
        fn new(interval: Duration) -> Self {
            let check = Check::new("billing", Level::L3, || async {}).interval(interval);
            Self(Distances::new(check.spec()), Instant::now())
        }

        fn believes(&mut self, path: &str, is_warning: bool) -> bool {
            self.0.is_feasible(&RootCause::from_path(path.to_owned()), is_warning, self.1)
        }

        fn fails(&mut self, path: &str) -> bool {
            self.believes(path, false)
        }
    }

    #[test]
    fn longer_path_counts_after_the_time_of_eight_runs() {
        for (interval, hold) in [(0, 8), (1, 8), (30, 240), (75, 600), (3_600, 600), (u64::MAX, 600)] {
            let mut heard = Heard::new(Duration::from_secs(interval));
            assert!(heard.fails("a/b/c/db") && heard.fails("a/b/db"));
            heard.1 += SECOND * (hold - 1);
            assert!(!heard.fails("a/b/d/b/db"), "{interval}");
            heard.1 += SECOND;
            assert!(heard.fails("a/b/d/b/db"), "{interval}");
        }
    }

    #[test]
    fn paths_of_other_ways_and_origins_are_independent() {
        let mut heard = Heard::new(SECOND);
        assert!(heard.fails("a/db") && heard.fails("a/b/db"));
        for other in ["b/c/a/db", "a/c/d/db", "a/b/c/disk", "a/b/c/d/db"] {
            assert!(heard.fails(other), "{other}");
        }
        assert!(!heard.fails("a/b/x/b/db"));
    }

    #[test]
    fn warnings_make_no_failure_a_rumour() {
        let mut heard = Heard::new(SECOND);
        assert!(heard.believes("a/b/db", true));
        assert!(heard.fails("a/b/c/b/db"));
        assert!(!heard.believes("a/b/c/b/db", true) && !heard.fails("a/b/c/d/c/b/db"));
    }

    #[test]
    fn replicas_that_name_different_paths_are_both_believed() {
        let mut heard = Heard::new(SECOND);
        assert!(heard.fails("a/b/db") && !heard.fails("a/b/x/b/db"));
        for _ in 0..3 {
            assert!(heard.fails("a/b/db") && heard.fails("a/b/x/b/db"));
        }
        assert!(!heard.fails("a/b/x/y/b/db"));
    }

    #[test]
    fn memory_is_bounded() {
        let mut heard = Heard::new(SECOND);
        for index in 0..1_000 {
            assert!(heard.fails(&format!("a/b/check{index}")));
        }
        assert_eq!(heard.0.known.len(), MAX_WAYS);
    }
}
