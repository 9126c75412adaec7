//! Random histories of two checks, one on demand and one in the background, which are also removed, added again and
//! replaced: reports and changes match a small model of the rules.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod dependencies;
mod model;
mod updates;

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use health_runtime::{
    Cause, Check, Group, Level, Selection, Status,
    testing::{ReportSnapshot, TestMonitor},
};
use model::{Asker, Behavior, Change, Model, Pace, Rules, Run, Shown};
use proptest::{collection::vec, option, prelude::*};
use tokio::time::{Instant, sleep};

/// Times of requests, never at the very end of a long run.
const BEAT: Duration = Duration::from_millis(10);

/// One service more than a request may have passed.
const TOO_DEEP: &str = "a/1, b/2, c/3, d/4, e/5";

#[derive(Clone, Debug)]
enum Step {
    Does(Behavior),
    Advance(Duration),
    Mute(Duration),
    Unmute,
    /// Removes the check, or adds it again.
    ComeOrGo,
    Replace,
    Ask(Asker),
    /// A request with a path that is too deep.
    AskTooDeep(Asker),
    /// At the very moment at which the finding expires.
    AskAtTheEnd(Asker),
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

/// Short waits and long ones, for states that last longer than a beat.
fn waits() -> impl Strategy<Value = Duration> {
    prop_oneof![millis(0..1_200), millis(0..15_000), millis(0..60_000)]
}

fn behaviors() -> impl Strategy<Value = Behavior> {
    prop_oneof![
        3 => Just(Behavior::Answer(Status::Pass)),
        1 => Just(Behavior::Answer(Status::Warn)),
        3 => Just(Behavior::Answer(Status::Fail)),
        1 => Just(Behavior::Panic),
        1 => Just(Behavior::Hang),
        1 => prop_oneof![Just(503), Just(1_703), Just(4_003)].prop_map(|time| Behavior::PassAfter(Duration::from_millis(time))),
    ]
}

fn askers() -> impl Strategy<Value = Asker> {
    prop_oneof![Just(Asker::Level), Just(Asker::Readiness)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => behaviors().prop_map(Step::Does),
        4 => waits().prop_map(Step::Advance),
        1 => waits().prop_map(Step::Mute),
        1 => Just(Step::Unmute),
        1 => Just(Step::ComeOrGo),
        1 => Just(Step::Replace),
        5 => askers().prop_map(Step::Ask),
        2 => askers().prop_map(Step::AskTooDeep),
        3 => askers().prop_map(Step::AskAtTheEnd),
    ]
}

fn rules(pace: impl Strategy<Value = Pace>) -> impl Strategy<Value = Rules> {
    let timeout = prop_oneof![Just(303), Just(2_003), Just(9_003)].prop_map(Duration::from_millis);
    let others = (timeout, prop::bool::weighted(0.8), 1..4_usize, 1..4_usize, option::of(millis(1..30_000)));
    (others, pace).prop_map(|((timeout, critical, failure_threshold, success_threshold, hold), pace)| Rules {
        timeout,
        critical,
        failure_threshold,
        success_threshold,
        hold,
        pace: match pace {
            Pace::Asked { .. } => pace,
            // A healthy check would be stale below that.
            Pace::Background { interval, retry_interval, stale_after } => {
                Pace::Background { interval, retry_interval, stale_after: stale_after + timeout }
            }
        },
    })
}

fn asked() -> impl Strategy<Value = Pace> {
    prop_oneof![Just(Duration::ZERO), millis(1..5_000)].prop_map(|max_age| Pace::Asked { max_age })
}

fn background() -> impl Strategy<Value = Pace> {
    let longer = prop_oneof![millis(1..50), millis(1..20_000)];
    (millis(500..20_000), millis(500..20_000), longer).prop_map(|(interval, retry_interval, longer)| Pace::Background {
        interval,
        retry_interval,
        stale_after: interval.max(retry_interval) * 11 / 10 + longer,
    })
}

/// A check, its scripted behavior, and its runs.
struct Subject {
    name: &'static str,
    check: Check,
    rules: Rules,
    is_there: bool,
    /// Its changes before it was removed last.
    past: Vec<Change>,
    does: Arc<Mutex<Behavior>>,
    ran: Arc<Mutex<Vec<Run>>>,
    model: Model,
    /// The two times on the wall clock between which it was muted last, and the duration of the mute.
    muted: Option<((SystemTime, SystemTime), Duration)>,
}

impl Subject {
    fn new(name: &'static str, rules: Rules, start: Instant) -> Self {
        let does = Arc::new(Mutex::new(Behavior::Answer(Status::Pass)));
        let ran: Arc<Mutex<Vec<Run>>> = Arc::default();
        let check = {
            let (does, ran) = (Arc::clone(&does), Arc::clone(&ran));
            Check::new(name, Level::L3, move || {
                let behavior = *does.lock().expect("no panic");
                ran.lock().expect("no panic").push(Run { began: start.elapsed(), behavior });
                async move {
                    match behavior {
                        Behavior::Answer(status) => status,
                        // Without the panic hook.
                        Behavior::Panic => resume_unwind(Box::new("on purpose")),
                        Behavior::Hang => std::future::pending().await,
                        Behavior::PassAfter(time) => {
                            sleep(time).await;
                            Status::Pass
                        }
                    }
                }
            })
        };
        let threshold = |threshold: usize| u32::try_from(threshold).expect("a small one");
        let check = check
            .readiness()
            .critical(rules.critical)
            .timeout(rules.timeout)
            .failure_threshold(threshold(rules.failure_threshold))
            .success_threshold(threshold(rules.success_threshold));
        let check = match rules.hold {
            Some(hold) => check.hold(hold),
            None => check,
        };
        let check = match rules.pace {
            Pace::Asked { max_age } => check.max_age(max_age),
            Pace::Background { interval, retry_interval, stale_after } => {
                check.interval(interval).retry_interval(retry_interval).stale_after(stale_after)
            }
        };
        let model = Model::new(rules.clone(), Duration::ZERO);
        Self { name, check, rules, is_there: true, past: Vec::new(), does, ran, model, muted: None }
    }

