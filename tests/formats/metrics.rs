//! The metrics of a scrape, which costs and changes nothing.
#![allow(clippy::float_cmp, reason = "what is counted has no fractions")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    BuildMetadata, Check, Endpoint, Level, Outcome, ShowDetails,
    access::{Access, closed, public},
};
use health_tests::{ask, builder, endpoint};
use tokio::time::sleep;

use super::exposition::Exposition;

async fn scrape(endpoint: &Endpoint) -> Exposition {
    let answer = ask(endpoint.router(), "/health/metrics", &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    Exposition::parse(&answer.body)
}

async fn report(endpoint: &Endpoint) -> u16 {
    ask(endpoint.router(), "/health/levels", &[]).await.status
}

/// The states that a check is in: one, or none at all.
fn states(scraped: &Exposition, check: &str) -> Vec<&'static str> {
    let value = |state| scraped.value("health_check_status", &[("check", check), ("health_check_status", state)]);
    ["pass", "warn", "fail"].into_iter().filter(|state| value(state) == Some(1.0)).collect()
}

fn runs(scraped: &Exposition, check: &str) -> [f64; 5] {
    ["pass", "warn", "fail", "timed_out", "panicked"].map(|outcome| {
        let labels = [("check", check), ("outcome", outcome)];
        scraped.value("health_check_runs_total", &labels).expect("every outcome is there from the start")
    })
}

#[tokio::test(start_paused = true)]
async fn scrape_runs_no_check_and_invents_no_status() {
    let ran = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&ran);
    let endpoint = endpoint([Check::new("db", Level::L1, move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { false }
    })]);
    for format in ["prometheus", "openmetrics"] {
        for route in ["/health/metrics", "/health"] {
            let answer = ask(endpoint.router(), &format!("{route}?format={format}"), &[]).await;
            assert_eq!(answer.status, 200);
        }
    }
    let before = scrape(&endpoint).await;
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert!(states(&before, "db").is_empty());
    assert_eq!(before.value("health_check_status", &[("health_check_status", "fail")]), None);
    assert_eq!(before.value("health_check_age_seconds", &[("check", "db")]), None);
    assert_eq!(runs(&before, "db"), [0.0; 5]);
    assert_eq!(before.value("health_check_duration_seconds_count", &[("check", "db")]), Some(0.0));

    // It fails, and the scrape goes on to be answered with 200.
    assert_eq!(report(&endpoint).await, 503);
    sleep(Duration::from_secs(90)).await;
    let after = scrape(&endpoint).await;
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert_eq!((states(&after, "db"), runs(&after, "db")), (vec!["fail"], [0.0, 0.0, 1.0, 0.0, 0.0]));
    assert_eq!(after.value("health_check_age_seconds", &[("check", "db"), ("level", "1")]), Some(90.0));
}

