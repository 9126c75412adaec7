//! Receivers that are down, slow or hostile.

use std::time::Duration;

use health_runtime::{
    Outcome, Selection,
    alerts::{Alertmanager, Webhook},
};
use health_tests::{Log, builder, flapping, monitor};
use tokio::time::Instant;

use crate::receiver::{Reaction, Receiver, StoppedClock, Switch, run, start};

const SECRET: &str = "hunter2";

fn alertmanager(receivers: &[&Receiver]) -> Alertmanager {
    Alertmanager::new(receivers.iter().map(|receiver| receiver.url())).service("orders").header("x-token", SECRET)
}

fn count(log: &str, event: &str) -> usize {
    log.lines().filter(|line| line.contains("health_runtime::alerts") && line.contains(event)).count()
}

#[tokio::test(start_paused = true)]
async fn outage_of_an_hour_is_logged_twice_and_ends_within_a_minute() {
    let (log, _guard) = Log::of_this_thread();
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    receiver.react(Reaction::Close);
    let endpoint = start(builder([db.check("db")]).alert_to(alertmanager(&[&receiver])));
    db.set(Outcome::fail("down"));
    run(endpoint.monitor()).await;
    clock.advance(3_600).await;
    let attempts = receiver.so_far().await.len();
    assert!((60..=400).contains(&attempts), "{attempts} attempts in an hour");
    receiver.react(Reaction::status("200 OK"));
    clock.advance(61).await;
    assert_eq!(receiver.alerts().await[0]["labels"]["check"], "db");
    let text = log.text();
    assert_eq!(count(&text, "alerts cannot be delivered"), 1, "{text}");
    assert_eq!(count(&text, "alerts are delivered again"), 1, "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test(start_paused = true)]
async fn replica_that_hangs_delays_no_other() {
    let clock = StoppedClock::new();
    let (mut hanging, mut working) = (Receiver::start().await, Receiver::start().await);
    hanging.react(Reaction::Hang);
    let db = Switch::new();
    let endpoint = start(builder([db.check("db")]).alert_to(alertmanager(&[&hanging, &working])));
    hanging.next().await;
    working.next().await;
    clock.advance(2).await;
    db.set(Outcome::fail("down"));
    let asked = Instant::now();
    run(endpoint.monitor()).await;
    assert_eq!(working.alerts().await[0]["labels"]["check"], "db");
    assert_eq!(asked.elapsed(), Duration::ZERO, "the clock stands still");
    hanging.react(Reaction::status("200 OK"));
    clock.advance(12).await;
    assert_eq!(hanging.alerts().await[0]["labels"]["check"], "db", "it is told as soon as it works");
}

/// Every reaction but 2xx is a failure, which is tried again; none of them ends the task.
#[tokio::test(start_paused = true)]
async fn hostile_answers_are_failures_and_reveal_no_secret() {
    let clock = StoppedClock::new();
    let mut other = Receiver::start().await;
    let garbage = |bytes: &str| Reaction::Answer(bytes.to_owned());
    let redirect = format!("Location: {}/stolen?token={SECRET}\r\n", other.url());
    for (reaction, problem) in [
        (Reaction::status("500 Internal Server Error"), "answered 500 Internal Server Error"),
        (Reaction::status("400 Bad Request"), "answered 400 Bad Request"),
        (Reaction::with_headers("429 Too Many Requests", "Retry-After: 30\r\n"), "answered 429 Too Many Requests"),
        (Reaction::with_headers("503 Later", "Retry-After: tomorrow\r\n"), "answered 503 Service Unavailable"),
        (Reaction::with_headers("307 Temporary Redirect", &redirect), "which is not followed"),
        (Reaction::Close, "does not answer in HTTP"),
        (Reaction::Hang, "did not answer within 10s"),
        (garbage("\r\n\r\n"), "does not answer in HTTP"),
        (garbage("SSH-2.0-OpenSSH_9.2\r\n"), "does not answer in HTTP"),
        (garbage(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20))), "does not answer in HTTP"),
        (garbage("HTTP/1.1 200\u{1b}[2J\r\nContent-Length: 0\r\n\r\n"), "does not answer in HTTP"),
    ] {
        let (log, _guard) = Log::of_this_thread();
        let mut receiver = Receiver::start().await;
        receiver.react(reaction.clone());
        let monitor = monitor([]);
        monitor.alert_to(alertmanager(&[&receiver])).expect("good settings");
        receiver.next().await;
        clock.advance(40).await;
        receiver.react(Reaction::status("200 OK"));
        receiver.so_far().await;
        clock.advance(61).await;
        receiver.next().await;
        let text = log.text();
        assert_eq!(count(&text, problem), 1, "{reaction:?}: {text}");
        assert_eq!(count(&text, "alerts cannot be delivered"), 1, "{reaction:?}: {text}");
        assert_eq!(count(&text, "alerts are delivered again"), 1, "{reaction:?}: {text}");
        assert!(!text.contains(SECRET) && !text.contains('\u{1b}'), "{text}");
    }
    assert!(other.so_far().await.is_empty(), "redirects are not followed");
}

