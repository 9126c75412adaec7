//! Availability: the share of time in which a check or a level passed, and the latency of runs, over the last hour, day and
//! week. Fixed buckets of plain numbers, which read no clock: callers state the milliseconds since the start.

mod bucket;
mod latency;
mod level_timeline;
mod summary;
mod timeline;

#[cfg(feature = "page")]
pub(crate) use latency::Latency;
pub(crate) use level_timeline::{LevelTimeline, MemberId};
pub(crate) use summary::{Availability, WindowEnd, WindowSummary};
#[cfg(feature = "page")]
pub(crate) use summary::{Span, Window};
pub(crate) use timeline::Timeline;

/// Milliseconds on the monotonic clock since the monitor was made.
pub(crate) type Millis = u64;
