//! A random graph of services. Faults in some clusters leave others without any fault in reach.

use std::collections::BTreeSet;

/// Number of services in a cluster, which ask each other in circles.
const CLUSTER: usize = 20;

const MAX_FAN_OUT: usize = 20;

/// The services that each service asks.
pub(crate) struct Graph {
    pub(crate) edges: Vec<Vec<usize>>,
}

/// Numbers from a seed (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit.max(1)).expect("a number of services");
        usize::try_from((bits ^ (bits >> 31)) % limit).expect("below the limit")
    }
}

impl Graph {
    /// Makes a graph: most services ask a few others of their cluster, some up to twenty, and every fifth one also asks one of
    /// a later cluster.
    pub(crate) fn random(services: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let edges = (0..services).map(|service| {
            let fan_out = if service % CLUSTER == 0 { MAX_FAN_OUT } else { random.below(6) };
            let start = service / CLUSTER * CLUSTER;
            let size = CLUSTER.min(services - start);
            let mut asked: BTreeSet<_> = (0..fan_out).map(|_| start + random.below(size)).collect();
            let later = services.saturating_sub(start + CLUSTER);
            if service % 5 == 0 && later > 0 {
                asked.insert(start + CLUSTER + random.below(later));
            }
            asked.into_iter().take(MAX_FAN_OUT).collect()
        });
        Self { edges: edges.collect() }
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.edges.iter().map(Vec::len).sum()
    }

    /// Returns the number of hops from each service to this one; `None` where no path leads to it.
    pub(crate) fn distances_to(&self, target: usize) -> Vec<Option<usize>> {
        let mut distances = vec![None; self.edges.len()];
        distances[target] = Some(0);
        let mut reached = vec![target];
        for distance in 1.. {
            let is_next = |service: &usize| {
                distances[*service].is_none() && self.edges[*service].iter().any(|asked| reached.contains(asked))
            };
            let next: Vec<_> = (0..self.edges.len()).filter(is_next).collect();
            if next.is_empty() {
                break;
            }
            for service in &next {
                distances[*service] = Some(distance);
            }
            reached = next;
        }
        distances
    }
}
