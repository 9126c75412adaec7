use std::sync::Arc;

use super::{
    instance::Instance,
    path::{HealthPath, MAX_ELEMENTS},
};

/// Number of services that a request may have passed for this one to run a check.
const DEFAULT_MAX_DEPTH: usize = 4;

/// The rule that ends circles of services that ask each other.
#[derive(Clone, Debug)]
pub(crate) struct LoopGuard {
    pub(crate) instance: Arc<Instance>,
    max_depth: usize,
}

/// The reason why a request is answered from stored results alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// It has passed this instance before.
    Loop,
    /// It has passed too many services.
    Depth,
}

impl LoopGuard {
    /// Returns the rule for a service of this name, by default that of the program.
    pub(crate) fn new(service: Option<&str>) -> Self {
        let instance = service.map_or_else(Instance::of_program, Instance::new);
        Self { instance: Arc::new(instance), max_depth: DEFAULT_MAX_DEPTH }
    }

    /// Sets the number of services that a request may have passed. The path that this one sends on has one more.
    pub(crate) fn with_max_depth(self, max_depth: Option<usize>) -> Self {
        Self { max_depth: max_depth.map_or(self.max_depth, |depth| depth.min(MAX_ELEMENTS - 1)), ..self }
    }

    /// Returns why a request with this path starts nothing and waits for nothing; `None` if it may.
    pub(crate) fn stops(&self, path: &HealthPath) -> Option<StopReason> {
        if path.names(&self.instance) {
            Some(StopReason::Loop)
        } else {
            (path.depth() > self.max_depth).then_some(StopReason::Depth)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_instance_and_depth_stop_a_request() {
        let guard = LoopGuard::new(Some("orders"));
        let stops = |path: &str| guard.stops(&HealthPath::parse([path.as_bytes()]).expect("a good path"));
        let own = guard.instance.id();
        assert_eq!(stops(""), None);
        assert_eq!(stops("a/1, b/2, c/3, d/4"), None);
        assert_eq!(stops("a/1, b/2, c/3, d/4, e/5"), Some(StopReason::Depth));
        assert_eq!(stops(&format!("{own};level=1")), Some(StopReason::Loop));
        assert_eq!(stops(&format!("a/1, b/2, c/3, d/4, {own}")), Some(StopReason::Loop));
        let never = guard.clone().with_max_depth(Some(0));
        let one = HealthPath::parse([&b"a/1"[..]]).expect("a good path");
        assert_eq!(never.stops(&one), Some(StopReason::Depth));
        assert_eq!(never.stops(&HealthPath::default()), None, "a local caller");
        assert_eq!(guard.with_max_depth(Some(99)).max_depth, MAX_ELEMENTS - 1);
    }
}