#[tokio::test(start_paused = true)]
async fn every_run_is_counted_once_by_how_it_ended() {
    let script = Arc::new(AtomicU32::new(0));
    let step = Arc::clone(&script);
    let scripted = Check::new("scripted", Level::L3, move || {
        let step = step.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(Duration::from_millis(20)).await;
            match step {
                0..4 => Outcome::pass(),
                4 => Outcome::warn("a little"),
                5 => Outcome::fail("no"),
                6 => panic!("at the disco"),
                _ => std::future::pending().await,
            }
        }
    })
    .timeout(Duration::from_secs(2))
    .max_age(Duration::ZERO)
    .failure_threshold(2)
    .critical(false);
    let blocked = Check::new("blocked", Level::L3, || async {}).depends_on(["scripted"]).max_age(Duration::ZERO);
    let endpoint = endpoint([scripted, blocked]);
    for _ in 0..8 {
        report(&endpoint).await;
    }
    let scraped = scrape(&endpoint).await;
    // A threshold and a criticality change what counts, and not how a run ended.
    assert_eq!(runs(&scraped, "scripted"), [4.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(states(&scraped, "scripted"), ["warn"]);
    // A blocked check has a status without a run.
    assert_eq!(states(&scraped, "blocked"), ["fail"]);
    assert_eq!(runs(&scraped, "blocked").iter().sum::<f64>(), 6.0);

    let bucket = |le| scraped.value("health_check_duration_seconds_bucket", &[("check", "scripted"), ("le", le)]);
    assert_eq!(
        ["0.001", "0.01", "0.025", "1.0", "2.5", "10.0", "+Inf"].map(bucket).map(Option::unwrap_or_default),
        [0.0, 0.0, 7.0, 7.0, 8.0, 8.0, 8.0]
    );
    assert_eq!(scraped.value("health_check_duration_seconds_count", &[("check", "scripted")]), Some(8.0));
    let sum = scraped.value("health_check_duration_seconds_sum", &[("check", "scripted")]).expect("a sum");
    assert!((sum - 2.14).abs() < 0.01, "{sum}");
}

#[tokio::test(start_paused = true)]
async fn metrics_show_runs_in_flight_mutes_draining_and_stale_results() {
    let never_ends = Check::new("never_ends", Level::L2, std::future::pending::<()>);
    let once = Arc::new(AtomicU32::new(0));
    let upstream = Check::new("upstream", Level::L4, move || {
        let is_first = once.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if !is_first {
                std::future::pending::<()>().await;
            }
        }
    })
    .timeout(Duration::from_hours(1))
    .max_age(Duration::ZERO);
    // Its second run waits for the other one.
    let background = Check::new("background", Level::L4, || async {}).depends_on(["upstream"]);
    let background = background.interval(Duration::from_secs(10)).stale_after(Duration::from_mins(1));
    let endpoint = endpoint([never_ends, upstream, background]);
    let in_flight = |scraped: &Exposition, check| scraped.value("health_check_in_flight", &[("check", check)]);
    let muted = |scraped: &Exposition| scraped.value("health_check_muted", &[("check", "never_ends")]);

    let before = scrape(&endpoint).await;
    assert_eq!((in_flight(&before, "never_ends"), muted(&before)), (Some(0.0), Some(0.0)));
    assert_eq!(before.value("health_draining", &[]), Some(0.0));
    assert!(states(&before, "background").is_empty(), "it is pending");

    let router = endpoint.router();
    let asking = tokio::spawn(async move { ask(router, "/health/levels/2", &[]).await.status });
    sleep(Duration::from_secs(1)).await;
    endpoint.monitor().mute("never_ends", Duration::from_hours(1), "secret reason").expect("a check");
    endpoint.monitor().drain();
    let during = scrape(&endpoint).await;
    assert_eq!((in_flight(&during, "never_ends"), muted(&during)), (Some(1.0), Some(1.0)));
    assert_eq!(during.value("health_draining", &[]), Some(1.0));
    assert_eq!(asking.await.expect("no panic"), 200, "it is muted");
    assert_eq!(in_flight(&scrape(&endpoint).await, "never_ends"), Some(0.0));

    sleep(Duration::from_secs(19)).await;
    assert_eq!(states(&scrape(&endpoint).await, "background"), ["pass"]);
    sleep(Duration::from_secs(100)).await;
    let stale = scrape(&endpoint).await;
    assert_eq!(states(&stale, "background"), ["fail"]);
    // The age is that of the run, whatever the monitor has found out since.
    assert!(stale.value("health_check_age_seconds", &[("check", "background")]).is_some_and(|age| age > 100.0));
}

