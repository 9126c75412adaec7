//! A run from its start to its result.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    task::coop::unconstrained,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    drilling::Drilling,
    engine::Engine,
    monitored::Monitored,
    run_span::RunSpan,
    slot::{GIVE_UP_GRACE, Lookup, RunId},
    wait::{self, Awaited, Ended},
};
use crate::{
    fleet::FleetMember,
    health_path::{RequestOrigin, RunContext},
    model::{Outcome, Work},
    run_result::{Provenance, RunResult, SharedRun},
    runner::{self, Call},
    time::after,
};

/// A check that a run depends on.
pub(super) struct Prerequisite {
    pub(super) check: Arc<Monitored>,
    pub(super) lookup: Lookup,
}

/// A run that is in its slot, and whose function has not been called.
pub(super) struct NewRun {
    task: RunTask,
    prerequisites: Vec<Prerequisite>,
}

/// The state of a run after its first poll.
pub(super) enum Started {
    /// It is over, and its end may have woken tasks.
    Ended {
        has_woken: bool,
    },
    Pending(PendingRun),
}

/// A run that has been polled once, and has to wait.
pub(super) enum PendingRun {
    /// Its function has been called.
    Called(RunTask),
    /// It waits for other checks, or for a thread.
    Other(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl NewRun {
    pub(super) fn new(
        engine: &Arc<Engine>,
        check: &Arc<Monitored>,
        id: RunId,
        prerequisites: Vec<Prerequisite>,
        origin: Option<Arc<RequestOrigin>>,
        now: Instant,
    ) -> Self {
        let context = RunContext { check: Arc::clone(&check.requesting), run: id.number(), origin, end: None };
        let mut task = RunTask {
            engine: Arc::clone(engine),
            check: Arc::clone(check),
            id,
            call: Call::default(),
            context: Some(context),
            span: RunSpan::new(&check.spec),
            min_depth: 0,
            is_over: false,
        };
        if prerequisites.is_empty() {
            // Begins before it is polled, so that observers enforce the timeout even if no poll comes.
            task.begin(now);
        }
        Self { task, prerequisites }
    }

    /// Polls the run for the first time. Sets `now` to the time after that.
    pub(super) fn start(self, now: &mut Instant, context: &mut Context<'_>) -> Started {
        let Self { mut task, prerequisites } = self;
        let is_plain = task.check.member.is_none() && task.check.drilling.is_none();
        if prerequisites.is_empty() && matches!(*task.check.work, Work::Task(_)) && is_plain {
            let result = if task.is_late(*now) { Poll::Ready(RunResult::TimedOut) } else { task.poll_call(context) };
            *now = Instant::now();
            return match result {
                Poll::Ready(result) => Started::Ended { has_woken: task.complete(result, None, *now) },
                Poll::Pending => Started::Pending(PendingRun::Called(task)),
            };
        }
        let mut run = Box::pin(task.run(prerequisites));
        let polled = run.as_mut().poll(context);
        *now = Instant::now();
        match polled {
            Poll::Ready(()) => Started::Ended { has_woken: true },
            Poll::Pending => Started::Pending(PendingRun::Other(run)),
        }
    }
}

impl PendingRun {
    pub(super) async fn finish(self) {
        match self {
            Self::Called(task) => task.finish().await,
            Self::Other(run) => run.await,
        }
    }
}

/// Brings one run to its result. Clears the slot if it is dropped before. Holds its check and no set of checks, however
/// long it takes.
pub(super) struct RunTask {
    engine: Arc<Engine>,
    check: Arc<Monitored>,
    id: RunId,
    call: Call,
    /// The run as code sees it that the function calls; `None` while it is called.
    context: Option<RunContext>,
    span: RunSpan,
    /// Depth of the paths that limit the results of the checks that it depends on.
    min_depth: u8,
    /// Whether the slot has its result.
    is_over: bool,
}

impl RunTask {
    async fn run(mut self, prerequisites: Vec<Prerequisite>) {
        if !prerequisites.is_empty() {
            if !self.may_begin(prerequisites).await {
                return;
            }
            self.begin(Instant::now());
            // Observers learn the deadline now; the function may block the thread that has just woken them.
            wait::give_way().await;
        }
        if let Some(delay) = self.check.drilling.as_ref().and_then(Drilling::delay)
            && timeout_at(self.deadline(), Box::pin(sleep(delay))).await.is_err()
        {
            return self.complete_now(RunResult::TimedOut);
        }
        if let Some(member) = self.check.member.clone() {
            // Its own future, so that runs without a fleet do not hold its state.
            return Box::pin(self.take_part(&member)).await;
        }
        match &*self.check.work {
            Work::Task(_) if self.is_late(Instant::now()) => self.complete_now(RunResult::TimedOut),
            Work::Task(_) => self.finish().await,
            Work::Blocking(work) => {
                let work = Arc::clone(work);
                self.run_blocking(work).await;
            }
        }
    }

    /// Waits for the checks that this one depends on. Returns whether to call the function: no dependency fails, and no
    /// young result has come meanwhile.
    async fn may_begin(&mut self, prerequisites: Vec<Prerequisite>) -> bool {
        let running = prerequisites.iter().filter_map(|Prerequisite { check, lookup }| match lookup {
            Lookup::Running(run) => Some(Awaited { check, id: run.id }),
            _ => None,
        });
        let mut ended = wait::for_all(&self.engine, &running.collect::<Vec<_>>(), None).await.into_iter();
        let mut failed = Vec::new();
        for Prerequisite { check, lookup } in &prerequisites {
            let result = match lookup {
                Lookup::Done(result) => Arc::clone(result),
                // No failure is known. No run has a stored one.
                Lookup::Missing | Lookup::Stored => continue,
                Lookup::Running(_) => match ended.next() {
                    Some(Ended::Recorded(result)) => result,
                    // Without the result of a dependency this check has none either.
                    _ => return false,
                },
            };
            // It hands on what is not known.
            self.min_depth = self.min_depth.max(result.min_depth);
            if result.is_failing {
                failed.push((check.spec.name(), result));
            }
        }
        let names: Vec<_> = failed.iter().map(|(name, _)| *name).collect();
        if self.check.slot.reuse(&self.check.spec, self.id, Instant::now(), &names) {
            return false;
        }
        let may_begin = failed.is_empty();
        if !may_begin {
            let is_excused = self.is_excused(&names);
            self.complete_now(RunResult::blocked(self.check.spec.name(), &failed, is_excused));
        }
        may_begin
    }

    /// Returns whether the checks that block this one are muted. By name, because one of them may have been replaced.
    fn is_excused(&self, blockers: &[&str]) -> bool {
        let checks = self.engine.checks();
        let blockers: Option<Vec<_>> = blockers.iter().map(|name| checks.find(name)).collect();
        blockers.and_then(|blockers| checks.excuse(blockers, |index| checks[index].latest())).is_some()
    }

    fn begin(&mut self, now: Instant) {
        let spec = &self.check.spec;
        let limit = if self.check.member.is_some() { spec.run_limit() } else { spec.timeout() };
        self.set_deadline(after(now, limit));
        self.check.slot.begin(&self.check.spec, self.id, now);
    }

    fn set_deadline(&mut self, deadline: Instant) {
        if let Some(context) = &mut self.context {
            context.end = Some(deadline);
        }
    }

    /// Returns the time at which the run times out.
    fn deadline(&self) -> Instant {
        self.context.as_ref().and_then(|context| context.end).unwrap_or_else(Instant::now)
    }

    fn poll_call(&mut self, context: &mut Context<'_>) -> Poll<RunResult> {
        let Self { check, call, context: run, span, .. } = self;
        match &*check.work {
            Work::Task(work) => {
                let _entered = (RunContext::enter(run), span.enter());
                call.poll(&**work, context)
            }
            Work::Blocking(_) => Poll::Pending,
        }
    }

    /// Returns whether the run was overdue before its function is called, which then has nobody to answer.
    fn is_late(&self, now: Instant) -> bool {
        after(self.deadline(), GIVE_UP_GRACE) <= now
    }

    /// Polls the call up to its end or its timeout.
    async fn finish(mut self) {
        let result = self.finish_call(self.deadline()).await;
        self.complete_now(result);
    }

    /// Takes the result from the fleet, or runs the check for it. Without anything new the run ends without a result.
    async fn take_part(mut self, member: &FleetMember) {
        let deadline = self.deadline();
        let timeout = self.check.spec.timeout();
        let blocking = match &*self.check.work {
            Work::Blocking(work) => Some(Arc::clone(work)),
            Work::Task(_) => None,
        };
        let call = async {
            let deadline = after(Instant::now(), timeout);
            self.set_deadline(deadline);
            let Some(work) = blocking else { return self.finish_call(deadline).await };
            let (thread, mut context) = (member.thread(), self.context.clone());
            let run = tokio::task::spawn_blocking(move || {
                let _entered = (thread, RunContext::enter(&mut context));
                runner::run_blocking(&*work)
            });
            match timeout_at(deadline, run).await {
                Ok(ended) => ended.unwrap_or(RunResult::CutOff),
                Err(_) => RunResult::TimedOut,
            }
        };
        match timeout_at(deadline, member.take_part(call)).await {
            Ok(Some((result, shared))) => {
                #[cfg(feature = "probe-http")]
                if let RunResult::Answered(outcome) = &result {
                    self.check.requesting.note_outcome(outcome);
                }
                self.complete(result, Some(Box::new(shared)), Instant::now());
            }
            Ok(None) => {}
            Err(_) => {
                // Its function may still be alive: it blocked its thread for longer than the whole run may take.
                let result = self.call.end(RunResult::TimedOut);
                self.complete_now(result);
            }
        }
    }

    async fn finish_call(&mut self, deadline: Instant) -> RunResult {
        // A check that takes all of its task's turns does not keep the timer from running out.
        let mut timer = pin!(unconstrained(sleep_until(deadline)));
        // A wake-up may come on the thread that drives the timers, which the function may block. The task gives way once,
        // which lets another thread drive them.
        let mut has_turn = false;
        let result = poll_fn(|context| {
            has_turn = !has_turn;
            if !has_turn {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self.poll_call(context) {
                Poll::Pending => timer.as_mut().poll(context).map(|()| RunResult::TimedOut),
                ended @ Poll::Ready(_) => ended,
            }
        });
        let result = result.await;
        self.call.end(result)
    }

    /// Gives the run up at its timeout, because a thread cannot be stopped. It stays in the slot until the thread
    /// returns, so the thread owns the task: it clears the slot even if the runtime does not wait for it.
    async fn run_blocking(mut self, work: Arc<dyn Fn() -> Outcome + Send + Sync>) {
        let Self { engine, check, id, span, .. } = &self;
        let (engine, check, id, span) = (Arc::clone(engine), Arc::clone(check), *id, span.clone());
        let deadline = self.deadline();
        let mut thread = tokio::task::spawn_blocking(move || {
            // It is given up by then.
            let is_late = deadline <= Instant::now();
            let result = if is_late {
                RunResult::TimedOut
            } else {
                let _entered = (RunContext::enter(&mut self.context), self.span.enter());
                runner::run_blocking(&*work)
            };
            (result, self)
        });
        let ended = if let Ok(ended) = timeout_at(deadline, &mut thread).await {
            ended
        } else {
            engine.give_up(&check, id, Some(&span));
            thread.await
        };
        // An error means that the runtime shut down before the thread began.
        if let Ok((result, mut task)) = ended {
            task.complete_now(result);
        }
    }

    /// Returns whether its end has woken tasks.
    fn complete(&mut self, result: RunResult, shared: Option<Box<SharedRun>>, now: Instant) -> bool {
        self.is_over = true;
        if self.check.requesting.is_limited(self.id.number()) {
            let origin = self.context.as_ref().and_then(|context| context.origin.as_ref());
            self.min_depth = self.min_depth.max(origin.map_or(0, |origin| origin.depth()));
        }
        let provenance = Provenance { min_depth: self.min_depth, shared, drill: None };
        self.engine.complete(&self.check, self.id, result, provenance, now, &self.span)
    }

    fn complete_now(&mut self, result: RunResult) {
        self.complete(result, None, Instant::now());
    }
}

impl Drop for RunTask {
    fn drop(&mut self) {
        if !self.is_over {
            // While the slot still has the run: two futures of one check are never alive.
            self.call.end(RunResult::CutOff);
            self.check.slot.abandon(self.id);
        }
    }
}
