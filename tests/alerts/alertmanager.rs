//! Alerts that fire, end and are muted.

use std::time::{Duration, SystemTime};

use health_runtime::{BuildMetadata, Check, Endpoint, Forced, Level, Monitor, Outcome, Registry, alerts::Alertmanager};
use health_tests::{builder, monitor};
use serde_json::{Value, json};

use crate::receiver::{Receiver, StoppedClock, Switch, let_tasks_run, run, start};

fn alertmanager(receiver: &Receiver) -> Alertmanager {
    Alertmanager::new([receiver.url()]).service("orders")
}

/// Returns the seconds from now to a time of an alert.
fn seconds_until(time: &Value) -> i64 {
    let time = humantime::parse_rfc3339(time.as_str().expect("a time")).expect("RFC 3339");
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).expect("a short time");
    match time.duration_since(SystemTime::now()) {
        Ok(ahead) => seconds(ahead + Duration::from_millis(500)),
        Err(behind) => -seconds(behind.duration()),
    }
}

/// Starts an endpoint whose check `db` passes at first, and then fails with this message. The request at the start is read.
async fn failing(
    alertmanager: Alertmanager,
    message: &str,
    receiver: &mut Receiver,
    clock: &StoppedClock,
) -> (Switch, Endpoint) {
    let db = Switch::new();
    let endpoint = start(builder([db.check("db")]).alert_to(alertmanager));
    receiver.next().await;
    clock.advance(2).await;
    db.set(Outcome::fail(message));
    run(endpoint.monitor()).await;
    (db, endpoint)
}

fn checks(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|alert| alert["labels"]["check"].as_str().expect("a name")).collect()
}

#[tokio::test(start_paused = true)]
async fn failing_check_is_an_alert_that_is_sent_again_each_minute() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    let check = db.check("db").display("Orders database").owner("payments").runbook("https://wiki.example.com/db");
    let alertmanager = Alertmanager::new([format!("{}/am/", receiver.url())])
        .label("cluster", "eu-1")
        .endpoint_url("https://orders.example.com/health/");
    let builder = builder([check]).build_info(BuildMetadata::new("orders", "1.0.0")).alert_to(alertmanager);
    let endpoint = start(builder);

    let first = receiver.next().await;
    assert!(first.head.starts_with("POST /am/api/v2/alerts HTTP/1.1\r\n"), "{}", first.head);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.json(), json!([]), "shows at the start whether the receiver can be reached");
    run(endpoint.monitor()).await;
    clock.advance(300).await;
    assert!(receiver.so_far().await.is_empty(), "no check fails");

    db.set(Outcome::fail("refused by db.internal"));
    run(endpoint.monitor()).await;
    let mut alerts = receiver.alerts().await;
    let alert = &mut alerts[0];
    assert!(seconds_until(&alert["startsAt"]) <= 0);
    assert!((178..=180).contains(&seconds_until(&alert["endsAt"])), "{alert}");
    let fields = alert.as_object_mut().expect("an object");
    fields.remove("startsAt");
    fields.remove("endsAt");
    let expected = json!({
        "labels": { "alertname": "HealthCheckFailing", "service": "orders", "check": "db", "level": "1",
                    "severity": "page", "cluster": "eu-1" },
        "annotations": { "summary": "Orders database fails", "owner": "payments",
                         "runbook_url": "https://wiki.example.com/db" },
        "generatorURL": "https://orders.example.com/health/checks/db",
    });
    assert_eq!(alerts, [expected]);

    for _ in 0..3 {
        clock.advance(58).await;
        assert!(receiver.so_far().await.is_empty(), "not earlier than after a minute");
        clock.advance(2).await;
        assert_eq!(checks(&receiver.alerts().await), ["db"]);
    }
}

#[tokio::test(start_paused = true)]
async fn end_of_an_alert_of_this_instance_is_repeated_for_five_minutes() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, endpoint) = failing(alertmanager(&receiver).instance("pod-1"), "down", &mut receiver, &clock).await;
    let firing = receiver.alerts().await;
    assert_eq!(firing[0]["labels"]["instance"], "pod-1");
    clock.advance(2).await;

    db.set(Outcome::pass());
    run(endpoint.monitor()).await;
    let ended = receiver.alerts().await;
    assert_eq!(ended[0]["labels"], firing[0]["labels"]);
    assert_eq!(ended[0]["startsAt"], firing[0]["startsAt"]);
    assert!(seconds_until(&ended[0]["endsAt"]) <= 0, "{ended:?}");
    let mut repeated = 0;
    for _ in 0..10 {
        clock.advance(60).await;
        for request in receiver.so_far().await {
            assert_eq!(request.json()[0]["endsAt"], ended[0]["endsAt"]);
            repeated += 1;
        }
    }
    assert!((4..=5).contains(&repeated), "{repeated}");

    // The same alert again.
    db.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    assert!(seconds_until(&receiver.alerts().await[0]["endsAt"]) > 170);
}