#[tokio::test]
async fn both_dialects_have_the_same_metrics() {
    let build = BuildMetadata::new("orders", "1.4.0");
    let db = Check::new("db", Level::L1, || async { true }).display("Orders database");
    let endpoint = builder([db]).build_info(build).build().expect("good");
    report(&endpoint).await;
    let get = async |format: &str| ask(endpoint.router(), &format!("/health/metrics?format={format}"), &[]).await.body;
    let (new, old) = (get("openmetrics").await, get("prometheus").await);
    assert!(new.ends_with("\n# EOF\n") && !old.contains("EOF"));
    assert!(new.contains("# UNIT health_check_duration_seconds seconds\n") && !old.contains("UNIT"));
    let samples = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.contains("age_seconds"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(samples(&new), samples(&old));
    let (new, old) = (Exposition::parse(&new), Exposition::parse(&old));
    let types = |of: &Exposition, names: [&str; 4]| names.map(|name| of.types.get(name).cloned().unwrap_or_default());
    assert_eq!((new.types["health_check"].as_str(), old.types["health_check_info"].as_str()), ("info", "gauge"));
    assert_eq!(
        types(&new, ["health_check_status", "health_check_runs", "health_build", "health_check_duration_seconds"]),
        ["stateset", "counter", "info", "histogram"]
    );
    assert_eq!(
        types(
            &old,
            ["health_check_status", "health_check_runs_total", "health_build_info", "health_check_duration_seconds"]
        ),
        ["gauge", "counter", "gauge", "histogram"]
    );
    assert_eq!(new.value("health_build_info", &[("name", "orders"), ("version", "1.4.0")]), Some(1.0));
}

/// Returns the samples of one check in one dialect.
async fn samples_of(endpoint: &Endpoint, check: &str, format: &str) -> Vec<String> {
    let answer = ask(endpoint.router(), &format!("/health/metrics?format={format}"), &[]).await;
    let _ = Exposition::parse(&answer.body);
    let label = format!("check=\"{check}\"");
    answer.body.lines().filter(|line| line.contains(&label)).map(str::to_owned).collect()
}

#[tokio::test]
async fn histogram_is_fifteen_of_the_series_of_a_check() {
    let checks = || [Check::new("db", Level::L1, || async {})];
    let whole = builder(checks()).build().expect("good");
    let lean = builder(checks()).without_duration_histogram().build().expect("good");
    for endpoint in [&whole, &lean] {
        report(endpoint).await;
    }
    for format in ["openmetrics", "prometheus"] {
        let series = samples_of(&whole, "db", format).await;
        assert_eq!(series.len(), 27, "{format}: {series:?}");
        let fewer = samples_of(&lean, "db", format).await;
        assert_eq!(fewer.len(), 12, "{format}: {fewer:?}");
        // Everything else is there, under the same names.
        let name = |line: &String| line.rsplit_once(' ').expect("a value").0.to_owned();
        let kept = series.iter().filter(|line| !line.starts_with("health_check_duration_seconds")).map(name);
        assert_eq!(kept.collect::<Vec<_>>(), fewer.iter().map(name).collect::<Vec<_>>(), "{format}");
        // Nor is its type announced.
        let text = ask(lean.router(), &format!("/health/metrics?format={format}"), &[]).await.body;
        assert!(!text.contains("duration"), "{text}");
    }
}

/// `edge` is blocked by `api`, which is blocked by `db` and `cache`; `queue` is blocked by `db` alone.
fn chain(is_down: &Arc<AtomicU32>) -> Vec<Check> {
    let root = |name, level| {
        let is_down = Arc::clone(is_down);
        Check::new(name, level, move || {
            let is_well = is_down.load(Ordering::SeqCst) == 0;
            async move { is_well }
        })
        .max_age(Duration::ZERO)
    };
    let dependent = |name, level| Check::new(name, level, || async {}).max_age(Duration::ZERO);
    vec![
        root("db", Level::L1),
        root("cache", Level::L2),
        dependent("api", Level::L3).depends_on(["db", "cache"]),
        dependent("edge", Level::L4).depends_on(["api"]),
        dependent("queue", Level::L4).depends_on(["db"]),
    ]
}

fn blocked(of: &[String]) -> Vec<&str> {
    of.iter().filter_map(|line| line.strip_prefix("health_check_blocked")).collect()
}

#[tokio::test]
async fn blocked_check_names_its_root_causes_while_it_is_blocked() {
    let is_down = Arc::new(AtomicU32::new(0));
    let endpoint = builder(chain(&is_down)).details(ShowDetails::Always).build().expect("good");
    let samples = async |check: &str| samples_of(&endpoint, check, "prometheus").await;
    report(&endpoint).await;
    for check in ["db", "api", "edge", "queue"] {
        let samples = samples(check).await;
        assert!(blocked(&samples).is_empty(), "{samples:?}");
    }

    is_down.store(1, Ordering::SeqCst);
    report(&endpoint).await;
    let edge = samples("edge").await;
    assert_eq!(
        blocked(&edge),
        [r#"{check="edge",level="4",root_cause="db"} 1"#, r#"{check="edge",level="4",root_cause="cache"} 1"#]
    );
    let queue = samples("queue").await;
    assert_eq!(blocked(&queue), [r#"{check="queue",level="4",root_cause="db"} 1"#]);
    assert!(blocked(&samples("db").await).is_empty(), "it failed by itself");

    is_down.store(0, Ordering::SeqCst);
    report(&endpoint).await;
    assert!(blocked(&samples("edge").await).is_empty());
}

#[tokio::test]
async fn root_cause_is_named_only_to_callers_that_may_know_it() {
    let is_down = Arc::new(AtomicU32::new(1));
    let unnamed = r#"{check="queue",level="4"} 1"#;
    let hidden = builder(chain(&is_down)).build().expect("good");
    report(&hidden).await;
    assert_eq!(blocked(&samples_of(&hidden, "queue", "openmetrics").await), [unnamed], "the caller sees no details");

    // The caller sees details, and may not run the level of the database.
    let access = Access::new().levels(Level::L3..=Level::L5, public().with_details());
    let access = access.levels(Level::L1..=Level::L2, closed());
    let narrow = builder(chain(&is_down)).access(access).build().expect("good");
    report(&narrow).await;
    let body = ask(narrow.router(), "/health/metrics", &[]).await.body;
    assert!(!body.contains("db") && !body.contains("cache"), "{body}");
    assert!(body.contains(unnamed), "{body}");
}
