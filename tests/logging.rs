//! Log events: changes of status, numbers of checks, mutes, panics of listeners. A single test, because the subscriber
//! belongs to the whole process.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{collections::BTreeMap, fmt, sync::mpsc, time::Duration};

use health_runtime::{Check, Details, Endpoint, Level, Monitor, Selection, Status, health_check};
use health_tests::{Log, builder, get, monitor, serve};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use tracing_subscriber::{filter::LevelFilter, fmt::layer, layer::SubscriberExt, registry};

#[tokio::test]
async fn events_are_logged_once_and_in_full() {
    let [log, json, flat] = [(); 3].map(|()| Log::default());
    let subscriber = registry()
        .with(LevelFilter::DEBUG)
        .with(layer().with_writer(log.clone()).with_ansi(false))
        .with(layer().json().with_writer(json.clone()))
        .with(layer().json().flatten_event(true).with_writer(flat.clone()));
    tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
    changes(&log).await;
    second_endpoint(&log);
    one_worker(&log);
    panics_of_listeners(&log).await;
    forged_lines(&log, &json).await;
    tokio::time::pause();
    mutes(&log).await;
    for line in [json.text(), flat.text()].iter().flat_map(|text| text.lines()) {
        serde_json::from_str::<Unique>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// A JSON object with distinct keys, also in its `fields`.
struct Unique(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    let value = match &*key {
                        "fields" => Value::Object(map.next_value::<Unique>()?.0.into_iter().collect()),
                        _ => map.next_value()?,
                    };
                    if fields.insert(key.clone(), value).is_some() {
                        return Err(A::Error::custom(format!("`{key}` is there twice")));
                    }
                }
                Ok(Unique(fields))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// Logs text that would begin a line, end the text, or change its direction.
async fn forged_lines(log: &Log, json: &Log) {
    const FORGED: &str = "down\r\n2026-11-21T10:00:00Z INFO all is well\0\u{1b}[2K\u{202e}\u{2028}";
    const ESCAPED: &str = r"down\r\n2026-11-21T10:00:00Z INFO all is well\u{0}\u{1b}[2K\u{202e}\u{2028}";
    let panicking = || async { panic!("{FORGED}") as () };
    let monitor = monitor([
        Check::new("errs", Level::L1, || async { Err::<(), _>(FORGED) }),
        Check::new("panics", Level::L2, panicking),
    ]);
    let (done, is_done) = mpsc::channel::<()>();
    monitor.on_change(move |_| {
        let _until_the_listener_is_dropped = &done;
        panic!("{FORGED}");
    });
    let _ = (log.take(), json.take());
    status(&monitor).await;
    monitor.mute("errs", Duration::from_mins(1), FORGED).expect("a check");
    drop(monitor);
    assert!(is_done.recv().is_err());
    let text = log.take();
    // Two changes, two panics of the listener, and the mute.
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        !text.contains(|letter: char| letter != '\n' && (letter.is_control() || "\u{202e}\u{2028}".contains(letter)))
    );
    let lines: Vec<Value> = json.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let changes: Vec<_> = lines.iter().filter(|line| line["target"] == "health_runtime::change").collect();
    assert_eq!(changes.len(), 2, "{lines:?}");
    for line in changes {
        let reason = line["fields"]["reason"].as_str().expect("a reason");
        assert!(reason.ends_with(ESCAPED), "{line}");
        assert_eq!(line["fields"]["message"], "health check changed", "{line}");
    }
}

async fn changes(log: &Log) {
    builder([]).build().expect("good");
    let text = log.take();
    assert!(text.contains("WARN") && text.contains("no health checks are registered"), "{text}");
    assert!(text.contains("health_endpoint! { crates: [my_checks] }"), "{text}");

    let fails = || async { Err::<(), _>("cannot connect to postgres://user:canary-7f3a@db.internal/orders: refused") };
    let endpoint = builder([
        Check::new("db", Level::L1, fails).max_age(Duration::ZERO),
        Check::new("panics", Level::L2, || async { panic!("on purpose") as () }).max_age(Duration::ZERO),
        Check::new("facts", Level::L3, || async { Details::warn(7, "odd") }),
        Check::new("good", Level::L5, || async {}),
        Check::new("asleep", Level::L5, || async {}).off(true),
    ]);
    let address = serve(endpoint.build().expect("good").router()).await;
    let text = log.take();
    assert!(
        text.contains("health checks registered level_1=1 level_2=1 level_3=1 level_4=0 level_5=1 off=\"asleep\""),
        "{text}"
    );

    for _ in 0..3 {
        get(address, "/health/levels/1").await;
    }
    let text = log.take();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("health check changed")).collect();
    assert_eq!(lines.len(), 4, "{text}");
    let line = |name: &str| *lines.iter().find(|line| line.contains(&format!("check=\"{name}\""))).expect("a line");
    assert!(line("db").contains("ERROR") && line("db").contains("level=1"), "{text}");
    assert!(line("db").contains("cannot connect to postgres://***@db.internal/orders: refused"), "{text}");
    assert!(line("panics").contains("ERROR") && line("panics").contains("panicked: on purpose"), "{text}");
    assert!(line("facts").contains("WARN") && line("facts").contains("to=\"warn\""), "{text}");
    assert!(line("good").contains("DEBUG"), "{text}");
    assert!(lines.iter().all(|line| line.contains(" health_runtime::change: ")), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

/// The runtime of this test has one thread.
fn one_worker(log: &Log) {
    let warning = "the runtime has one worker thread";
    let check = || Check::new("alive", Level::L5, || async {});
    builder([check()]).build().expect("good");
    let text = log.take();
    assert!(text.contains(warning) && text.contains("isolated_checks()") && text.contains("checks=1"), "{text}");
    builder([check()]).isolated_checks().build().expect("good");
    builder([Check::blocking("plain", Level::L5, || true)]).build().expect("good");
    assert!(!log.take().contains(warning));
}

#[health_check(level = 5, interval = "1h")]
async fn swept() {}

fn second_endpoint(log: &Log) {
    let build = || Endpoint::builder().muted("").build().expect("good");
    let is_warned = || log.take().contains("a second health endpoint is built");
    let first = build();
    let by_hand = builder([Check::new("swept", Level::L5, || async {}).interval(Duration::from_hours(1))]);
    let by_hand = by_hand.build().expect("good");
    assert!(!is_warned(), "the endpoints share no check");
    let second = build();
    let text = log.text();
    assert!(
        text.contains("declared background checks run once for each endpoint") && text.contains("checks=1"),
        "{text}"
    );
    assert!(is_warned());
    drop(second);
    let third = build();
    assert!(is_warned(), "the first endpoint still runs them");
    drop((first, third, by_hand));
    let _fourth = build();
    assert!(!is_warned(), "the other endpoints are gone");
}

async fn status(monitor: &Monitor) -> Status {
    monitor.report(&Selection::everything()).await.status()
}

async fn panics_of_listeners(log: &Log) {
    let monitor = monitor([Check::new("db", Level::L1, || async {})]);
    let (done, is_done) = mpsc::channel::<()>();
    monitor.on_change(move |_| {
        let _until_the_listener_is_dropped = &done;
        panic!("with postgres://user:canary-7f3a@host/db");
    });
    status(&monitor).await;
    drop(monitor);
    assert!(is_done.recv().is_err());
    let text = log.take();
    let line = text.lines().find(|line| line.contains("listener")).expect("a line");
    assert!(line.contains("ERROR") && line.contains("check=\"db\""), "{text}");
    assert!(line.contains("with postgres://***@host/db") && !text.contains("canary"), "{text}");
}

/// Logs mutes, on a paused clock.
async fn mutes(log: &Log) {
    let failing =
        |name| Check::new(name, Level::L3, || async { Err::<(), _>("it is down") }).max_age(Duration::from_hours(24));
    let hours = Duration::from_hours(2);
    let endpoint = builder([failing("billing"), failing("legacy")]).muted("billing, legacy=2h, biling, db=soon");
    let monitor = endpoint.build().expect("good all the same").monitor().clone();
    assert_eq!(status(&monitor).await, Status::Pass);
    tokio::time::advance(hours).await;
    for _ in 0..3 {
        assert_eq!(status(&monitor).await, Status::Fail);
    }
    monitor.unmute("billing").expect("a check");
    monitor.unmute("billing").expect("a check");
    monitor.mute("legacy", hours, "they move, see http://user:canary-7f3a@tickets/7").expect("a check");
    let text = log.take();
    let line = |part: &str| {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(part)).collect();
        assert_eq!(lines.len(), 1, "{part}: {text}");
        lines[0]
    };
    let at_start = line("health check muted check=\"billing\"");
    assert!(at_start.contains("WARN") && !at_start.contains("until"), "{text}");
    assert!(
        line("caller=\"EndpointBuilder::muted\" problem=\"there is no check named `biling`; did you mean `billing`?")
            .contains("WARN")
    );
    assert!(line("db=soon").contains("WARN"));
    assert!(line("health check mute expired check=\"legacy\"").contains("INFO"));
    assert!(line("health check unmuted check=\"billing\"").contains("INFO"));
    // Its change raises no alarm and is logged.
    assert!(line("health check changed check=\"billing\"").contains("INFO"));
    assert!(
        line("reason=\"they move, see http://***@tickets/7\" caller=\"tests/logging.rs:").contains("until=\"20"),
        "{text}"
    );
}
