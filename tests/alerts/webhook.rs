//! Events for a webhook: their form, their signature, and their delivery.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use health_runtime::{Check, Forced, Level, Outcome, ShowDetails, alerts::Webhook};
use health_tests::{Log, ask, builder, flapping, monitor};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::receiver::{Reaction, Received, Receiver, StoppedClock, Switch, let_tasks_run, run, start};

const KEY: &[u8] = b"a key of thirty-two bytes, or so";
const OTHER_KEY: &[u8] = b"another key for webhooks";

fn webhook(receiver: &Receiver) -> Webhook {
    Webhook::new(format!("{}/hooks/h4x0r", receiver.url())).service("orders")
}

fn secret(key: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

/// Signs as a receiver does.
fn signature(key: &[u8], request: &Received) -> String {
    let header = |name| request.header(name).expect("a header");
    let text = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), request.body);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn number(request: &Received) -> u64 {
    let event = request.json();
    let id = event["id"].as_str().expect("an id");
    assert_eq!(request.header("webhook-id"), Some(id));
    id.rsplit_once('-').expect("a dash").1.parse().expect("a number")
}

#[tokio::test(start_paused = true)]
async fn each_change_is_an_event() {
    let _clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    let checks = [
        db.check("db").display("Orders database").owner("payments").runbook("https://wiki.example.com/db"),
        Check::new("shop", Level::L3, || async {}).depends_on(["db"]).max_age(Duration::ZERO),
    ];
    let webhook = webhook(&receiver).instance("pod 1").endpoint_url("https://orders.example.com/health");
    let endpoint = start(builder(checks).alert_to(webhook));
    run(endpoint.monitor()).await;
    let mut firsts = [receiver.next().await.json(), receiver.next().await.json()];
    firsts.sort_by_key(|event| event["subject"].to_string());
    assert_eq!(firsts[0]["data"]["from"], Value::Null);
    assert_eq!((&firsts[0]["data"]["to"], &firsts[0]["data"]["severity"]), (&json!("pass"), &json!("none")));

    db.set(Outcome::fail("refused by db.internal"));
    run(endpoint.monitor()).await;
    let request = receiver.next().await;
    assert!(request.head.starts_with("POST /hooks/h4x0r HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.header("content-type"), Some("application/cloudevents+json"));
    assert_eq!(request.header("webhook-signature"), None);
    let mut event = request.json();
    let fields = event.as_object_mut().expect("an object");
    let id = fields.remove("id").expect("an id");
    assert_eq!(id.as_str().map(|id| id.len() > 16 && id.ends_with(&number(&request).to_string())), Some(true));
    let time = fields.remove("time").expect("a time");
    humantime::parse_rfc3339(time.as_str().expect("a text")).expect("RFC 3339");
    let expected = json!({
        "specversion": "1.0", "source": "https://orders.example.com/health", "type": "health.check.changed",
        "subject": "db", "datacontenttype": "application/json",
        "data": {
            "service": "orders", "instance": "pod 1", "check": "db", "display": "Orders database", "level": 1,
            "from": "pass", "to": "fail", "severity": "page", "muted": false, "drill": false, "owner": "payments",
            "runbook_url": "https://wiki.example.com/db", "url": "https://orders.example.com/health/checks/db",
        },
    });
    assert_eq!(event, expected, "no message without `details`");
    let blocked = receiver.next().await.json();
    assert_eq!((&blocked["data"]["cause"], &blocked["data"]["blocked_by"]), (&json!("blocked"), &json!(["db"])));
}

#[tokio::test(start_paused = true)]
async fn message_is_sent_on_request_and_a_muted_change_is_marked() {
    let _clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    db.set(Outcome::fail("down (postgres://ada:hunter2@db/)"));
    let builder = builder([db.check("db")]).muted("db").alert_to(webhook(&receiver).instance("a/b").details());
    let endpoint = start(builder);
    run(endpoint.monitor()).await;
    let event = receiver.next().await.json();
    assert_eq!(event["source"], "/orders/a%2Fb");
    let data = &event["data"];
    assert_eq!(data["message"], "down (postgres://***@db/)", "secrets are masked");
    assert_eq!((&data["muted"], &data["severity"]), (&json!(true), &json!("none")));
}

#[tokio::test(start_paused = true)]
async fn changes_into_a_drill_and_out_of_it_are_marked() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    let endpoint = start(builder([db.check("db")]).alert_to(webhook(&receiver)));
    run(endpoint.monitor()).await;
    assert_eq!(receiver.next().await.json()["data"]["drill"], false, "the first result");
    endpoint.monitor().drill("db", Forced::fail("why"), Duration::from_mins(5)).expect("a drill");
    let data = &receiver.next().await.json()["data"];
    assert_eq!((&data["to"], &data["severity"], &data["drill"]), (&json!("fail"), &json!("page"), &json!(true)));
    clock.advance(5 * 60).await;
    let data = &receiver.next().await.json()["data"];
    assert_eq!((&data["to"], &data["severity"], &data["drill"]), (&json!("pass"), &json!("none"), &json!(true)));
    endpoint.monitor().drill("db", Forced::fail("why"), Duration::from_mins(5)).expect("a drill");
    assert_eq!(receiver.next().await.json()["data"]["to"], "fail");
    endpoint.monitor().remove("db").expect("a check");
    let event = receiver.next().await.json();
    assert_eq!((&event["type"], &event["data"]["drill"]), (&json!("health.check.removed"), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn request_is_signed_with_each_secret_and_a_retry_has_the_same_id() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    fs::write(&file, secret(KEY) + "\n").expect("a file");
    let monitor = monitor([flapping::flapping("db")]);
    let webhook = webhook(&receiver).signing_secret_file(&file).signing_secret(secret(OTHER_KEY));
    monitor.alert_to(webhook).expect("good settings");
    receiver.react(Reaction::with_headers("500 Internal Server Error", "Retry-After: 5\r\n"));
    run(&monitor).await;
    let first = receiver.next().await;
    let signed = |request: &Received, key| format!("{} {}", signature(key, request), signature(OTHER_KEY, request));
    assert_eq!(first.header("webhook-signature"), Some(&*signed(&first, KEY)));
    let timestamp: u64 = first.header("webhook-timestamp").expect("a time").parse().expect("seconds");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(now.abs_diff(timestamp) < 60);

    // A renewed secret needs no restart.
    fs::write(&file, secret(b"another key of 32 bytes, or more")).expect("a file");
    receiver.react(Reaction::status("204 No Content"));
    clock.advance(5).await;
    let second = receiver.next().await;
    assert_eq!((second.header("webhook-id"), &second.body), (first.header("webhook-id"), &first.body));
    let renewed = signed(&second, b"another key of 32 bytes, or more");
    assert_eq!(second.header("webhook-signature"), Some(&*renewed));
}

#[tokio::test(start_paused = true)]
async fn full_queue_drops_the_oldest_events_and_keeps_their_order() {
    let (log, _guard) = Log::of_this_thread();
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let with_details = builder([flapping::flapping("db")]).details(ShowDetails::Always);
    let endpoint = start(with_details.alert_to(webhook(&receiver)));
    receiver.react(Reaction::status("503 Service Unavailable"));
    for _ in 0..300 {
        run(endpoint.monitor()).await;
    }
    receiver.react(Reaction::status("200 OK"));
    receiver.so_far().await;
    clock.advance(70).await;
    let mut numbers = Vec::new();
    loop {
        let requests = receiver.so_far().await;
        if requests.is_empty() {
            break;
        }
        numbers.extend(requests.iter().map(number));
    }
    assert_eq!(numbers, (45..=300).collect::<Vec<_>>());
    let metrics = ask(endpoint.router(), "/health/metrics", &[]).await.body;
    let line = format!("\nhealth_alert_events_dropped_total{{receiver=\"{}\"}} 44\n", receiver.url());
    assert!(metrics.contains(&line), "{metrics}");
    let hidden = ask(start(builder([]).alert_to(webhook(&receiver))).router(), "/health/metrics", &[]).await.body;
    assert!(!hidden.contains("receiver="), "{hidden}");
    let text = log.text();
    assert_eq!(text.matches("events for a webhook are dropped, the oldest first").count(), 1, "{text}");
    let delivered: Vec<_> = text.lines().filter(|line| line.contains("alerts are delivered again")).collect();
    assert!(delivered.len() == 1 && delivered[0].contains("dropped=44"), "{delivered:?}");
}

#[tokio::test(start_paused = true)]
async fn pause_is_the_one_that_the_receiver_asks_for() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(webhook(&receiver)).expect("good settings");
    let date = httpdate_in(Duration::from_mins(15));
    for (value, longest_pause) in [("300", 300), (&*date, 900), ("86400", 3_600)] {
        receiver.react(Reaction::with_headers("429 Too Many Requests", &format!("Retry-After: {value}\r\n")));
        run(&monitor).await;
        let event = number(&receiver.next().await);
        receiver.react(Reaction::status("200 OK"));
        clock.advance(longest_pause - 10).await;
        assert!(receiver.so_far().await.is_empty(), "{value}");
        clock.advance(11).await;
        assert_eq!(number(&receiver.next().await), event, "{value}");
    }
}

/// Formats a time from now for `Retry-After`.
fn httpdate_in(duration: Duration) -> String {
    let text = humantime::format_rfc3339_seconds(SystemTime::now() + duration).to_string();
    let part = |range: std::ops::Range<usize>| text[range].to_owned();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months[part(5..7).parse::<usize>().expect("a month") - 1];
    let days = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + duration.as_secs();
    let day = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(days / 86_400 % 7).expect("a day")];
    format!("{day}, {} {month} {} {} GMT", part(8..10), part(0..4), part(11..19))
}

#[tokio::test(start_paused = true)]
async fn receiver_that_is_gone_gets_no_more_events() {
    let (log, _guard) = Log::of_this_thread();
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(webhook(&receiver)).expect("good settings");
    receiver.react(Reaction::status("410 Gone"));
    run(&monitor).await;
    receiver.next().await;
    receiver.react(Reaction::status("200 OK"));
    for _ in 0..3 {
        run(&monitor).await;
        clock.advance(100).await;
    }
    assert!(receiver.so_far().await.is_empty());
    assert_eq!(log.text().matches("webhook is gone (410), so it gets no more events").count(), 1);
}

/// Otherwise one event that a receiver cannot take would hold up all others.
#[tokio::test(start_paused = true)]
async fn refused_event_is_not_sent_again() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(webhook(&receiver)).expect("good settings");
    for (round, code) in [400, 413, 422].into_iter().enumerate() {
        receiver.react(Reaction::status(&format!("{code} Refused")));
        run(&monitor).await;
        assert_eq!(number(&receiver.next().await), round as u64 + 1);
        clock.advance(100).await;
        assert!(receiver.so_far().await.is_empty(), "{code}");
    }
    for code in [401, 403, 404, 408, 425, 429, 500, 503] {
        receiver.react(Reaction::status(&format!("{code} Later")));
        run(&monitor).await;
        let sent = number(&receiver.next().await);
        receiver.react(Reaction::status("202 Accepted"));
        clock.advance(2).await;
        assert_eq!(number(&receiver.next().await), sent, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn event_that_is_refused_twenty_times_lets_the_others_pass() {
    let (log, _guard) = Log::of_this_thread();
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let with_details = builder([flapping::flapping("db")]).details(ShowDetails::Always);
    let endpoint = start(with_details.alert_to(webhook(&receiver)));
    receiver.react(Reaction::status("500 Internal Server Error"));
    run(endpoint.monitor()).await;
    run(endpoint.monitor()).await;
    let mut numbers = Vec::new();
    while numbers.last() != Some(&2) && numbers.len() < 30 {
        clock.advance(1).await;
        numbers.extend(receiver.so_far().await.iter().map(number));
    }
    assert_eq!(numbers.iter().filter(|number| **number == 1).count(), 20, "{numbers:?}");
    receiver.react(Reaction::status("200 OK"));
    clock.advance(61).await;
    assert_eq!(receiver.so_far().await.iter().map(number).collect::<Vec<_>>(), [2]);
    let metrics = ask(endpoint.router(), "/health/metrics", &[]).await.body;
    assert!(metrics.contains("health_alert_events_dropped_total{") && metrics.contains("} 1\n"), "{metrics}");
    assert_eq!(log.text().matches("events for a webhook are dropped").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn receiver_that_is_away_for_an_hour_loses_no_event() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(webhook(&receiver)).expect("good settings");
    for code in [408, 429, 502, 503, 504] {
        receiver.react(Reaction::status(&format!("{code} Later")));
        run(&monitor).await;
        clock.advance(3600).await;
        receiver.so_far().await;
        receiver.react(Reaction::status("200 OK"));
        clock.advance(61).await;
        assert_eq!(receiver.so_far().await.len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn removal_of_a_failing_check_is_an_event() {
    let _clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let (db, cache) = (Switch::new(), Switch::new());
    db.set(Outcome::fail("down"));
    let endpoint = start(builder([db.check("db"), cache.check("cache")]).alert_to(webhook(&receiver)));
    run(endpoint.monitor()).await;
    receiver.next().await;
    receiver.next().await;
    endpoint.monitor().remove("cache").expect("a check");
    endpoint.monitor().remove("db").expect("a check");
    let event = receiver.next().await.json();
    assert_eq!((&event["type"], &event["subject"]), (&json!("health.check.removed"), &json!("db")));
    let expected = json!({
        "service": "orders", "check": "db", "level": 1, "from": "fail", "to": null, "severity": "none", "muted": false,
        "drill": false,
    });
    assert_eq!(event["data"], expected);
    endpoint.monitor().add(db.check("db")).expect("a check");
    run(endpoint.monitor()).await;
    assert_eq!(receiver.next().await.json()["data"]["to"], "fail");
    drop(endpoint);
    let_tasks_run().await;
    assert!(receiver.so_far().await.is_empty(), "the end of the monitor removes no check");
}

/// Also a check that settings disable, which then shows a pass without a change of its status.
#[tokio::test(start_paused = true)]
async fn disabling_of_a_failing_check_is_an_event() {
    let _clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    db.set(Outcome::fail("down"));
    let overrides = "tag:legacy.enabled=false".parse().expect("settings");
    let checks = [db.check("db"), Switch::new().check("old").tags(["legacy"])];
    let endpoint = start(builder(checks).overrides(overrides).alert_to(webhook(&receiver)));
    run(endpoint.monitor()).await;
    receiver.next().await;
    endpoint.monitor().replace(db.check("db").tags(["legacy"])).expect("a check");
    let event = receiver.next().await.json();
    assert_eq!((&event["type"], &event["subject"]), (&json!("health.check.removed"), &json!("db")));
    run(endpoint.monitor()).await;
    assert!(receiver.so_far().await.is_empty(), "it is sent once");
    endpoint.monitor().replace(db.check("db")).expect("a check");
    run(endpoint.monitor()).await;
    assert_eq!(receiver.next().await.json()["data"]["to"], "fail");
}

#[tokio::test(start_paused = true)]
async fn events_are_delivered_for_a_moment_after_the_end_of_the_monitor() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let_tasks_run().await;
    let before = tasks();
    let short_lived = monitor([flapping::flapping("db")]);
    short_lived.alert_to(webhook(&receiver)).expect("good settings");
    short_lived.report(&health_runtime::Selection::everything()).await;
    drop(short_lived);
    receiver.next().await;
    assert_eq!(tasks(), before, "nothing is left to do");

    receiver.react(Reaction::Hang);
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(webhook(&receiver)).expect("good settings");
    run(&monitor).await;
    receiver.next().await;
    drop(monitor);
    clock.advance(6).await;
    let_tasks_run().await;
    assert_eq!(tasks(), before, "a receiver that hangs keeps no task alive");
}
