//! Random updates of a handful of checks: every format, route, group and stream shows the checks of a small model, and a
//! refused update changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use axum::{body::Body, http::Request};
use futures_util::{FutureExt, StreamExt};
use health_runtime::{Check, CheckUpdate, Endpoint, Error, GrpcHealth, Level, Problem};
use health_tests::{ask, builder, events::parse};
use proptest::{collection::vec, prelude::*};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::ServiceExt;

const NAMES: [&str; 5] = ["alpha", "bravo", "charlie", "delta", "echo"];

const TAG: &str = "tagged";

/// Routes whose body names every check.
const EVERY_CHECK: [&str; 9] = [
    "/health/levels/1",
    "/health/levels/1?view=values",
    "/health/levels/1?format=text&verbose",
    "/health/levels/1?format=health%2Bjson",
    "/health/levels/1?format=xml",
    "/health/levels/1?format=actuator",
    "/health/levels/1?format=microprofile",
    "/health/levels/1?format=html",
    "/health/metrics",
];

#[derive(Clone, Debug)]
struct Declared {
    level: Level,
    is_ready: bool,
    is_live: bool,
    is_tagged: bool,
    depends_on: BTreeSet<&'static str>,
}

#[derive(Clone, Debug)]
enum Step {
    Add(&'static str, Declared),
    Remove(&'static str),
    Replace(&'static str, Declared),
}

type Model = BTreeMap<&'static str, Declared>;

fn names() -> impl Strategy<Value = &'static str> {
    (0..NAMES.len()).prop_map(|index| NAMES[index])
}

fn declared() -> impl Strategy<Value = Declared> {
    let level = (0..5_usize).prop_map(|index| Level::ALL[index]);
    let depends_on = prop_oneof![3 => Just(Vec::new()), 2 => vec(names(), 1..3)];
    (level, any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), depends_on).prop_map(
        |(level, is_ready, is_live, is_tagged, depends_on)| Declared {
            level,
            is_ready,
            is_live,
            is_tagged,
            depends_on: depends_on.into_iter().collect(),
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (names(), declared()).prop_map(|(name, declared)| Step::Add(name, declared)),
        2 => names().prop_map(Step::Remove),
        2 => (names(), declared()).prop_map(|(name, declared)| Step::Replace(name, declared)),
    ]
}

impl Declared {
    fn check(&self, name: &str) -> Check {
        let check = Check::new(name, self.level, || async {}).depends_on(self.depends_on.iter().copied());
        let check = if self.is_ready { check.readiness() } else { check };
        let check = if self.is_live { check.liveness() } else { check };
        if self.is_tagged { check.tags([TAG]) } else { check }
    }
}

/// Applies an update to the model. Returns `None`, with the model as it was, if a rule is broken.
fn apply(model: &Model, steps: &[Step]) -> Option<Model> {
    let mut model = model.clone();
    for step in steps {
        match step {
            Step::Add(name, declared) => model.insert(name, declared.clone()).is_none(),
            Step::Remove(name) => model.remove(name).is_some(),
            Step::Replace(name, declared) => model.insert(name, declared.clone()).is_some(),
        }
        .then_some(())?;
    }
    let is_valid = model.iter().all(|(name, declared)| {
        let needed = needed(&model, declared);
        let is_known = needed.iter().all(|name| model.contains_key(name));
        let is_local = |name: &&str| model.get(name).is_some_and(|other| other.level == Level::L5);
        let is_safe = !declared.is_live || (declared.level == Level::L5 && needed.iter().all(is_local));
        is_known && !needed.contains(name) && is_safe
    });
    is_valid.then_some(model)
}

/// Returns everything that a check depends on, also through others.
fn needed(model: &Model, declared: &Declared) -> BTreeSet<&'static str> {
    let mut needed = BTreeSet::new();
    let mut to_visit: Vec<_> = declared.depends_on.iter().copied().collect();
    while let Some(name) = to_visit.pop() {
        if needed.insert(name) {
            to_visit.extend(model.get(name).into_iter().flat_map(|other| other.depends_on.iter().copied()));
        }
    }
    needed
}

fn update(steps: &[Step]) -> CheckUpdate {
    steps.iter().fold(CheckUpdate::new(), |update, step| match step {
        Step::Add(name, declared) => update.add(declared.check(name)),
        Step::Remove(name) => update.remove(*name),
        Step::Replace(name, declared) => update.replace(declared.check(name)),
    })
}

/// A refusal names what the steps got wrong, and blames dependents on the removal of what they depend on.
fn compare_problems(error: &Error, model: &Model, steps: &[Step]) {
    let removed: BTreeSet<_> =
        steps.iter().filter_map(|step| if let Step::Remove(name) = step { Some(*name) } else { None }).collect();
    for problem in error.problems() {
        match problem {
            Problem::RemainingDependents { name, dependents, .. } => {
                assert!(removed.contains(&**name) && !dependents.is_empty(), "{error}");
            }
            Problem::UnknownDependency { dependency, .. } => {
                assert!(!removed.contains(&**dependency) || !model.contains_key(&**dependency), "{error}");
            }
            _ => {}
        }
    }
}

/// A client that keeps a list of checks from the events alone.
struct Follower {
    events: axum::body::BodyDataStream,
    text: String,
    known: BTreeSet<String>,
}

impl Follower {
    async fn new(endpoint: &Endpoint) -> Self {
        let request = Request::get("/health/events").body(Body::empty()).expect("a request");
        let body = endpoint.router().oneshot(request).await.expect("an answer").into_body();
        Self { events: body.into_data_stream(), text: String::new(), known: BTreeSet::new() }
    }

