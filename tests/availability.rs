//! Availability: the share of time in which checks and levels passed, and the latency of runs, over an hour, a day and a
//! week. Unknown time counts neither as up nor as down.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use health_runtime::{Check, Endpoint, Level, Monitor, Outcome, Overrides, Selection};
use health_tests::{ask, builder, endpoint};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const BROWSER: &str = "text/html";

/// The outcome of the next runs.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicU8>);

impl Switch {
    fn set(&self, outcome: &Outcome) {
        self.0.store(outcome.status() as u8, Ordering::Relaxed);
    }

    fn check(&self, name: &str, level: Level) -> Check {
        let switch = self.clone();
        Check::new(name, level, move || {
            let outcome = match switch.0.load(Ordering::Relaxed) {
                0 => Outcome::pass(),
                1 => Outcome::warn("slowly"),
                _ => Outcome::fail("down"),
            };
            async move { outcome }
        })
        .max_age(Duration::ZERO)
    }
}

async fn view(router: &Router, path: &str) -> Value {
    let answer = ask(router.clone(), &format!("{path}?view=availability"), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{path}: {answer:?}");
    answer.json()
}

/// Whole seconds with a pass, a warning and a failure.
fn times(window: &Value) -> [u64; 3] {
    let seconds = |name| window[name].as_f64().map(Duration::from_secs_f64).expect("a number").as_secs();
    ["pass_s", "warn_s", "fail_s"].map(seconds)
}

/// Runs every check now and every half minute for some time.
async fn poll(monitor: &Monitor, time: Duration) {
    for _ in 0..time.as_secs() / 30 {
        monitor.report(&Selection::everything()).await;
        advance(Duration::from_secs(30)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn shares_follow_the_results_of_a_check() {
    let switch = Switch::default();
    let endpoint = endpoint([switch.check("db", Level::L3)]);
    let (monitor, router) = (endpoint.monitor(), endpoint.router());
    poll(monitor, 10 * MINUTE).await;
    switch.set(&Outcome::fail("down"));
    poll(monitor, 5 * MINUTE).await;
    switch.set(&Outcome::warn("slowly"));
    poll(monitor, 5 * MINUTE).await;

    let body = view(&router, "/health/checks/db").await;
    assert_eq!((&body["name"], &body["level"]), (&json!("db"), &json!(3)));
    for name in ["hour", "day", "week"] {
        let window = &body[name];
        assert_eq!(times(window), [600, 300, 300], "{name}");
        assert_eq!(window["available"], 0.75, "{name}: a warning is available");
        assert_eq!(window["runs"], 40, "{name}");
    }
    assert_eq!(body["hour"]["unknown_s"], 35.0 * 60.0, "before the start");
    let bars = body["hour"]["bars"].as_array().expect("bars");
    assert_eq!((bars.len(), &body["hour"]["bar_s"]), (12, &json!(300)));
    let last: Vec<_> = bars[7..11].iter().map(|bar| bar["available"].clone()).collect();
    assert_eq!(last, [json!(1.0), json!(1.0), json!(0.0), json!(1.0)]);
    assert_eq!(bars[0], json!({ "known": 0.0 }));
    assert_eq!((body["day"]["bars"].as_array().map(Vec::len), &body["day"]["bar_s"]), (Some(24), &json!(3600)));
    assert_eq!((body["week"]["bars"].as_array().map(Vec::len), &body["week"]["bar_s"]), (Some(14), &json!(43_200)));

    let level = &view(&router, "/health/levels/3").await["level_3"];
    assert_eq!(times(&level["hour"]), [600, 300, 300]);
    assert!(level["hour"].get("runs").is_none(), "a level is not run");
    assert_eq!(times(&level["checks"]["db"]["day"]), [600, 300, 300]);
    assert!(level["checks"]["db"]["day"].get("bars").is_none(), "there may be thousands of checks");
}

#[tokio::test(start_paused = true)]
async fn old_results_leave_the_windows() {
    let switch = Switch::default();
    let endpoint = endpoint([switch.check("db", Level::L3)]);
    let router = endpoint.router();
    switch.set(&Outcome::fail("down"));
    poll(endpoint.monitor(), 10 * MINUTE).await;
    switch.set(&Outcome::pass());
    poll(endpoint.monitor(), HOUR).await;
    let body = view(&router, "/health/checks/db").await;
    assert_eq!((&body["hour"]["available"], &body["hour"]["unknown_s"]), (&json!(1.0), &json!(0.0)));
    assert_eq!(times(&body["day"]), [3600, 0, 600]);

    advance(26 * HOUR).await;
    let body = view(&router, "/health/checks/db").await;
    assert!(body["hour"].get("available").is_none() && body["day"].get("available").is_none(), "nothing is known");
    assert_eq!(times(&body["week"]), [3600 + 270, 0, 600]);
    advance(8 * 24 * HOUR).await;
    assert_eq!(times(&view(&router, "/health/checks/db").await["week"]), [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn time_without_results_is_unknown() {
    let on_demand = Switch::default().check("on demand", Level::L4);
    let stale = Check::new("stale", Level::L5, || async {}).interval(MINUTE).stale_after(10 * MINUTE);
    let endpoint = endpoint([
        on_demand,
        stale,
        Check::new("never", Level::L2, || async {}),
        Check::new("asked", Level::L2, || async {}),
    ]);
    let router = endpoint.router();
    let body = view(&router, "/health/levels").await;
    for (level, check) in [("level_4", "on demand"), ("level_5", "stale")] {
        assert_eq!(times(&body[level]["hour"]), [0; 3], "{level}");
        assert_eq!(times(&body[level]["checks"][check]["hour"]), [0; 3], "{check}");
    }
    assert!(body.get("level_1").is_some_and(|level| level.get("hour").is_none()), "a level without checks: {body:#}");

    endpoint.monitor().report(&Selection::level(Level::L4)).await;
    endpoint.monitor().report(&Selection::check("asked")).await;
    sleep(5 * MINUTE).await;
    // The background task has no turn, as if the process were frozen.
    advance(30 * MINUTE).await;
    let body = view(&router, "/health/levels").await;
    let known = |level: &str, check: &str| times(&body[level]["checks"][check]["hour"]);
    assert_eq!(known("level_4", "on demand"), [300, 0, 0], "five minutes after the only run");
    assert_eq!(times(&body["level_4"]["hour"]), [300, 0, 0]);
    let [passed, _, failed] = known("level_5", "stale");
    assert!((700..=900).contains(&passed) && failed == 0, "until it was stale: {passed} s, {failed} s");
    assert_eq!(times(&body["level_5"]["hour"]), [passed, 0, 0]);
    assert_eq!(known("level_2", "asked"), [300, 0, 0]);
    assert_eq!(times(&body["level_2"]["hour"]), [0; 3], "one of its checks was always unknown");
}

#[tokio::test(start_paused = true)]
async fn level_is_as_bad_as_its_worst_check() {
    let [db, queue, optional] = [(); 3].map(|()| Switch::default());
    let checks = [
        db.check("db", Level::L3),
        queue.check("queue", Level::L3),
        optional.check("optional", Level::L3).critical(false),
    ];
    let endpoint = endpoint(checks);
    let (monitor, router) = (endpoint.monitor(), endpoint.router());
    poll(monitor, 5 * MINUTE).await;
    db.set(&Outcome::fail("down"));
    poll(monitor, 2 * MINUTE).await;
    queue.set(&Outcome::fail("down"));
    db.set(&Outcome::pass());
    poll(monitor, 3 * MINUTE).await;
    queue.set(&Outcome::pass());
    optional.set(&Outcome::fail("down"));
    poll(monitor, 5 * MINUTE).await;

    let level = &view(&router, "/health/levels").await["level_3"];
    assert_eq!(times(&level["hour"]), [300, 300, 300], "a check that is not critical only warns");
    assert_eq!(times(&level["checks"]["optional"]["hour"]), [600, 0, 300], "it fails by itself all the same");

    let part = ask(router.clone(), "/health/levels?view=availability&exclude=db", &[]).await.json();
    assert!(part["level_3"].get("hour").is_none() && part["level_3"]["checks"].get("db").is_none(), "{part:#}");
}

#[tokio::test(start_paused = true)]
async fn mute_takes_a_check_out_of_its_level_at_once() {
    let [db, queue] = [(); 2].map(|()| Switch::default());
    let dependent = Switch::default().check("dependent", Level::L2).depends_on(["db"]);
    let endpoint = endpoint([db.check("db", Level::L3), queue.check("queue", Level::L3), dependent]);
    let (monitor, router) = (endpoint.monitor(), endpoint.router());
    db.set(&Outcome::fail("down"));
    poll(monitor, 2 * MINUTE).await;
    monitor.mute("db", 3 * MINUTE, "maintenance").expect("a check");
    poll(monitor, 4 * MINUTE).await;
    monitor.mute("db", HOUR, "maintenance").expect("a check");
    poll(monitor, MINUTE).await;
    monitor.unmute("db").expect("a check");
    poll(monitor, MINUTE).await;

    let body = view(&router, "/health/levels").await;
    let level = &body["level_3"];
    assert_eq!(times(&level["hour"]), [240, 0, 240]);
    assert_eq!(times(&level["checks"]["db"]["hour"]), [0, 0, 480], "it was down, muted or not");
    let blocked = &body["level_2"];
    assert_eq!(times(&blocked["checks"]["dependent"]["hour"]), [0, 0, 480], "a blocked check is down");
    assert_eq!(times(&blocked["hour"]), [0, 0, 240], "an excused one counts for nothing");
}

#[tokio::test(start_paused = true)]
async fn disabled_time_is_unknown_and_counts_for_no_level() {
    let [db, legacy, lonely] = [(); 3].map(|()| Switch::default());
    let checks = [db.check("db", Level::L3), legacy.check("legacy", Level::L3), lonely.check("lonely", Level::L2)];
    let settings: Overrides = "legacy.enabled=false, lonely.enabled=false".parse().expect("a list");
    let endpoint = builder(checks).overrides(settings).build().expect("a good endpoint");
    let router = endpoint.router();
    for outcome in [Outcome::pass(), Outcome::fail("down")] {
        for check in [&db, &legacy, &lonely] {
            check.set(&outcome);
        }
        poll(endpoint.monitor(), 5 * MINUTE).await;
    }
    let body = view(&router, "/health/levels").await;
    assert_eq!(times(&body["level_3"]["hour"]), [300, 0, 300], "that of the other check");
    for check in ["legacy", "lonely"] {
        let hour = &view(&router, &format!("/health/checks/{check}")).await["hour"];
        assert_eq!((times(hour), hour.get("available"), hour.get("runs")), ([0; 3], None, None), "{check}");
        assert!(hour["unknown_s"].as_f64().is_some_and(|seconds| seconds > 3_000.0), "{check}: {hour}");
    }
    let own = &body["level_2"]["hour"];
    assert!(own.get("available").is_none(), "{own}");
}

#[tokio::test(start_paused = true)]
async fn updates_keep_the_timeline_at_the_same_level() {
    let switch = Switch::default();
    let endpoint = endpoint([switch.check("db", Level::L3)]);
    let (monitor, router) = (endpoint.monitor(), endpoint.router());
    poll(monitor, 5 * MINUTE).await;
    monitor.replace(switch.check("db", Level::L3)).expect("a good check");
    poll(monitor, 5 * MINUTE).await;
    let body = view(&router, "/health/levels").await;
    assert_eq!(times(&body["level_3"]["checks"]["db"]["hour"]), [600, 0, 0]);
    assert_eq!(times(&body["level_3"]["hour"]), [600, 0, 0]);

    monitor.mute("db", HOUR, "maintenance").expect("a check");
    monitor.replace(switch.check("db", Level::L5)).expect("a good check");
    poll(monitor, 5 * MINUTE).await;
    let body = view(&router, "/health/levels").await;
    assert!(body["level_3"].get("hour").is_none(), "no check is left: {body:#}");
    assert_eq!(times(&body["level_5"]["checks"]["db"]["hour"]), [300, 0, 0], "from its new level on");
    assert_eq!(times(&body["level_5"]["hour"]), [0; 3], "it is still muted");

    monitor.remove("db").expect("a check");
    assert_eq!(ask(router.clone(), "/health/checks/db?view=availability", &[]).await.status, 404);
    monitor.add(switch.check("db", Level::L3)).expect("a good check");
    assert_eq!(times(&view(&router, "/health/checks/db").await["week"]), [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn latency_is_that_of_the_runs() {
    let millis = AtomicU64::new(0);
    let slower = Check::new("slower", Level::L3, move || {
        let time = Duration::from_millis(2 * millis.fetch_add(1, Ordering::Relaxed));
        sleep(time)
    });
    let hangs = Check::new("hangs", Level::L3, std::future::pending::<Outcome>).timeout(Duration::from_secs(2));
    let endpoint = endpoint([slower.max_age(Duration::ZERO), hangs, Check::new("never", Level::L5, || async {})]);
    for _ in 0..20 {
        endpoint.monitor().report(&Selection::level(Level::L3)).await;
        advance(Duration::from_secs(10)).await;
    }
    let body = view(&endpoint.router(), "/health/levels").await;
    let checks = &body["level_3"]["checks"];
    assert_eq!(checks["slower"]["hour"]["runs"], 20);
    // 0, 2, …, 38 ms. The percentiles are bounds of buckets.
    assert_eq!(checks["slower"]["hour"]["latency_ms"], json!({ "p50": 25.0, "p95": 38.0, "max": 38.0 }));
    assert_eq!(checks["hangs"]["day"]["latency_ms"], json!({ "p50": 2000.0, "p95": 2000.0, "max": 2000.0 }));
    assert!(body["level_5"]["checks"]["never"]["hour"].get("runs").is_none());
}

#[tokio::test(start_paused = true)]
async fn view_runs_no_check_and_has_no_verdict() {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let check = Check::new("db", Level::L1, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Outcome::fail("down") }
    });
    let endpoint = endpoint([check]);
    let router = endpoint.router();
    for path in ["/health/levels", "/health/levels/1", "/health/checks/db"] {
        view(&router, path).await;
    }
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    endpoint.monitor().report(&Selection::everything()).await;
    view(&router, "/health/levels").await;
    assert_eq!(runs.load(Ordering::Relaxed), 1);

    // Other formats and routes have no such view.
    let page = ask(router.clone(), "/health/levels?view=availability&format=text", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (503, "text/plain; charset=utf-8"));
    assert_eq!(ask(router.clone(), "/readyz?view=availability", &[]).await.body, "ok");
    assert_eq!(ask(router.clone(), "/health/levels?view=availabilities", &[]).await.status, 400);
    assert_eq!(ask(router.clone(), "/health/checks/none?view=availability", &[]).await.status, 404);
    assert_eq!(ask(router, "/health/levels?view=availability&tag=none", &[]).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn answers_about_many_checks_stay_small() {
    let checks = (0..1000).map(|number| Switch::default().check(&format!("check-{number}"), Level::L3));
    let endpoint = endpoint(checks);
    poll(endpoint.monitor(), 5 * MINUTE).await;
    let answer = ask(endpoint.router(), "/health/levels?view=availability", &[]).await;
    assert!(answer.body.len() < 1000 * 800, "{}", answer.body.len());
}

fn page(endpoint: &Endpoint) -> impl AsyncFn(&str) -> Html {
    let router = endpoint.router();
    async move |path| {
        let answer = ask(router.clone(), path, &[BROWSER]).await;
        assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
        Html::parse_document(&answer.body)
    }
}

fn texts(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    html.select(&selector).map(|element| element.text().collect::<String>()).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_show_bars_with_their_meaning_in_words() {
    let switch = Switch::default();
    let endpoint = builder([switch.check("db", Level::L3).readiness(), Switch::default().check("cpu", Level::L5)]);
    let endpoint = endpoint.build().expect("a good endpoint");
    poll(endpoint.monitor(), 10 * MINUTE).await;
    switch.set(&Outcome::fail("down"));
    poll(endpoint.monitor(), 5 * MINUTE).await;
    let page = page(&endpoint);

    let html = page("/health/checks/db").await;
    let rows = texts(&html, "section.availability li");
    assert_eq!(rows.len(), 3);
    assert!(rows[0].starts_with("hour 66.66 % available since 20"), "{}", rows[0]);
    assert!(rows[0].contains("27.27 % of it known; 31 runs: median "), "{}", rows[0]);
    let pictures = Selector::parse("section.availability svg[role=img]").expect("a selector");
    let words: Vec<_> = html.select(&pictures).filter_map(|picture| picture.attr("aria-label")).collect();
    assert!(words[0].starts_with("66.66 % available since 20"), "{}", words[0]);
    assert!(
        words[0].contains("by 5 minutes: 2 passed, 0 warned, 1 failed for some of the time, 8 unknown"),
        "{}",
        words[0]
    );
    assert!(words[0].contains("The longest failure in one began after 20"), "{}", words[0]);
    assert_eq!(texts(&html, "section.availability svg[role=img] path.fail").len(), 3);

    for path in ["/health", "/health/levels"] {
        let html = page(path).await;
        let bars = texts(&html, "ul.availability li");
        assert_eq!(bars.len(), 6, "three windows of two levels");
        assert!(bars[0].contains("66.66 % available") && bars[3].contains("100 % available"), "{bars:?}");
    }
    for path in ["/readyz?format=html", "/health/levels?exclude=cpu", "/health/levels/1"] {
        let bars = texts(&page(path).await, "ul.availability li");
        assert_eq!(bars.len(), if path.ends_with('1') { 6 } else { 0 }, "{path}: not the whole level");
    }
}
