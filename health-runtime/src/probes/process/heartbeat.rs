//! Probe of a loop that reports each time round.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use crate::{
    model::{Level, Outcome, Status},
    probes::probe::{idle_check, judged, probe},
};

probe! {
    /// The probe of [`probes::heartbeat`](heartbeat()).
    pub struct HeartbeatProbe {
        beats: Arc<Beats>,
        holders: Weak<()>,
        max_silence: Duration,
        first_beat_within: Option<Duration>,
        starting_as: Status,
    }

    /// Compares the time of the last beat with now. It neither blocks nor waits.
    instant fn observe;
}

/// The handle that a loop holds, and beats with. Made by [`probes::heartbeat`](heartbeat()).
///
/// Clones beat for the same check, which fails as soon as the last of them is dropped.
#[derive(Clone, Debug)]
#[must_use = "a heartbeat that is dropped fails its check"]
pub struct Heartbeat {
    beats: Arc<Beats>,
    /// Counts the handles; the probe holds a `Weak`.
    _holder: Arc<()>,
}

impl Heartbeat {
    /// Reports that the loop goes round. It costs the reading of a clock and two atomic writes, so call it each time
    /// round, from any thread.
    pub fn beat(&self) {
        let nanos = self.beats.start.elapsed().as_nanos();
        self.beats.last_nanos.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.beats.count.fetch_add(1, Ordering::Release);
    }
}

/// Beats so far. 64 bits hold the nanoseconds of five centuries.
#[derive(Debug)]
struct Beats {
    start: Instant,
    /// Time of the last beat after `start`; without a meaning before the first.
    last_nanos: AtomicU64,
    count: AtomicU64,
}

/// Checks that a loop goes round: a consumer, a scheduler, a thread that polls. The loop holds the [`Heartbeat`] and
/// [beats](Heartbeat::beat) each time round; the check fails after a silence of more than `max_silence`.
///
/// Name `heartbeat`, level 5, in no group. Give each loop a heartbeat and a name of its own, because clones of one
/// heartbeat beat for each other. The time counts on Tokio's clock, so tests can pause it.
///
/// | the loop | status |
/// |---|---|
/// | beat within `max_silence` | pass |
/// | has not beaten yet, and has time left ([`first_beat_within`](HeartbeatProbe::first_beat_within)) | warn, or the status of [`starting_as`](HeartbeatProbe::starting_as) |
/// | has not beaten in this time | fail |
/// | is silent for longer | fail |
/// | has ended: every clone of its heartbeat was dropped, by a return, a panic or an abort | fail, at once |
///
/// | data | |
/// |---|---|
/// | `beats` | number of beats since the start |
/// | `last_beat_ago_ms` | milliseconds since the last beat; `null` before the first |
/// | `has_ended` | whether every clone was dropped |
///
/// A supervisor that starts a loop again keeps a clone, which hides the end of the loop; its silence still shows.
/// [The guide](crate::_docs::probes#a-loop-that-goes-round) has a consumer, and says when it belongs to liveness and when to
/// readiness.
///
/// It is a start-up error if `max_silence` or the time for the first beat is zero.
///
/// ```
/// use std::time::Duration;
///
/// use health_runtime::{Registry, Status, probes};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
/// # let _entered = runtime.enter();
/// let (heartbeat, mailer) = probes::heartbeat(Duration::from_secs(30));
/// let sender = tokio::spawn(async move {
///     loop {
///         heartbeat.beat();
///         tokio::time::sleep(Duration::from_secs(10)).await; // stands for the work
///     }
/// });
/// let registry = Registry::builder().check(mailer.clone().name("mailer").liveness()).build()?;
/// # assert_eq!(registry.checks().count(), 1);
///
/// sender.abort();
/// # let _ = runtime.block_on(sender);
/// assert_eq!(mailer.observe().status(), Status::Fail);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn heartbeat(max_silence: Duration) -> (Heartbeat, HeartbeatProbe) {
    let (beats, holder) = (
        Arc::new(Beats { start: Instant::now(), last_nanos: AtomicU64::new(0), count: AtomicU64::new(0) }),
        Arc::new(()),
    );
    let probe = HeartbeatProbe {
        check: idle_check("heartbeat", Level::L5),
        beats: Arc::clone(&beats),
        holders: Arc::downgrade(&holder),
        max_silence,
        first_beat_within: None,
        starting_as: Status::Warn,
    };
    (Heartbeat { beats, _holder: holder }, probe)
}

