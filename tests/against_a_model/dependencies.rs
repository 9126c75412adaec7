//! Random dependencies: a blocked check names exactly the dependencies that fail in the same report.

use std::{collections::BTreeMap, time::Duration};

use health_runtime::{
    Cause, Check, Level, Outcome, Report, Selection, Status,
    testing::{Forced, TestMonitor},
};
use proptest::{collection::vec, option, prelude::*};
use tokio::time::Instant;

const MAX_AGE: Duration = Duration::from_secs(3);

/// A background check also runs its dependencies, at times unknown to the model: only once, at the start.
const ONCE: Duration = Duration::from_hours(1);
const OFTEN: Duration = Duration::from_millis(700);

/// The rules of a check. The first check is a root that requests run; the last may depend on all others and may run in
/// the background.
#[derive(Clone, Debug)]
struct Rules {
    depends_on: Vec<bool>,
    /// `None` for a background check. Only the last of these has dependencies.
    max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Step {
    Answers(usize, Status),
    Advance(Duration),
    /// A request for one check, or for all.
    Ask(Option<usize>),
    /// A request for all checks, while another one waits for the first check and after these checks have changed.
    AskMeanwhile(Vec<(usize, Status)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Found {
    Answer(Status),
    BlockedBy(Vec<String>),
}

/// The rules for checks that answer at once.
struct Model {
    rules: Vec<Rules>,
    answers: Vec<Status>,
    stored: BTreeMap<usize, (Duration, Found)>,
    runs: Vec<u64>,
}

fn name(index: usize) -> String {
    format!("check_{index}")
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![2 => Just(Status::Pass), 1 => Just(Status::Warn), 2 => Just(Status::Fail)]
}

fn rules() -> impl Strategy<Value = Vec<Rules>> {
    let max_age = prop_oneof![Just(Duration::ZERO), millis(1..3_000), Just(MAX_AGE)];
    let rules = (vec(any::<bool>(), 6), option::weighted(0.7, max_age));
    vec(rules.prop_map(|(depends_on, max_age)| Rules { depends_on, max_age }), 3..7).prop_map(|mut rules| {
        let last = rules.len() - 1;
        rules[0].max_age.get_or_insert(MAX_AGE);
        for (index, rules) in rules.iter_mut().enumerate() {
            let may_depend = rules.max_age.is_some() || index == last;
            rules.depends_on.truncate(if may_depend { index } else { 0 });
        }
        rules
    })
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..6_usize;
    prop_oneof![
        4 => (index(), statuses()).prop_map(|(index, status)| Step::Answers(index, status)),
        2 => millis(0..2_000).prop_map(Step::Advance),
        5 => option::of(index()).prop_map(Step::Ask),
        1 => vec((index(), statuses()), 0..6).prop_map(Step::AskMeanwhile),
    ]
}

impl Model {
    fn new(rules: Vec<Rules>) -> Self {
        let count = rules.len();
        Self { rules, answers: vec![Status::Pass; count], stored: BTreeMap::new(), runs: vec![0; count] }
    }

    /// Returns whether it is in the background and can be read without a run of another check.
    fn is_read_alone(&self, index: usize) -> bool {
        self.rules[index].max_age.is_none() && self.dependencies(index).next().is_none()
    }

    fn dependencies(&self, index: usize) -> impl Iterator<Item = usize> {
        self.rules[index].depends_on.iter().enumerate().filter_map(|(other, depends)| depends.then_some(other))
    }

    fn needed(&self, wanted: &[usize]) -> Vec<usize> {
        let mut is_needed: Vec<_> = (0..self.rules.len()).map(|index| wanted.contains(&index)).collect();
        for index in (0..self.rules.len()).rev() {
            if is_needed[index] {
                self.dependencies(index).for_each(|other| is_needed[other] = true);
            }
        }
        (0..self.rules.len()).filter(|index| is_needed[*index]).collect()
    }

    /// Predicts the report of a request now, and runs checks for it. `None` for a background check whose own result is
    /// not in `read`.
    fn ask(
        &mut self,
        now: Duration,
        wanted: &[usize],
        read: &BTreeMap<usize, Found>,
    ) -> BTreeMap<usize, Option<Found>> {
        let mut shown: BTreeMap<usize, Option<Found>> = BTreeMap::new();
        for index in self.needed(wanted) {
            let failing = self.dependencies(index).filter(|other| shown[other].as_ref().is_some_and(Found::is_failing));
            let failing: Vec<_> = failing.map(name).collect();
            let found = match self.rules[index].max_age {
                None if failing.is_empty() => read.get(&index).cloned(),
                None => Some(Found::BlockedBy(failing)),
                Some(max_age) => Some(self.reuse_or_run(now, index, max_age, failing)),
            };
            shown.insert(index, found);
        }
        shown
    }

    fn reuse_or_run(&mut self, now: Duration, index: usize, max_age: Duration, failing: Vec<String>) -> Found {
        if let Some((at, found)) = self.stored.get(&index)
            && now < *at + max_age
            && found.blocked_by() == failing
        {
            return found.clone();
        }
        let found = if failing.is_empty() {
            self.runs[index] += 1;
            Found::Answer(self.answers[index])
        } else {
            Found::BlockedBy(failing)
        };
        self.stored.insert(index, (now, found.clone()));
        found
    }

    /// Checks a report on all checks for consistency.
    fn compare_names(&self, report: &Report) {
        let found = |index| Found::in_report(report, index);
        for index in 0..self.rules.len() {
            let failing = self.dependencies(index).filter(|other| found(*other).is_failing());
            let failing: Vec<_> = failing.map(name).collect();
            // A background check that was blocked stays blocked until its own next run.
            if !failing.is_empty() || self.rules[index].max_age.is_some() {
                assert_eq!(found(index).blocked_by(), failing, "{}\n{report:#?}", name(index));
            }
        }
    }
}

impl Found {
    fn in_report(report: &Report, index: usize) -> Self {
        let result = report.result(&name(index)).expect("in the report");
        match result.cause() {
            Some(Cause::Blocked { by, .. }) => Self::BlockedBy(by.clone()),
            _ => Self::Answer(result.observed()),
        }
    }

    fn is_failing(&self) -> bool {
        !matches!(self, Self::Answer(Status::Pass | Status::Warn))
    }

    fn blocked_by(&self) -> &[String] {
        match self {
            Self::BlockedBy(names) => names,
            Self::Answer(_) => &[],
        }
    }
}

fn check(index: usize, rules: &Rules) -> Check {
    let depends_on = rules.depends_on.iter().enumerate().filter(|(_, depends)| **depends).map(|(other, _)| name(other));
    let check = Check::new(name(index), Level::L3, || async {}).depends_on(depends_on);
    match rules.max_age {
        Some(max_age) => check.max_age(max_age),
        None if check.spec().dependencies().is_empty() => check.interval(OFTEN),
        None => check.interval(ONCE),
    }
}

/// The monitor with its model.
struct Subject {
    kit: TestMonitor,
    start: Instant,
    model: Model,
}

impl Subject {
    async fn new(rules: Vec<Rules>) -> Self {
        let kit = TestMonitor::with_checks(rules.iter().enumerate().map(|(index, rules)| check(index, rules)));
        let mut subject = Self { kit, start: Instant::now(), model: Model::new(rules) };
        subject.outdate(Duration::from_secs(11)).await;
        subject
    }

    /// Lets every result become too old, and reports runs to the model that it cannot predict.
    async fn outdate(&mut self, time: Duration) {
        self.kit.advance(time + MAX_AGE).await;
        for (index, runs) in self.model.runs.iter_mut().enumerate() {
            *runs = self.kit.runs(name(index));
        }
    }

    fn answers(&mut self, index: usize, status: Status) {
        if let Some(answer) = self.model.answers.get_mut(index) {
            *answer = status;
            self.kit.force(name(index), Outcome::new(status));
        }
    }

    async fn ask(&mut self, wanted: Option<usize>) {
        let count = self.model.rules.len();
        let (selection, wanted) = match wanted.filter(|wanted| *wanted < count) {
            Some(wanted) => (Selection::check(name(wanted)), vec![wanted]),
            None => (Selection::everything(), (0..count).collect()),
        };
        let mut read = BTreeMap::new();
        for index in (0..count).filter(|index| self.model.is_read_alone(*index)) {
            let seen = self.kit.report(&Selection::check(name(index))).await;
            read.insert(index, Found::in_report(seen.report(), index));
        }
        let seen = self.kit.report(&selection).await;
        let shown = self.model.ask(self.start.elapsed(), &wanted, &read);
        for index in wanted {
            if let Some(expected) = &shown[&index] {
                assert_eq!(Found::in_report(seen.report(), index), *expected, "{}", name(index));
            }
        }
        self.compare_runs();
    }

    fn compare_runs(&self) {
        let asked = self.model.rules.iter().enumerate().filter(|(_, rules)| rules.max_age.is_some());
        for (index, _) in asked {
            assert_eq!(self.kit.runs(name(index)), self.model.runs[index], "runs of {}", name(index));
        }
    }

    /// The model only knows checks that answer at once, so all results are too old afterwards.
    async fn ask_meanwhile(&mut self, turns: Vec<(usize, Status)>) {
        self.kit.advance(MAX_AGE).await;
        self.kit.force_next(name(0), [Forced::slow_by(Duration::from_millis(50))]);
        let before = self.kit.monitor().clone();
        let before = tokio::spawn(async move { before.report(&Selection::everything()).await });
        self.kit.advance(Duration::from_millis(20)).await;
        for (index, status) in turns {
            self.answers(index, status);
        }
        let after = self.kit.report(&Selection::everything()).await;
        self.model.compare_names(after.report());
        self.model.compare_names(&before.await.expect("a report"));
        self.outdate(Duration::ZERO).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocked_checks_name_their_failing_dependencies(rules in rules(), steps in vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut subject = Subject::new(rules).await;
            for step in steps {
                match step {
                    Step::Answers(index, status) => subject.answers(index, status),
                    Step::Advance(time) => subject.kit.advance(time).await,
                    Step::Ask(wanted) => subject.ask(wanted).await,
                    Step::AskMeanwhile(turns) => subject.ask_meanwhile(turns).await,
                }
            }
        });
    }
}