    /// Reports runs at random times to the model, which cannot predict them.
    fn catch_up(&mut self, now: Duration) {
        if !self.is_there {
            return;
        }
        if self.model.is_background() {
            let ran = self.ran.lock().expect("no panic");
            for run in &ran[self.model.runs.len()..] {
                self.model.begin(*run);
            }
        }
        self.model.pass(now);
        if let Some((_, to)) = self.model.due() {
            assert!(now <= to, "{}: no run up to {now:?}, was due by {to:?}", self.name);
        }
    }

    /// Advances the clock to the next expiry in the latest finding, unless a run comes before.
    async fn reach_an_end(&mut self, kit: &TestMonitor, start: Instant) {
        if let Some(end) = self.model.next_end(start.elapsed()) {
            kit.advance(end.saturating_sub(start.elapsed())).await;
            self.catch_up(start.elapsed());
        }
    }

    fn come_or_go(&mut self, kit: &TestMonitor, now: Duration) {
        self.is_there = !self.is_there;
        if self.is_there {
            kit.monitor().add(self.check.clone()).expect("a good check");
            self.model = Model::new(self.rules.clone(), now);
            self.ran.lock().expect("no panic").clear();
        } else {
            kit.monitor().remove(self.name).expect("a check");
            self.past.extend(self.model.changes());
            self.model = Model::new(self.rules.clone(), now);
            kit.monitor().unmute(self.name).expect_err("no check");
        }
    }

