//! The timelines of checks and levels, from which their availability is read.

// Without the feature nothing is kept.
#[cfg_attr(not(feature = "availability"), path = "none.rs")]
mod check_timeline;

pub(super) use check_timeline::{CheckTimeline, Timelines};
