//! Probes of brokers on clients of which the test knows each step, on a paused clock. `tests/drivers` has real ones.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{
    Outcome, Status,
    probes::{self, Ask, AskError, Asking, BrokerProbe, BrokerState},
};
use serde_json::{Value, json};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(2);

fn assert_is(outcome: &Outcome, status: Status, message: &str, data: [Value; 2]) {
    assert_eq!((outcome.status(), outcome.message().unwrap_or_default()), (status, message));
    let [is_online, takes] = data;
    assert_eq!(outcome.data(), Some(&json!({ "is_broker_online": is_online, "takes_messages": takes })));
}

/// A client in a state, whose server answers or not, and the statements that it was asked.
fn client(state: &'static str, is_frozen: bool) -> (Ask, Arc<Mutex<Vec<&'static str>>>) {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&statements);
    let ask = Ask::new(move |statement| {
        log.lock().expect("a log").push(statement);
        async move {
            match statement {
                "STATE" => Ok::<_, AskError>(state.to_owned()),
                _ if is_frozen => pending().await,
                _ => Ok(String::new()),
            }
        }
    });
    (ask, statements)
}

#[tokio::test(start_paused = true)]
async fn states_of_a_client_are_judged() {
    let (yes, no) = (json!(true), json!(false));
    let lame_duck = "the server is in lame duck mode, and closes its connections soon";
    let blocked = "publishers are blocked by an alarm of the broker";
    for (state, status, text, data, asks_server) in [
        ("connected", Status::Pass, "", [&yes, &yes], true),
        ("lame duck", Status::Warn, lame_duck, [&yes, &yes], true),
        ("blocked", Status::Warn, blocked, [&yes, &no], false),
        ("reconnecting", Status::Fail, "the client is reconnecting", [&no, &no], false),
    ] {
        let probes: [fn(Ask) -> BrokerProbe; 2] = [probes::nats, probes::amqp];
        for probe in probes {
            let (ask, statements) = client(state, false);
            assert_is(&probe(ask).observe().await, status, text, data.map(Clone::clone));
            let asked = statements.lock().expect("a log").clone();
            assert_eq!(asked, if asks_server { &["STATE", "PING"][..] } else { &["STATE"] }, "{state}");
        }
    }
    let outcome = probes::amqp(client("blocked", false).0).blocked_as(Status::Pass).observe().await;
    assert_is(&outcome, Status::Pass, "", [yes, no]);
}

#[tokio::test(start_paused = true)]
async fn frozen_broker_is_reported_before_the_timeout() {
    let start = Instant::now();
    let outcome = probes::amqp(client("connected", true).0).timeout(TIMEOUT).observe().await;
    assert_is(&outcome, Status::Fail, "no answer came within 1.8s", [json!(false), json!(false)]);
    let outcome = probes::nats(client("connected", true).0).timeout(TIMEOUT).observe().await;
    let text =
        "no answer came within 1.8s: the server is frozen, or the user may not publish and subscribe to its inbox";
    assert_is(&outcome, Status::Fail, text, [json!(false), json!(false)]);
    assert_eq!(start.elapsed().as_millis(), 3_600);
}

#[tokio::test]
async fn own_broker_has_the_same_texts() {
    let state = |state: BrokerState| {
        probes::broker(client("connected", false).0, move |_: Asking| {
            let state = state.clone();
            async { Ok(state) }
        })
    };
    let outcome = state(BrokerState::Blocked("password=canary".to_owned())).observe().await;
    assert_is(&outcome, Status::Warn, "password=***", [json!(true), json!(false)]);
    let long = state(BrokerState::Draining("x".repeat(10_000))).observe().await;
    assert!(long.message().is_some_and(|text| text.len() < 1_100 && text.ends_with('…')), "{long:?}");
    let exhausted = probes::broker(client("", false).0, |_| async { Err(AskError::exhausted("no connection")) });
    assert_is(&exhausted.observe().await, Status::Warn, "no connection", [json!(null), json!(null)]);
    let failing = exhausted.exhausted_as(Status::Fail);
    assert_is(&failing.observe().await, Status::Fail, "no connection", [json!(null), json!(null)]);
}

#[tokio::test]
async fn exhausted_pool_of_a_broker_that_was_offline_fails() {
    let errors = Mutex::new([AskError::new("refused"), AskError::exhausted("no connection")].into_iter());
    let probe = probes::broker(client("", false).0, move |_| {
        let next = errors.lock().expect("errors").next();
        async { next.map_or(Ok(BrokerState::Ready), Err) }
    });
    assert_is(&probe.observe().await, Status::Fail, "refused", [json!(false), json!(false)]);
    let text = "no connection; it was offline before: refused";
    assert_is(&probe.observe().await, Status::Fail, text, [json!(null), json!(null)]);
    assert_is(&probe.observe().await, Status::Pass, "", [json!(true), json!(true)]);
}

#[tokio::test]
async fn topic_is_judged_by_its_leaders() {
    let kafka = |answer: &'static str| probes::kafka(move |_| async move { Ok::<_, AskError>(answer.to_owned()) });
    assert_is(&kafka("orders\n0 1\n1 2").observe().await, Status::Pass, "", [json!(true), json!(true)]);
    let text = "1 of 2 partitions of topic `orders` have no leader: 0";
    assert_is(&kafka("orders\n0 -1\n1 2").observe().await, Status::Fail, text, [json!(true), json!(false)]);
    let text = "it answered `OK\nOK`, which is not the metadata of a topic";
    assert_is(&kafka("OK\nOK").observe().await, Status::Fail, text, [json!(false), json!(false)]);
    let none = "topic `orders` has no partitions";
    assert_is(&kafka("orders").observe().await, Status::Fail, none, [json!(false), json!(false)]);
}