    async fn ask(&mut self, kit: &TestMonitor, start: Instant, asker: Asker, others: &[&'static str]) {
        if !self.is_there {
            assert_eq!(kit.report(&Selection::check(self.name)).await.report().entries().len(), 0);
            return;
        }
        if self.model.is_a_tie(start.elapsed(), asker) {
            kit.advance(Duration::from_millis(1)).await;
            self.catch_up(start.elapsed());
        }
        let behavior = *self.does.lock().expect("no panic");
        let (expected, then) = self.model.ask(start.elapsed(), asker, behavior);
        let before = SystemTime::now();
        let seen = kit.report(&self.selection(asker, others)).await;
        assert_eq!(start.elapsed(), then, "time of the response");
        self.compare(&seen, &expected, then, before);
    }

    async fn ask_too_deep(&self, kit: &TestMonitor, start: Instant, asker: Asker, others: &[&'static str]) {
        let now = start.elapsed();
        let expected = self.model.ask_too_deep(now, asker);
        let before = SystemTime::now();
        let seen = kit.report_behind(TOO_DEEP, &self.selection(asker, others)).await;
        assert_eq!(start.elapsed(), now, "it waits for nothing");
        self.compare(&seen, &expected, now, before);
    }

    fn selection(&self, asker: Asker, others: &[&'static str]) -> Selection {
        match asker {
            Asker::Level => Selection::check(self.name),
            Asker::Readiness => Selection::group(Group::Readiness).without_checks(others.iter().copied()),
        }
    }

    /// Compares the check in a report, which was asked for at `before` and answered at `then`.
    fn compare(&self, seen: &ReportSnapshot, expected: &Shown, then: Duration, before: SystemTime) {
        let result = seen.check(self.name).result();
        // The wall clock goes on by itself, so each of these times is compared by its distance from the time at which
        // it was set.
        let is_right = |at: SystemTime, (from, to): (SystemTime, SystemTime), length: Duration| {
            (from + length..=to + length).contains(&at)
        };
        let held_until = result.held_until().map(|until| {
            let expected = expected.held_until.unwrap_or_else(|| panic!("held at {then:?}\n{}", seen.check(self.name)));
            if is_right(until, (before, SystemTime::now()), expected.saturating_sub(then)) {
                expected
            } else {
                Duration::MAX
            }
        });
        let muted_until = seen.report().entries()[0].muted.as_ref().map(|mute| {
            let (set, length) = self.muted.expect("not muted");
            let expected = expected.muted_until.expect("no longer muted");
            if is_right(mute.until().expect("it ends"), set, length) { expected } else { Duration::MAX }
        });
        let shown = Shown {
            status: result.status(),
            observed: result.observed(),
            cause: result.cause().map(Cause::as_str),
            consecutive: result.consecutive() as usize,
            held_until,
            muted_until,
        };
        assert_eq!(shown, *expected, "at {then:?}\n{}", seen.check(self.name));
        let counts = if expected.muted_until.is_some() { Status::Pass } else { expected.status };
        assert_eq!(seen.report().status(), counts);
    }

    async fn compare_changes(&self, kit: &TestMonitor) {
        if !self.is_there {
            return;
        }
        let changes = kit.changes(self.name).await;
        let changes = changes.iter().map(|change| Change {
            from: change.previous(),
            to: change.current(),
            cause: change.cause().map(Cause::as_str),
            is_muted: change.is_muted(),
        });
        let expected: Vec<_> = self.past.iter().cloned().chain(self.model.changes()).collect();
        assert_eq!(changes.collect::<Vec<_>>(), expected, "{}", self.name);
        assert_eq!(*self.ran.lock().expect("no panic"), self.model.runs);
    }
}

async fn play(rules: [Rules; 2], steps: Vec<(bool, Step)>) {
    let start = Instant::now();
    let names = ["asked", "background"];
    let [first, second] = rules;
    let mut subjects = [Subject::new(names[0], first, start), Subject::new(names[1], second, start)];
    let kit = TestMonitor::with_checks(subjects.each_ref().map(|subject| subject.check.clone()));
    for (is_background, step) in steps {
        let late = start.elapsed().as_nanos() % BEAT.as_nanos();
        kit.advance(BEAT.saturating_sub(Duration::from_nanos_u128(late))).await;
        for subject in &mut subjects {
            subject.catch_up(start.elapsed());
        }
        let subject = &mut subjects[usize::from(is_background)];
        let others = &[names[usize::from(!is_background)]];
        match step {
            Step::Does(behavior) => *subject.does.lock().expect("no panic") = behavior,
            Step::Advance(time) => kit.advance(time).await,
            Step::ComeOrGo => subject.come_or_go(&kit, start.elapsed()),
            Step::Mute(_) | Step::Unmute | Step::Replace | Step::AskTooDeep(_) | Step::AskAtTheEnd(_)
                if !subject.is_there => {}
            Step::Replace => {
                kit.monitor().replace(subject.check.clone()).expect("a good check");
                subject.model.replace(start.elapsed());
            }
            Step::Mute(time) => {
                let before = SystemTime::now();
                kit.monitor().mute(subject.name, time, "for a while").expect("a check");
                subject.muted = Some(((before, SystemTime::now()), time));
                subject.model.mute(start.elapsed(), time);
            }
            Step::Unmute => {
                kit.monitor().unmute(subject.name).expect("a check");
                subject.model.mute(start.elapsed(), Duration::ZERO);
            }
            Step::Ask(asker) => subject.ask(&kit, start, asker, others).await,
            Step::AskTooDeep(asker) => subject.ask_too_deep(&kit, start, asker, others).await,
            Step::AskAtTheEnd(asker) => {
                subject.reach_an_end(&kit, start).await;
                subject.ask(&kit, start, asker, others).await;
            }
        }
        for subject in &mut subjects {
            subject.catch_up(start.elapsed());
            subject.compare_changes(&kit).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reports_and_changes_match_the_model(
        asked in rules(asked()),
        background in rules(background()),
        steps in vec((any::<bool>(), step()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(play([asked, background], steps));
    }
}