impl HeartbeatProbe {
    /// Sets the time that the loop has for its first beat, counted from [`probes::heartbeat`](heartbeat()) on. Default:
    /// the longest silence. Zero is a start-up error.
    pub fn first_beat_within(mut self, time: Duration) -> Self {
        self.first_beat_within = Some(time);
        self
    }

    /// Sets the status before the first beat, while the loop has time left for it. Default: [`Status::Warn`], which keeps
    /// a process alive and ready. [`Status::Fail`] is for readiness or startup that waits for the loop.
    pub fn starting_as(mut self, status: Status) -> Self {
        self.starting_as = status;
        self
    }

    #[expect(clippy::unnecessary_wraps, reason = "every probe has this method")]
    fn look(&self) -> Result<Pulse, String> {
        // Before the beats, so that those of a loop which ends meanwhile are counted.
        let has_ended = self.holders.strong_count() == 0;
        let beats = self.beats.count.load(Ordering::Acquire);
        let since_start = self.beats.start.elapsed();
        let last = Duration::from_nanos(self.beats.last_nanos.load(Ordering::Relaxed));
        let silence = (beats > 0).then(|| since_start.saturating_sub(last));
        Ok(Pulse { beats, since_start, silence, has_ended })
    }

    fn faults(&self) -> Vec<String> {
        let silence =
            self.max_silence.is_zero().then(|| "its longest silence is zero, which every loop exceeds".to_owned());
        let first = self
            .first_beat_within
            .is_some_and(|time| time.is_zero())
            .then(|| "its time for the first beat is zero, in which no loop begins".to_owned());
        silence.into_iter().chain(first).collect()
    }

    fn judge(&self, pulse: Pulse) -> Outcome {
        let first_within = self.first_beat_within.unwrap_or(self.max_silence);
        let is_silent = pulse.silence.is_some_and(|silence| silence > self.max_silence);
        let (status, message) = match pulse.silence.map(whole_milliseconds) {
            None if pulse.has_ended => (Status::Fail, "the loop has ended without a beat".to_owned()),
            Some(ago) if pulse.has_ended => {
                (Status::Fail, format!("the loop has ended; its last beat was {ago:?} ago"))
            }
            None if pulse.since_start > first_within => {
                (Status::Fail, format!("the loop has not begun: no beat came within {first_within:?}"))
            }
            None => {
                (self.starting_as, format!("the loop has not beaten yet; it has {first_within:?} for its first beat"))
            }
            Some(ago) if is_silent => {
                let limit = self.max_silence;
                (Status::Fail, format!("the loop is silent: its last beat was {ago:?} ago, more than {limit:?}"))
            }
            Some(_) => (Status::Pass, String::new()),
        };
        let data = HeartbeatData {
            beats: pulse.beats,
            last_beat_ago_ms: pulse.silence.map(|silence| u64::try_from(silence.as_millis()).unwrap_or(u64::MAX)),
            has_ended: pulse.has_ended,
        };
        judged(status, data, Some(message))
    }
}

/// State of a loop at one moment.
#[derive(Clone, Copy)]
struct Pulse {
    beats: u64,
    since_start: Duration,
    /// Time since the last beat.
    silence: Option<Duration>,
    has_ended: bool,
}

#[derive(Serialize)]
struct HeartbeatData {
    beats: u64,
    last_beat_ago_ms: Option<u64>,
    has_ended: bool,
}

/// Rounds up, so that a silence beyond the limit is shown as longer than it.
fn whole_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}
