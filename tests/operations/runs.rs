//! Runs from outside: of a run that began after the request, and never two at the same time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Levels, Outcome, Overrides, ShowDetails, access::Access};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::service::{get, operated, operators, post};

const DAY: Duration = Duration::from_hours(24);

/// A check that counts its runs, and how many of them are alive.
#[derive(Clone, Default)]
struct Counter {
    begun: Arc<AtomicUsize>,
    alive: Arc<AtomicUsize>,
}

impl Counter {
    fn check(&self, name: &str, duration: Duration) -> Check {
        let counter = self.clone();
        let run = move || {
            let counter = counter.clone();
            async move {
                let number = counter.begun.fetch_add(1, Ordering::SeqCst) + 1;
                assert_eq!(counter.alive.fetch_add(1, Ordering::SeqCst), 0, "one run at a time");
                sleep(duration).await;
                counter.alive.fetch_sub(1, Ordering::SeqCst);
                Outcome::pass().with_data(json!({ "run": number }))
            }
        };
        Check::new(name, Level::L3, run)
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

fn number(report: &Value) -> u64 {
    report["data"]["run"].as_u64().unwrap_or_else(|| panic!("{report}"))
}

#[tokio::test(start_paused = true)]
async fn report_is_that_of_the_route_of_the_check() {
    let counter = Counter::default();
    let router = operated([counter.check("db", Duration::ZERO).max_age(DAY)]).router();
    for body in ["", "{}", " {} "] {
        let answer = post(&router, "/health/checks/db/run", body).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.body, get(&router, "/health/checks/db").await.body, "stored like any other result");
    }
    assert_eq!(counter.begun(), 3, "however young the result is");
}

#[tokio::test(start_paused = true)]
async fn failing_check_is_answered_with_200() {
    let check = Check::new("db", Level::L3, || async { Err::<(), _>("it is down") });
    let answer = post(&operated([check]).router(), "/health/checks/db/run", "").await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("fail")));
    assert_eq!((answer.header("retry-after"), answer.json()["message"].as_str()), ("", Some("it is down")));
}

#[tokio::test(start_paused = true)]
async fn run_in_progress_is_waited_for_and_not_joined() {
    let counter = Counter::default();
    let router = operated([counter.check("db", Duration::from_secs(2)).max_age(DAY)]).router();
    let began = Instant::now();
    let first = get(&router, "/health/checks/db");
    let second = async {
        sleep(Duration::from_millis(500)).await;
        post(&router, "/health/checks/db/run", "").await
    };
    // It asks during the same run, and shares the next one.
    let third = async {
        sleep(Duration::from_millis(1500)).await;
        post(&router, "/health/checks/db/run", "").await
    };
    let (first, second, third) = tokio::join!(first, second, third);
    let numbers = [first, second, third].map(|answer| number(&answer.json()));
    assert_eq!((numbers, counter.begun()), ([1, 2, 2], 2));
    assert_eq!(began.elapsed(), Duration::from_secs(4));
}

/// A run that waits for another check may end with a result that is young enough, but not one that was demanded.
#[tokio::test(start_paused = true)]
async fn demanded_run_is_not_replaced_by_a_young_result() {
    let (counter, other) = (Counter::default(), Counter::default());
    let dependency = other.check("dependency", Duration::from_secs(1)).max_age(Duration::ZERO);
    let router =
        operated([dependency, counter.check("db", Duration::ZERO).max_age(DAY).depends_on(["dependency"])]).router();
    for expected in 1..=3 {
        let report = post(&router, "/health/checks/db/run", "").await.json();
        assert_eq!(number(&report), expected);
    }
    // Another request has begun a run, which would end with the young result.
    let (_, report) = tokio::join!(get(&router, "/health/checks/db"), async {
        sleep(Duration::from_millis(10)).await;
        post(&router, "/health/checks/db/run", "").await.json()
    });
    assert!(number(&report) > 3, "{report}");
}