/// Another instance may still see the failure.
#[tokio::test(start_paused = true)]
async fn instance_without_a_label_ends_no_alert() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, endpoint) = failing(alertmanager(&receiver), "down", &mut receiver, &clock).await;
    assert!(receiver.alerts().await[0]["labels"].get("instance").is_none());
    clock.advance(2).await;
    db.set(Outcome::pass());
    run(endpoint.monitor()).await;
    clock.advance(400).await;
    assert!(receiver.so_far().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn change_of_severity_is_another_alert() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, endpoint) = failing(
        alertmanager(&receiver).instance("pod-1").details(),
        "down (postgres://ada:hunter2@db/)",
        &mut receiver,
        &clock,
    )
    .await;
    let alerts = receiver.alerts().await;
    assert_eq!(alerts[0]["annotations"]["message"], "down (postgres://***@db/)", "secrets are masked");
    clock.advance(2).await;
    db.set(Outcome::warn("slow"));
    run(endpoint.monitor()).await;
    let alerts = receiver.alerts().await;
    let words = |alert: &Value| {
        let labels = &alert["labels"];
        (labels["alertname"].clone(), labels["severity"].clone(), seconds_until(&alert["endsAt"]) > 0)
    };
    assert_eq!(words(&alerts[0]), (json!("HealthCheckFailing"), json!("page"), false));
    assert_eq!(words(&alerts[1]), (json!("HealthCheckWarning"), json!("ticket"), true));
    assert_eq!(alerts[1]["annotations"], json!({ "summary": "db warns", "message": "slow" }));
}

#[tokio::test(start_paused = true)]
async fn muted_check_is_not_sent() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, cache) = (Switch::new(), Switch::new());
    let checks_of_service =
        [db.check("db"), cache.check("cache"), Check::new("orders", Level::L2, || async {}).depends_on(["db"])];
    let endpoint = start(builder(checks_of_service).alert_to(alertmanager(&receiver).instance("pod-1")));
    receiver.next().await;
    clock.advance(2).await;
    let hour = Duration::from_hours(1);
    endpoint.monitor().mute("db", hour, "maintenance").expect("a check");
    db.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    clock.advance(70).await;
    assert!(receiver.so_far().await.is_empty(), "neither the check nor those that it blocks");

    cache.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    assert_eq!(checks(&receiver.alerts().await), ["cache"]);
    endpoint.monitor().mute("cache", hour, "maintenance").expect("a check");
    clock.advance(2).await;
    let alerts = receiver.alerts().await;
    assert_eq!(checks(&alerts), ["cache"]);
    assert!(seconds_until(&alerts[0]["endsAt"]) <= 0, "the mute ends an alert that fires at once");

    endpoint.monitor().unmute("db").expect("a check");
    clock.advance(2).await;
    assert_eq!(checks(&receiver.alerts().await), ["cache", "db"], "a failure that goes on fires at once");
}

/// Starts a service whose check `db` passes, and begins a drill of five minutes.
async fn drilled(forced: Forced) -> (StoppedClock, Receiver, Switch, Endpoint) {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    let endpoint = start(builder([db.check("db")]).alert_to(alertmanager(&receiver).instance("pod-1")));
    run(endpoint.monitor()).await;
    receiver.next().await;
    clock.advance(2).await;
    endpoint.monitor().drill("db", forced, Duration::from_mins(5)).expect("a drill");
    clock.advance(2).await;
    (clock, receiver, db, endpoint)
}

#[tokio::test(start_paused = true)]
async fn alert_of_a_drill_has_a_label_and_a_failure_that_follows_is_another_one() {
    let (clock, mut receiver, db, _endpoint) = drilled(Forced::fail("why")).await;
    let alerts = receiver.alerts().await;
    assert_eq!((&alerts[0]["labels"]["drill"], alerts.len()), (&json!("true"), 1));
    assert_eq!(alerts[0]["annotations"]["summary"], "[DRILL] db fails");

    db.set(Outcome::fail("down"));
    clock.advance(5 * 60).await;
    let requests = receiver.so_far().await;
    let alerts = requests.last().expect("a request").json();
    let alerts: Vec<_> = alerts.as_array().expect("alerts").iter().collect();
    let [own, drill] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((own["labels"].get("drill"), &own["annotations"]["summary"]), (None, &json!("db fails")));
    assert!(seconds_until(&own["endsAt"]) > 0 && seconds_until(&drill["endsAt"]) <= 0, "{alerts:?}");
    assert_eq!(drill["labels"]["drill"], "true");
}

