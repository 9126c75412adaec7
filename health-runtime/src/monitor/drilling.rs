//! The drill of one check.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    mask::mask_credentials,
    model::{Drill, Forced, Work},
    runner::answer,
    sync::JoinHandle,
    time::{after, wall_clock_after},
};

/// Maximum length of a drill.
pub(crate) const MAX_DRILL: Duration = Duration::from_secs(60 * 60);

/// A drill that goes on, with its end on the runtime's clock. It lasts as long as its check is in the set.
#[derive(Debug)]
pub(super) struct Drilling {
    pub(super) drill: Arc<Drill>,
    pub(super) expires: Instant,
    /// Whether the check may belong to liveness.
    pub(super) includes_liveness: bool,
    forced: Forced,
    /// The task that ends it; `None` if there is no runtime, and the next report ends it.
    timer: Option<JoinHandle<()>>,
}

/// A drill that somebody wants.
#[derive(Debug)]
pub(crate) struct DrillOrder {
    pub(crate) forced: Forced,
    pub(crate) duration: Duration,
    /// `None` for the message of the forced answer.
    pub(crate) reason: Option<String>,
    pub(crate) by: String,
    /// Whether the check may belong to liveness.
    pub(crate) includes_liveness: bool,
}

impl Drilling {
    /// Returns a drill that begins now, and that the timer ends; `None` if the check would pass.
    pub(super) fn new(order: DrillOrder, timer: impl FnOnce(Instant) -> Option<JoinHandle<()>>) -> Option<Self> {
        let DrillOrder { forced, duration, reason, by, includes_liveness } = order;
        let reason = reason.as_deref().or(forced.message());
        let drill = Drill {
            behavior: forced.word()?,
            until: wall_clock_after(duration),
            reason: reason.map(|reason| mask_credentials(reason).into_owned()),
            by,
        };
        let expires = after(Instant::now(), duration);
        Some(Self { drill: Arc::new(drill), expires, includes_liveness, forced, timer: timer(expires) })
    }

    /// Returns the work of the check in the drill.
    pub(super) fn work(&self, own: Work) -> Work {
        match &self.forced.answer {
            None => own,
            Some(forced) => {
                let forced = forced.clone();
                Work::Task(Arc::new(move || Box::pin(answer(forced.clone()))))
            }
        }
    }

    /// Returns the time that each run waits before it calls the function.
    pub(super) const fn delay(&self) -> Option<Duration> {
        self.forced.delay
    }
}

impl Drop for Drilling {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}
