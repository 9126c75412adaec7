use std::collections::VecDeque;

use crate::model::RootCause;

/// Number of runs that are remembered. The services on the way to a mended fault forget it one after the other.
const MAX_RUNS: usize = 8;

/// The distances at which the latest runs of a check have named root causes.
///
/// After a fault is mended, services in a circle still name it to each other, by longer and longer paths (the path exploration of
/// routing protocols). So a path is believed only while no shorter one was lately: it is feasible, in the words of RFC 8966.
#[derive(Clone, Debug)]
pub(crate) struct Distances {
    /// For each run the origins of the root causes with their distances, the oldest run first.
    runs: VecDeque<Vec<(String, usize)>>,
}

impl Distances {
    pub(crate) const fn new() -> Self {
        Self { runs: VecDeque::new() }
    }

    pub(crate) fn begin_run(&mut self) {
        if self.runs.len() == MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(Vec::new());
    }

    /// Returns whether no run has named this root cause at a shorter distance. If so, remembers it.
    pub(crate) fn is_feasible(&mut self, cause: &RootCause) -> bool {
        let is_nearer = |(origin, distance): &(String, usize)| origin == cause.origin() && *distance < cause.distance();
        let is_feasible = !self.runs.iter().flatten().any(is_nearer);
        if let Some(run) = self.runs.back_mut().filter(|_| is_feasible) {
            run.push((cause.origin().to_owned(), cause.distance()));
        }
        is_feasible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_path_counts_after_eight_runs_without_a_shorter_one() {
        let path = |text: &str| RootCause::from_path(text.to_owned());
        let mut distances = Distances::new();
        distances.begin_run();
        assert!(distances.is_feasible(&path("b/a/db")));
        assert!(distances.is_feasible(&path("c/db")));
        for _ in 1..MAX_RUNS {
            distances.begin_run();
            assert!(!distances.is_feasible(&path("c/b/a/db")));
            assert!(!distances.is_feasible(&path("a/c/db")));
        }
        for same_or_new in ["b/a/db", "c/a/db", "x/y/db"] {
            assert!(distances.clone().is_feasible(&path(same_or_new)), "{same_or_new}");
        }
        distances.begin_run();
        assert!(distances.is_feasible(&path("c/b/a/db")));
        assert!(distances.is_feasible(&path("a/db")), "shorter");
        assert!(!distances.is_feasible(&path("c/b/a/db")));
        assert_eq!(distances.runs.len(), MAX_RUNS);
    }
}
