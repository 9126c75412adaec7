//! The root causes that another service names, as far as they count here.

use tokio::time::Instant;

use crate::{
    health_path::Distances,
    model::{MAX_ROOT_CAUSES, RootCause, Status},
    probes::root_cause_path::{MAX_PATH_BYTES, parse},
};

/// The root causes in a report.
#[derive(Debug, Default)]
pub(super) struct NamedRootCauses {
    pub(super) counted: Vec<RootCause>,
    /// Paths that lead back to this service, go round elsewhere, are too long, or are longer than another one lately. Each
    /// service adds itself to a path, so one that goes round ends here, and no failure outlives its cause for long.
    pub(super) ignored: Vec<String>,
    /// Whether there are others, which cannot be read.
    has_invalid: bool,
}

impl NamedRootCauses {
    /// Reads the paths to the checks that have this status in a report of a service, for this one, if its name is known.
    pub(super) fn read(
        paths: &[String],
        reporter: &str,
        own: Option<&str>,
        status: Status,
        distances: &mut Distances,
    ) -> Self {
        let now = Instant::now();
        let mut named = Self { has_invalid: paths.len() > MAX_ROOT_CAUSES, ..Self::default() };
        for path in paths.iter().take(MAX_ROOT_CAUSES) {
            let Some(cause) = parse(path) else {
                named.has_invalid = true;
                continue;
            };
            let cause = cause.through(reporter);
            let is_too_long = cause.as_str().len() > MAX_PATH_BYTES;
            let goes_round = cause.goes_round() || own.is_some_and(|own| cause.returns_to(own));
            if is_too_long || !distances.is_feasible(&cause, status != Status::Fail, now) || goes_round {
                named.ignored.push(cause.to_string());
            } else if !named.counted.contains(&cause) {
                named.counted.push(cause);
            }
        }
        named
    }

    /// Returns whether a report that does not pass has no other reason than the ignored root causes.
    pub(super) fn are_all_ignored(&self) -> bool {
        self.counted.is_empty() && !self.ignored.is_empty() && !self.has_invalid
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::model::{Check, Level};

    fn distances() -> Distances {
        Distances::new(Check::new("billing", Level::L3, || async {}).interval(Duration::from_secs(1)).spec())
    }

    fn read(paths: &[&str]) -> (Vec<String>, Vec<String>, bool) {
        let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
        let named = NamedRootCauses::read(&paths, "billing", Some("orders"), Status::Fail, &mut distances());
        let are_all_ignored = named.are_all_ignored();
        (named.counted.iter().map(RootCause::to_string).collect(), named.ignored, are_all_ignored)
    }

    fn texts(paths: &[&str]) -> Vec<String> {
        paths.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_that_go_round_or_are_too_long_are_ignored() {
        let (counted, returning, round) = ("billing/db", "billing/orders/db", "billing/a/billing/a/billing/db");
        assert_eq!(read(&["db", "orders/db"]), (texts(&[counted]), texts(&[returning]), false));
        assert_eq!(read(&["orders/db", "a/billing/a/billing/db"]), (texts(&[]), texts(&[returning, round]), true));
        let (far, long) = ("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/db", "x".repeat(MAX_PATH_BYTES - 7));
        assert_eq!(read(&[far; 2]), (texts(&[&format!("billing/{far}")]), texts(&[]), false));
        assert_eq!(read(&[&long]), (texts(&[]), texts(&[&format!("billing/{long}")]), true));
        assert_eq!(read(&[&long[1..]]), (texts(&[&format!("billing/{}", &long[1..])]), texts(&[]), false));
        assert_eq!(read(&[]), (texts(&[]), texts(&[]), false), "the service is to blame");
    }

    #[test]
    fn invalid_paths_excuse_nothing() {
        for invalid in ["", "/", "a/", "/db", "a//db", "a/\u{202e}db", "a/\n", "a/x://u:hunter2@h"] {
            let ignored = texts(&["billing/orders/db"]);
            assert_eq!(read(&[invalid, "orders/db"]), (texts(&[]), ignored, false), "{invalid}");
        }
        assert_eq!(read(&[&"x".repeat(MAX_PATH_BYTES + 1)]), (texts(&[]), texts(&[]), false));
        let many: Vec<_> = (0..99).map(|index| format!("orders/{index}")).collect();
        let (counted, ignored, are_all_ignored) = read(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((counted.len(), ignored.len(), are_all_ignored), (0, MAX_ROOT_CAUSES, false));
    }

    /// Services that ask each other, as long as a check of one of them fails and afterwards.
    struct Network {
        names: Vec<String>,
        /// The services that ask and that are asked, with the root causes of the last answer.
        edges: Vec<(usize, usize, Distances, Vec<RootCause>)>,
        faulty: Option<usize>,
    }

    impl Network {
        fn root_causes(&self, service: usize) -> Vec<RootCause> {
            let own = (self.faulty == Some(service)).then(|| RootCause::new("db"));
            let remote = self.edges.iter().filter(|edge| edge.0 == service).flat_map(|edge| edge.3.clone());
            RootCause::bounded(own.into_iter().chain(remote).collect())
        }

        /// Lets each service ask all others that it knows, in this order.
        fn ask(&mut self, order: &[usize]) {
            let count = self.edges.len();
            for index in order.iter().filter(|index| **index < count) {
                let (from, to, ..) = self.edges[*index];
                let paths: Vec<_> = self.root_causes(to).iter().map(RootCause::to_string).collect();
                let [own, reporter] = [from, to].map(|service| self.names[service].clone());
                let (.., distances, causes) = &mut self.edges[*index];
                *causes = NamedRootCauses::read(&paths, &reporter, Some(&own), Status::Fail, distances).counted;
            }
        }
    }

    const SERVICES: usize = 8;

    proptest! {
        /// Without the distances, one in a hundred networks needs eleven rounds and more, as many as the longest way through its
        /// circles has services.
        #[test]
        fn mended_fault_is_forgotten_within_ten_rounds(
            asked in vec((0..SERVICES, 0..SERVICES), 1..40),
            orders in vec(Just((0..40).collect::<Vec<_>>()).prop_shuffle(), 3 * SERVICES + 2),
        ) {
            let edges = asked.into_iter().collect::<BTreeSet<_>>().into_iter();
            let edges = edges.map(|(from, to)| (from, to, distances(), Vec::new())).collect();
            let names = (0..SERVICES).map(|service| format!("s{service}")).collect();
            let mut network = Network { names, edges, faulty: Some(0) };
            let (before, after) = orders.split_at(2 * SERVICES);
            for order in before {
                network.ask(order);
            }
            network.faulty = None;
            for order in after {
                network.ask(order);
            }
            for service in 0..SERVICES {
                prop_assert_eq!(network.root_causes(service), [], "s{}", service);
            }
        }
    }
}