#[tokio::test(start_paused = true)]
async fn blocked_check_is_reported_as_blocked() {
    let counter = Counter::default();
    let dependency = Check::new("dependency", Level::L3, || async { false });
    let router =
        operated([dependency, counter.check("db", Duration::ZERO).max_age(DAY).depends_on(["dependency"])]).router();
    let report = post(&router, "/health/checks/db/run", "").await.json();
    assert_eq!((&report["cause"], &report["blocked_by"]), (&json!("blocked"), &json!(["dependency"])));
    assert_eq!(counter.begun(), 0);
}

#[tokio::test(start_paused = true)]
async fn background_check_is_run_between_its_runs() {
    let counter = Counter::default();
    let endpoint = operated([counter.check("db", Duration::ZERO).interval(Duration::from_hours(1))]);
    let router = endpoint.router();
    sleep(Duration::from_secs(20)).await;
    let before = counter.begun();
    let report = post(&router, "/health/checks/db/run", "").await.json();
    assert_eq!((number(&report), counter.begun()), (before as u64 + 1, before + 1));
}

#[tokio::test(start_paused = true)]
async fn hanging_run_is_reported_and_no_second_one_starts() {
    let counter = Counter::default();
    let check = counter.check("db", Duration::from_hours(1)).timeout(Duration::from_hours(2));
    let router = operated([check]).router();
    let began = Instant::now();
    for seconds in [10, 20] {
        let report = post(&router, "/health/checks/db/run", "").await.json();
        assert_eq!((&report["status"], &report["cause"]), (&json!("fail"), &json!("timed_out")), "{report}");
        assert_eq!((began.elapsed().as_secs(), counter.begun()), (seconds, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn run_of_a_timed_out_check_ends_at_its_timeout() {
    let counter = Counter::default();
    let check = Check::new("db", Level::L3, {
        let counter = counter.clone();
        move || {
            counter.begun.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_hours(1))
        }
    });
    let router = operated([check.timeout(Duration::from_secs(1))]).router();
    for runs in 1..=2 {
        assert_eq!(post(&router, "/health/checks/db/run", "").await.json()["cause"], "timed_out");
        assert_eq!(counter.begun(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn deadline_beyond_every_clock_is_a_long_one() {
    let overrides: Overrides = format!("deadlines.levels={}s", u64::MAX).parse().expect("settings");
    let check = Counter::default().check("db", Duration::from_mins(1)).timeout(Duration::from_mins(5));
    let access = Access::new().levels(Levels::ALL, operators());
    let endpoint = health_tests::builder([check]).access(access).overrides(overrides).build().expect("good settings");
    assert_eq!(post(&endpoint.router(), "/health/checks/db/run", "").await.json()["status"], "pass");
}

#[tokio::test(start_paused = true)]
async fn disabled_check_is_not_run() {
    let counter = Counter::default();
    let access = Access::new().levels(Levels::ALL, operators());
    let overrides: Overrides =
        serde_json::from_value(json!({ "checks": { "db": { "enabled": false } } })).expect("settings");
    let endpoint = health_tests::builder([counter.check("db", Duration::ZERO)])
        .details(ShowDetails::Always)
        .access(access)
        .overrides(overrides)
        .build()
        .expect("good settings");
    let router = endpoint.router();
    let refused = post(&router, "/health/checks/db/run", "").await;
    assert_eq!(refused.problem(409), "the check \"db\" is disabled, so it is not run");
    assert_eq!(counter.begun(), 0);
    assert_eq!(post(&router, "/health/checks/db/mute", r#"{"for":"1h","reason":"x"}"#).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn client_that_leaves_does_not_end_the_run() {
    let counter = Counter::default();
    let router = operated([counter.check("db", Duration::from_secs(2))]).router();
    let left = tokio::time::timeout(Duration::from_secs(1), post(&router, "/health/checks/db/run", "")).await;
    assert!(left.is_err());
    assert_eq!((counter.begun(), counter.alive.load(Ordering::SeqCst)), (1, 1));
    let report = get(&router, "/health/checks/db").await.json();
    assert_eq!((number(&report), counter.begun()), (1, 1));
}
