//! Waiting for runs: one inbox and one timer for each observer, however many runs it waits for.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    engine::Engine,
    monitored::Monitored,
    slot::{GIVE_UP_GRACE, Inbox, News, Progress, RunId},
};
use crate::{model::CheckResult, time::after};

/// A run that an observer waits for.
#[derive(Clone, Copy)]
pub(super) struct Awaited<'a> {
    pub(super) check: &'a Monitored,
    pub(super) id: RunId,
}

/// The end of a run, as its observer sees it.
#[derive(Debug)]
pub(super) enum Ended {
    Recorded(Arc<CheckResult>),
    /// The observer's deadline came first.
    OutOfTime,
    /// It was dropped with its runtime.
    CutOff,
}

/// Waits for the ends of runs, up to `deadline`. Returns them in the same order. Each run is given up at its own
/// timeout. The timer is the observer's own, so a check that never yields cannot delay it.
pub(super) async fn for_all(engine: &Engine, runs: &[Awaited<'_>], deadline: Option<Instant>) -> Vec<Ended> {
    // Most runs are over by now, and need no inbox.
    let mut inbox = None;
    let ends = runs.iter().map(|_| None).collect();
    let mut wait = Wait { engine, runs, ends, open: runs.len(), overdue: BinaryHeap::new() };
    for (key, run) in runs.iter().enumerate() {
        let address = || inbox.get_or_insert_with(Arc::<Inbox>::default).address(key);
        let progress = run.check.slot.follow(&run.check.spec, run.id, address);
        wait.learn(key, progress);
        if is_turn_over(key) {
            give_way().await;
        }
    }
    if let Some(inbox) = inbox {
        wait.until(deadline, &inbox).await;
    }
    wait.ends.into_iter().map(|ended| ended.unwrap_or(Ended::OutOfTime)).collect()
}

/// Lets the tasks run that are ready, above all new runs: most of them end at once, and are never waited for. Unlike after
/// Tokio's `yield_now`, any thread may go on with the caller, even if one of these tasks blocks this thread.
pub(super) async fn give_way() {
    let mut has_given_way = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Number of checks after which a report lets other tasks run.
pub(super) const CHECKS_PER_TURN: usize = 500;

/// Returns whether to let other tasks run at this step of a loop over checks, of which there may be thousands.
pub(super) const fn is_turn_over(step: usize) -> bool {
    step % CHECKS_PER_TURN == CHECKS_PER_TURN - 1
}

struct Wait<'a> {
    engine: &'a Engine,
    runs: &'a [Awaited<'a>],
    /// `None` while a run goes on.
    ends: Vec<Option<Ended>>,
    /// Number of runs that go on.
    open: usize,
    /// Runs whose functions were called, by the time at which they are overdue. They may have ended.
    overdue: BinaryHeap<Reverse<(Instant, usize)>>,
}

impl Wait<'_> {
    /// Waits until no run is open, or the deadline.
    async fn until(&mut self, deadline: Option<Instant>, inbox: &Inbox) {
        let mut timer: Pin<&mut Option<Sleep>> = pin!(None);
        let mut news: Vec<News> = Vec::new();
        while self.open > 0 {
            let until = self.first_overdue().into_iter().chain(deadline).min();
            if timer.as_ref().as_pin_ref().map(|timer| timer.deadline()) != until {
                timer.set(until.map(sleep_until));
            }
            let has_news = poll_fn(|context| match inbox.poll_take(context, &mut news) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => match timer.as_mut().as_pin_mut() {
                    Some(timer) => timer.poll(context).map(|()| false),
                    None => Poll::Pending,
                },
            });
            if has_news.await {
                news.drain(..).for_each(|(key, progress)| self.learn(key, progress));
                continue;
            }
            let now = Instant::now();
            self.give_up_overdue(now);
            if deadline.is_some_and(|deadline| deadline <= now) {
                // Runs that were given up or ended just now have a result.
                if inbox.has_news() {
                    continue;
                }
                return;
            }
        }
    }

    fn learn(&mut self, key: usize, progress: Progress) {
        // A run that was given up may report its progress late.
        if self.ends[key].is_some() {
            return;
        }
        let ended = match progress {
            Progress::Waiting => return,
            Progress::Running { deadline } => {
                self.overdue.push(Reverse((after(deadline, GIVE_UP_GRACE), key)));
                return;
            }
            Progress::Completed(result) => Ended::Recorded(result),
            Progress::CutOff => Ended::CutOff,
        };
        self.ends[key] = Some(ended);
        self.open -= 1;
    }

    /// Returns the time at which the first run that goes on is overdue.
    fn first_overdue(&mut self) -> Option<Instant> {
        loop {
            let first = self.overdue.peek_mut()?;
            let Reverse((until, key)) = *first;
            if self.ends[key].is_none() {
                return Some(until);
            }
            PeekMut::pop(first);
        }
    }

    /// Gives up the runs that are overdue. The inbox gets their results.
    fn give_up_overdue(&mut self, now: Instant) {
        while self.first_overdue().is_some_and(|until| until <= now) {
            if let Some(Reverse((_, key))) = self.overdue.pop() {
                let Awaited { check, id } = self.runs[key];
                self.engine.give_up(check, id, None);
            }
        }
    }
}