    fn read(&mut self) {
        while let Some(Some(Ok(bytes))) = self.events.next().now_or_never() {
            self.text += std::str::from_utf8(&bytes).expect("text");
        }
        while let Some((event, rest)) = self.text.split_once("\n\n") {
            let (event, rest) = (parse(event), rest.to_owned());
            self.text = rest;
            let Some(event) = event else { continue };
            let named = |key: &str| -> Vec<String> {
                let checks = event.data[key].as_array().into_iter().flatten();
                checks.map(|check| check["check"].as_str().expect("a name").to_owned()).collect()
            };
            match event.name.as_str() {
                "state" => {
                    self.known = event.data["checks"].as_object().expect("checks").keys().cloned().collect();
                }
                "change" => self.known.extend([event.data["check"].as_str().expect("a name").to_owned()]),
                "checks" => self.known.retain(|name| !named("removed").contains(name)),
                other => panic!("{other}"),
            }
        }
    }
}

async fn compare(endpoint: &Endpoint, grpc: &GrpcHealth, model: &Model) {
    let body = async |path: &str| ask(endpoint.router(), path, &[]).await.body;
    for path in EVERY_CHECK {
        let body = body(path).await;
        for name in NAMES {
            assert_eq!(body.contains(name), model.contains_key(name), "{name} in {path}: {body}");
        }
    }
    let document = ask(endpoint.router(), "/health/openapi.json", &[]).await.json();
    let of_check = &document["paths"]["/health/checks/{name}"]["get"]["parameters"][0]["schema"]["enum"];
    let described: BTreeSet<_> = of_check.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    assert_eq!(described, model.keys().copied().collect(), "{of_check}");
    let report = ask(endpoint.router(), "/health/levels/1", &[]).await.json();
    let ready = body("/readyz?verbose").await;
    let live = body("/livez?verbose").await;
    for name in NAMES {
        let declared = model.get(name);
        let at = |level: Level| report[format!("level_{level}")]["checks"].get(name).is_some();
        let levels: Vec<_> = Level::ALL.into_iter().filter(|level| at(*level)).collect();
        assert_eq!(levels, declared.map(|declared| declared.level).into_iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(ready.contains(name), declared.is_some_and(|declared| declared.is_ready), "{name}: {ready}");
        assert_eq!(live.contains(name), declared.is_some_and(|declared| declared.is_live), "{name}: {live}");
        let alone = ask(endpoint.router(), &format!("/health/checks/{name}"), &[]).await.status;
        assert_eq!(alone, if declared.is_some() { 200 } else { 404 }, "{name}");
        let asked = HealthCheckRequest { service: name.to_owned() };
        let answer = HealthClient::new(grpc.clone()).check(asked).await;
        assert_eq!(answer.is_ok(), declared.is_some(), "{name}: {answer:?}");
    }
    let is_tagged = model.values().any(|declared| declared.is_tagged);
    let tagged = ask(endpoint.router(), &format!("/health/levels/1?tag={TAG}"), &[]).await.status;
    assert_eq!(tagged, if is_tagged { 200 } else { 404 });
    let names: BTreeSet<_> = endpoint.monitor().checks().map(|check| check.name().to_owned()).collect();
    assert_eq!(names, model.keys().map(|name| (*name).to_owned()).collect());
}

async fn play(updates: Vec<Vec<Step>>) {
    let endpoint = builder([]).build().expect("a good endpoint");
    let grpc = GrpcHealth::new(&endpoint);
    let mut follower = Follower::new(&endpoint).await;
    let mut model = Model::new();
    for steps in updates {
        let applied = endpoint.monitor().update(update(&steps));
        let expected = apply(&model, &steps);
        assert_eq!(applied.is_ok(), expected.is_some(), "{steps:?} in {model:?}: {applied:?}");
        if let Err(error) = applied {
            compare_problems(&error, &model, &steps);
        }
        model = expected.unwrap_or(model);
        compare(&endpoint, &grpc, &model).await;
        follower.read();
        assert_eq!(follower.known, model.keys().map(|name| (*name).to_owned()).collect());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn everything_shows_the_checks_of_the_model(updates in vec(vec(step(), 1..4), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(play(updates));
    }
}