#[tokio::test(start_paused = true)]
async fn failure_of_the_own_function_in_a_slow_drill_is_an_alert_without_the_label() {
    let (clock, mut receiver, db, endpoint) = drilled(Forced::slow_by(Duration::from_millis(1))).await;
    db.set(Outcome::fail("down"));
    let report = tokio::spawn({
        let monitor = endpoint.monitor().clone();
        async move { run(&monitor).await }
    });
    clock.advance(2).await;
    report.await.expect("no panic");
    let alerts = receiver.alerts().await;
    assert_eq!((alerts[0]["labels"].get("drill"), &alerts[0]["annotations"]["summary"]), (None, &json!("db fails")));
}

#[tokio::test(start_paused = true)]
async fn blocked_check_is_an_alert_only_if_no_root_cause_is_as_severe() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, cache) = (Switch::new(), Switch::new());
    let checks_of_service = [
        db.check("db"),
        cache.check("cache").critical(false),
        Check::new("orders", Level::L2, || async {}).depends_on(["db"]).max_age(Duration::ZERO),
        Check::new("shop", Level::L3, || async {}).depends_on(["orders"]).max_age(Duration::ZERO),
        Check::new("search", Level::L3, || async {}).depends_on(["cache"]).max_age(Duration::ZERO),
    ];
    let endpoint = start(builder(checks_of_service).alert_to(alertmanager(&receiver)));
    receiver.next().await;
    run(endpoint.monitor()).await;
    clock.advance(2).await;
    db.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    assert_eq!(checks(&receiver.alerts().await), ["db"]);
    clock.advance(2).await;
    let alerts = receiver.alerts().await;
    assert_eq!(checks(&alerts), ["db"]);
    assert_eq!(alerts[0]["annotations"]["blocks"], "orders");

    db.set(Outcome::pass());
    cache.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    clock.advance(2).await;
    for request in receiver.so_far().await {
        let alerts = request.json();
        let alerts = alerts.as_array().expect("a list");
        assert!(
            !checks(alerts).contains(&"orders"),
            "the next run of what was blocked shows whether it works: {alerts:?}"
        );
    }
    clock.advance(60).await;
    let alerts = receiver.alerts().await;
    let severities: Vec<_> = alerts.iter().map(|alert| alert["labels"]["severity"].clone()).collect();
    assert_eq!((checks(&alerts), severities), (vec!["cache", "search"], vec![json!("ticket"), json!("page")]));
    assert_eq!(alerts[1]["annotations"], json!({ "summary": "search fails (blocked)", "cause": "blocked" }));
}

#[tokio::test(start_paused = true)]
async fn removed_check_ends_its_alert() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (_db, endpoint) = failing(alertmanager(&receiver).instance("pod-1"), "down", &mut receiver, &clock).await;
    receiver.next().await;
    endpoint.monitor().remove("db").expect("a check");
    clock.advance(2).await;
    assert!(seconds_until(&receiver.alerts().await[0]["endsAt"]) <= 0);
}

#[tokio::test(start_paused = true)]
async fn flapping_check_is_sent_once_a_second_at_most() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    let endpoint = start(builder([db.check("db")]).alert_to(alertmanager(&receiver).instance("pod-1")));
    receiver.next().await;
    for _ in 0..5 {
        clock.advance(1).await;
        for turn in 0..21 {
            db.set(if turn % 2 == 0 { Outcome::fail("down") } else { Outcome::pass() });
            run(endpoint.monitor()).await;
        }
    }
    let requests = receiver.so_far().await.len();
    assert!((4..=6).contains(&requests), "{requests}");
}

#[tokio::test(start_paused = true)]
async fn task_ends_with_the_monitor() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let_tasks_run().await;
    let before = tasks();
    let monitor = monitor([Switch::new().check("db")]);
    monitor.alert_to(alertmanager(&receiver)).expect("good settings");
    receiver.next().await;
    clock.advance(1).await;
    assert_eq!(tasks(), before + 1);
    drop(monitor);
    let_tasks_run().await;
    assert_eq!(tasks(), before);
}

#[test]
fn alerts_of_a_monitor_without_a_runtime_begin_with_the_first_change() {
    let db = Switch::new();
    db.set(Outcome::fail("down"));
    let registry = Registry::builder().check(db.check("db")).build().expect("a good check");
    let monitor = Monitor::new(registry);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listening = runtime();
    let mut receiver = listening.block_on(Receiver::start());
    monitor.alert_to(alertmanager(&receiver)).expect("good settings");
    listening.block_on(async {
        run(&monitor).await;
        assert_eq!(checks(&receiver.alerts().await), ["db"]);
    });
}