#[tokio::test(start_paused = true)]
async fn answer_without_an_end_is_not_read() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    receiver.react(Reaction::Flood);
    let monitor = monitor([flapping::flapping("db")]);
    let webhook = Webhook::new(receiver.url()).service("orders");
    monitor.alert_to(webhook).expect("good settings");
    for _ in 0..3 {
        run(&monitor).await;
        receiver.next().await;
    }
    clock.advance(100).await;
    assert!(receiver.so_far().await.is_empty(), "each was accepted by its status code");
}

#[tokio::test(start_paused = true)]
async fn receiver_that_hangs_delays_neither_checks_nor_subscribers_nor_the_end() {
    let clock = StoppedClock::new();
    let mut receiver = Receiver::start().await;
    receiver.react(Reaction::Hang);
    let monitor = monitor([flapping::flapping("db")]);
    monitor.alert_to(alertmanager(&[&receiver])).expect("good settings");
    monitor.alert_to(Webhook::new(receiver.url()).service("orders")).expect("good settings");
    let mut changes = monitor.subscribe();
    let start = Instant::now();
    for number in 1..=1_000 {
        monitor.report(&Selection::everything()).await;
        let change = changes.next().await.expect("a monitor").expect("no loss");
        assert_eq!(change.id(), number);
    }
    drop(monitor);
    assert!(changes.next().await.is_none());
    assert_eq!(start.elapsed(), Duration::ZERO, "the clock stands still");
    receiver.so_far().await;
    clock.advance(12).await;
}

/// The path of a webhook is often its only secret, and a redirect repeats it in a form of its own.
#[tokio::test(start_paused = true)]
async fn log_names_the_origin_of_a_webhook_alone() {
    for (path, location) in [
        ("/services/", "https://127.0.0.1/services/"),
        ("//services/", "/services/"),
        ("/services/", "https://hooks.example.com/v2/"),
    ] {
        let (log, _guard) = Log::of_this_thread();
        let _clock = StoppedClock::new();
        let mut receiver = Receiver::start().await;
        let location = format!("Location: {location}{SECRET}\r\n");
        receiver.react(Reaction::with_headers("301 Moved Permanently", &location));
        let monitor = monitor([flapping::flapping("db")]);
        let url = format!("{}{path}{SECRET}/?key={SECRET}", receiver.url());
        monitor.alert_to(Webhook::new(url).service("orders")).expect("good settings");
        run(&monitor).await;
        receiver.next().await;
        let text = log.text();
        assert_eq!(count(&text, &receiver.url()), 1, "{text}");
        assert!(text.contains("answered 301 Moved Permanently, a redirect, which is not followed"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
