//! Takes the place of the timelines without the feature `availability`: nothing is kept.
#![allow(clippy::unused_self, reason = "the methods are those of the timelines")]

use std::sync::Arc;

use tokio::time::Instant;

use crate::model::{CheckResult, CheckSpec};

#[derive(Debug)]
pub(in crate::monitor) struct Timelines;

#[derive(Debug)]
pub(in crate::monitor) struct CheckTimeline;

impl Timelines {
    pub(in crate::monitor) fn new(_start: Instant) -> Arc<Self> {
        Arc::new(Self)
    }
}

impl CheckTimeline {
    pub(in crate::monitor) fn new(_timelines: &Arc<Timelines>, _spec: &CheckSpec) -> Arc<Self> {
        Arc::new(Self)
    }

    pub(in crate::monitor) fn restart(&self, _spec: &CheckSpec) -> Arc<Self> {
        Arc::new(Self)
    }

    pub(in crate::monitor) const fn retire(&self) {}

    pub(in crate::monitor) const fn record(
        &self,
        _spec: &CheckSpec,
        _result: &CheckResult,
        _is_excused: bool,
        _at: Instant,
    ) {
    }

    pub(in crate::monitor) const fn mute(&self, _expires: Option<Instant>) {}

    pub(in crate::monitor) const fn unmute(&self) {}
}
