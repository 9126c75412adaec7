//! `{base}/events`: streams of changes, their limits and their end.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, http::Request};
use futures_util::StreamExt;
use health_runtime::{
    Check, Endpoint, Level, Levels, Outcome, Selection, ShowDetails,
    access::{Access, Proxies, public},
};
use health_tests::{
    builder, endpoint,
    events::{Client, number, parse},
    flapping::{ask, flapping, flapping_every},
    get, request, send, serve,
};
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};
use tower::ServiceExt;

const PATH: &str = "/health/events";

const WAIT_LIMIT: Duration = Duration::from_secs(10);

async fn never() -> bool {
    panic!("it was run")
}

fn details(checks: impl IntoIterator<Item = Check>) -> Endpoint {
    builder(checks).details(ShowDetails::Always).build().expect("a good endpoint")
}

#[tokio::test]
async fn stream_begins_with_known_results_and_runs_no_check() {
    let endpoint = details([flapping("flaps"), Check::new("never", Level::L5, never)]);
    let address = serve(endpoint.router()).await;
    let mut client = Client::open(address, PATH, None).await;
    for header in [
        "200 ok",
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
    ] {
        assert!(client.head.contains(header), "{header}: {}", client.head);
    }
    let first = client.event().await;
    assert_eq!((first.name.as_str(), number(&first)), ("state", 0));
    assert_eq!(first.data, json!({"draining": false, "checks": {}}), "nobody knows yet whether anything passes");

    endpoint.monitor().report(&Selection::check("flaps")).await;
    let change = client.event().await;
    assert_eq!((change.name.as_str(), number(&change)), ("change", 1));
    let at = change.data["at"].as_str().expect("a time");
    assert_eq!(change.data, json!({"id": 1, "check": "flaps", "level": 3, "to": "fail", "message": "run 0", "at": at}));

    let state = Client::open(address, PATH, None).await.event().await;
    assert_eq!((state.name.as_str(), number(&state), &state.data["status"]), ("state", 1, &json!("fail")));
    assert_eq!(state.data["checks"]["flaps"]["message"], "run 0");
    assert_eq!(state.data["checks"].get("never"), None);
    endpoint.monitor().mute("flaps", Duration::from_mins(1), "a test").expect("such a check");
    let state = Client::open(address, PATH, None).await.event().await;
    assert_eq!((&state.data["status"], &state.data["checks"]["flaps"]["status"]), (&json!("pass"), &json!("fail")));
}

#[tokio::test(start_paused = true)]
async fn stale_background_result_is_not_sent_as_pass() {
    let check = Check::new("db", Level::L1, || async {}).interval(Duration::from_secs(10));
    let stuck = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stuck);
    let upstream = Check::new("upstream", Level::L1, move || {
        let is_stuck = seen.load(Ordering::SeqCst);
        async move {
            if is_stuck {
                std::future::pending::<()>().await;
            }
        }
    })
    .timeout(Duration::from_mins(5))
    .max_age(Duration::ZERO);
    let waits = Check::new("waits", Level::L1, || async {}).depends_on(["upstream"]);
    let waits = waits.interval(Duration::from_secs(10)).stale_after(Duration::from_secs(25));
    let endpoint = endpoint([check, upstream, waits]);
    let state = async || {
        let body = body_of(&endpoint).await;
        let first = body.into_data_stream().next().await.expect("a state").expect("a state");
        parse(std::str::from_utf8(&first).expect("text").split("\n\n").next().expect("one")).expect("an event").data
    };
    assert_eq!(state().await["checks"], json!({}), "nothing yet");
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(state().await["checks"]["waits"]["status"], "pass");
    stuck.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(40)).await;
    let state = state().await;
    assert_eq!((&state["status"], &state["checks"]["waits"]["cause"]), (&json!("fail"), &json!("stale")));
    assert_eq!(state["checks"]["db"]["status"], "pass");
}

#[tokio::test]
async fn callers_without_details_get_no_details_in_events() {
    let leaks = Check::new("leaks", Level::L3, || async { Outcome::fail("secret").with_data(json!({"secret": 1})) });
    let blocked = Check::new("blocked", Level::L3, || async {}).depends_on(["leaks"]);
    let endpoint = endpoint([leaks, blocked]);
    let address = serve(endpoint.router()).await;
    let mut before = Client::open(address, PATH, None).await;
    ask(endpoint.monitor(), 1).await;
    let mut after = Client::open(address, PATH, None).await;
    let events = [before.event().await, before.event().await, before.event().await, after.event().await];
    for event in &events {
        assert!(!event.data.to_string().contains("secret"), "{event:?}");
        assert!(!event.data.to_string().contains("blocked_by"), "{event:?}");
    }
    assert_eq!(events[2].data["cause"], "blocked");
}

#[tokio::test]
async fn stream_resumes_after_the_last_event() {
    let endpoint = endpoint([flapping("a"), flapping("b")]);
    let address = serve(endpoint.router()).await;
    let mut client = Client::open(address, PATH, None).await;
    ask(endpoint.monitor(), 3).await;
    let state = client.event().await;
    assert_eq!(state.name, "state");
    for expected in 1..=2 {
        assert_eq!(number(&client.event().await), expected);
    }
    let last = client.event().await.id;
    drop(client);
    ask(endpoint.monitor(), 3).await;

    let mut client = Client::open(address, PATH, Some(&last)).await;
    for expected in 4..=12 {
        let event = client.event().await;
        assert_eq!((event.name.as_str(), number(&event)), ("change", expected));
    }
    ask(endpoint.monitor(), 1).await;
    assert_eq!(number(&client.event().await), 13, "and what comes then");
    // Behind the state that it began with, too.
    assert_eq!(number(&Client::open(address, PATH, Some(&state.id)).await.event().await), 1);
}

#[tokio::test]
async fn dropped_changes_are_reported_as_missed() {
    let endpoint = endpoint([flapping("flaps")]);
    let address = serve(endpoint.router()).await;
    let first = Client::open(address, PATH, None).await.event().await;
    ask(endpoint.monitor(), 300).await;

    // 256 are kept.
    let mut client = Client::open(address, PATH, Some(&first.id)).await;
    let missed = client.event().await;
    assert_eq!((missed.name.as_str(), &missed.data), ("missed", &json!({"count": 44})));
    assert_eq!(missed.id, "", "the next one has an id, and this one is not to be resumed from");
    let state = client.event().await;
    assert_eq!((state.name.as_str(), number(&state)), ("state", 300));
    ask(endpoint.monitor(), 1).await;
    assert_eq!(number(&client.event().await), 301);

    let own = state.id.split_once('-').expect("an id").0;
    let other = format!("{}-300", "0".repeat(16));
    for strange in
        [other.as_str(), &format!("{own}-999"), &format!("{own}--1"), own, "300", "", "é", &"9".repeat(5_000)]
    {
        let mut client = Client::open(address, PATH, Some(strange)).await;
        let missed = client.event().await;
        assert_eq!((missed.name.as_str(), &missed.data), ("missed", &json!({"count": null})), "{strange:?}");
        let state = client.event().await;
        assert_eq!((state.name.as_str(), number(&state)), ("state", 301));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fast_and_slow_readers_see_each_change_once_and_in_order() {
    const CHANGES: u64 = 200;
    let endpoint = endpoint((0..10).map(|number| flapping(&format!("flaps_{number}"))));
    let address = serve(endpoint.router()).await;
    let start = Client::open(address, PATH, None).await.event().await.id;
    let readers: Vec<_> = (1..=8)
        .map(|pace| {
            let mut last = start.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while seen.last() != Some(&CHANGES) {
                    let mut client = Client::open(address, PATH, Some(&last)).await;
                    for _ in 0..pace * 7 {
                        if seen.last() == Some(&CHANGES) {
                            break;
                        }
                        let event = client.event().await;
                        assert_eq!(event.name, "change");
                        seen.push(number(&event));
                        last = event.id;
                    }
                }
                seen
            })
        })
        .collect();
    ask(endpoint.monitor(), 20).await;
    for reader in readers {
        assert_eq!(reader.await.expect("no panic"), (1..=CHANGES).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn number_of_streams_is_limited() {
    let checks = [Check::new("good", Level::L5, || async {})];
    let endpoint = builder(checks).event_streams(2).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let (mut first, mut second) = (Client::open(address, PATH, None).await, Client::open(address, PATH, None).await);
    assert_eq!((first.event().await.name.as_str(), second.event().await.name.as_str()), ("state", "state"));
    for method in ["GET", "HEAD", "OPTIONS"] {
        let answer = request(address, method, "/health/events").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "10"), "{method}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(get(address, "/livez").await.status, 200, "nobody else is refused");

    drop(first);
    let again = async {
        while request(address, "HEAD", "/health/events").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(WAIT_LIMIT, again).await.expect("a place is free once a client has gone");
    let mut third = Client::open(address, PATH, None).await;
    assert_eq!(third.event().await.name, "state");
    assert_eq!(request(address, "HEAD", "/health/events").await.status, 503);

    let none = builder([]).event_streams(0).build().expect("a good endpoint");
    assert_eq!(get(serve(none.router()).await, "/health/events").await.status, 503);
}

/// Numbers without gaps, and so nothing about how often anything else changes.
#[tokio::test]
async fn ids_count_the_changes_that_a_caller_may_see() {
    let hidden = || {
        let count = AtomicU64::new(0);
        Check::new("hidden", Level::L1, move || {
            let is_up = count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
            async move { is_up }
        })
        .max_age(Duration::ZERO)
    };
    let endpoint = details([hidden(), flapping("flaps")]);
    ask(endpoint.monitor(), 10).await;
    let place = endpoint.levels(Level::L3);
    let (address, whole) = (serve(place.router()).await, serve(endpoint.router()).await);
    let mut client = Client::open(address, PATH, None).await;
    let state = client.event().await;
    assert_eq!((state.name.as_str(), number(&state)), ("state", 10));
    ask(endpoint.monitor(), 3).await;
    for expected in 11..=13 {
        let change = client.event().await;
        assert_eq!(
            (number(&change), &change.data["id"], &change.data["check"]),
            (expected, &json!(expected), &json!("flaps"))
        );
    }
    // The client resumes after its last event, however many other changes there were meanwhile.
    let mut client = Client::open(address, PATH, Some(&state.id)).await;
    assert_eq!((number(&client.event().await), number(&client.event().await)), (11, 12));
    let history = get(address, "/health/checks/flaps").await.json()["history"].clone();
    let ids: Vec<_> = history.as_array().expect("a list").iter().map(|change| change["id"].as_u64()).collect();
    assert_eq!(ids, (1..=14).map(Some).collect::<Vec<_>>());
    // Changes of other levels do not push them out either.
    for _ in 0..300 {
        endpoint.monitor().report(&Selection::check("hidden")).await;
    }
    assert_eq!(number(&Client::open(address, PATH, Some(&state.id)).await.event().await), 11);
    // Changes that are no longer kept are counted alike; 256 of a level are kept.
    ask(endpoint.monitor(), 300).await;
    let missed = Client::open(address, PATH, Some(&state.id)).await.event().await;
    assert_eq!((missed.name.as_str(), &missed.data), ("missed", &json!({ "count": 48 })));

    // The numbers of one place mean something else at another.
    let mut elsewhere = Client::open(whole, PATH, Some(&state.id)).await;
    assert_eq!(elsewhere.event().await.data, json!({ "count": null }));
    assert_eq!(number(&elsewhere.event().await), 927);
}

/// A client that opens streams without end leaves room for others.
#[tokio::test]
async fn one_address_has_a_quarter_of_the_streams() {
    let endpoint = builder([flapping("flaps")]).event_streams(8).build().expect("a good endpoint");
    let router = endpoint.router();
    let open = async |address: &str| {
        let peer = axum::extract::ConnectInfo(SocketAddr::new(address.parse().expect("an address"), 4_711));
        let request = Request::get(PATH).extension(peer).body(Body::empty()).expect("a request");
        router.clone().oneshot(request).await.expect("an answer")
    };
    let first = [open("192.0.2.1").await, open("::ffff:192.0.2.1").await];
    assert!(first.iter().all(|answer| answer.status() == 200));
    let refused = open("192.0.2.1").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"10".parse().expect("a value")));
    // A network of IPv6 is one address, because whoever has one of it has all.
    let second = [open("2001:db8::1").await, open("2001:db8::2").await];
    assert!(second.iter().all(|answer| answer.status() == 200));
    assert_eq!(open("2001:db8::3").await.status(), 503);
    assert_eq!(open("2001:db8:0:1::1").await.status(), 200);
    drop(first);
    assert_eq!(open("192.0.2.1").await.status(), 200);
    drop(second);
}

/// A malformed header hides the address of a client and buys no further streams.
#[tokio::test]
async fn clients_of_unknown_address_share_the_streams_of_their_proxy() {
    let access = Access::new().levels(Levels::ALL, public()).behind(Proxies::forwarded(["192.0.2.1"]));
    let health = builder([flapping("flaps")]).access(access).event_streams(8).build().expect("a good endpoint");
    let router = health.router();
    let open = async |forwarded: &str| {
        let peer = axum::extract::ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4_711)));
        let request = Request::get(PATH).header("forwarded", forwarded).extension(peer).body(Body::empty());
        router.clone().oneshot(request.expect("a request")).await.expect("an answer")
    };
    let first = [open("for=\", for=203.0.113.5").await, open("for=unknown").await];
    assert!(first.iter().all(|answer| answer.status() == 200));
    assert_eq!(open("for=\", for=203.0.113.5").await.status(), 503);
    assert_eq!(open("for=203.0.113.6").await.status(), 200);
    drop(first);
}

#[tokio::test]
async fn events_take_the_methods_of_every_route() {
    let address = serve(endpoint([]).router()).await;
    let head = request(address, "HEAD", "/health/events").await;
    assert_eq!((head.status, head.header("content-type"), head.body.as_str()), (200, "text/event-stream", ""));
    let options = request(address, "OPTIONS", "/health/events").await;
    assert_eq!((options.status, options.header("allow"), options.body.as_str()), (200, "GET, HEAD, OPTIONS", ""));
    let post = request(address, "POST", "/health/events").await;
    assert_eq!((post.status, post.header("content-type")), (405, "application/problem+json"));
    let old = send(address, "HEAD /health/events HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.status, 200);
    assert_eq!(get(address, "/health").await.json()["links"]["events"], "/health/events");
}

#[tokio::test]
async fn clients_that_hang_up_leave_no_stream() {
    let endpoint = endpoint([flapping("flaps")]);
    let address = serve(endpoint.router()).await;
    let runtime = tokio::runtime::Handle::current();
    let tasks = || runtime.metrics().num_alive_tasks();
    let before = tasks();
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(Client::open(address, PATH, None).await);
    }
    ask(endpoint.monitor(), 1).await;
    drop(clients);
    let gone = async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(WAIT_LIMIT, gone).await.expect("no task is left");
}

/// A server that waits for its connections, and clients that never disconnect.
#[tokio::test]
async fn drain_ends_the_streams_so_that_the_server_can_stop() {
    let endpoint = endpoint([flapping("flaps")]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let stop = Arc::new(tokio::sync::Notify::new());
    let stopping = Arc::clone(&stop);
    let router = endpoint.router();
    let server = tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(async move { stopping.notified().await }).await
    });
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(Client::open(address, PATH, None).await);
    }
    ask(endpoint.monitor(), 1).await;
    endpoint.monitor().drain();
    for client in &mut clients {
        let mut names = Vec::new();
        while let Some(event) = timeout(WAIT_LIMIT, client.next()).await.expect("in time") {
            names.push(event.name);
        }
        assert_eq!(names, ["state", "change", "draining"], "nothing from before the drain is lost");
    }

    // A client that reconnects during the drain gets the state and a delay before it reconnects.
    ask(endpoint.monitor(), 1).await;
    let mut late = Client::open(address, PATH, None).await;
    let state = late.event().await;
    assert_eq!((state.name.as_str(), &state.data["draining"]), ("state", &json!(true)));
    assert_eq!((late.event().await.name.as_str(), late.next().await), ("draining", None));

    let stopped_at = Instant::now();
    stop.notify_one();
    timeout(WAIT_LIMIT, server).await.expect("it stops").expect("no panic").expect("no error");
    assert!(stopped_at.elapsed() < Duration::from_secs(2), "{:?}", stopped_at.elapsed());
    // None of them has hung up.
    drop((clients, late));
}

async fn body_of(endpoint: &Endpoint) -> Body {
    let request = Request::get("/health/events").body(Body::empty()).expect("a request");
    let response = endpoint.router().oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.into_body()
}

#[tokio::test(start_paused = true)]
async fn silent_stream_sends_keep_alives_and_ends() {
    let endpoint = endpoint([flapping("flaps")]);
    let began = Instant::now();
    let mut stream = body_of(&endpoint).await.into_data_stream();
    let first = stream.next().await.expect("a state").expect("a state");
    assert!(first.starts_with(b"retry: 2000\nid: "), "{first:?}");
    let mut comments = 0;
    let mut last = Instant::now();
    while let Some(text) = stream.next().await {
        assert_eq!(text.expect("a comment"), ":\n\n");
        assert!(last.elapsed() <= Duration::from_secs(16), "{:?}", last.elapsed());
        last = Instant::now();
        comments += 1;
    }
    assert_eq!(comments, 20);
    assert_eq!(began.elapsed().as_secs(), 300);
}

/// A slow reader finds changes at each turn, and has to reconnect after the same time.
#[tokio::test(start_paused = true)]
async fn busy_stream_ends_as_well() {
    let endpoint = endpoint([flapping_every(Duration::from_secs(1), "flaps", Level::L3)]);
    let began = Instant::now();
    let mut stream = body_of(&endpoint).await.into_data_stream();
    while let Some(text) = stream.next().await {
        assert!(!text.expect("events").is_empty());
        assert!(began.elapsed() <= Duration::from_mins(5), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    assert!(began.elapsed() >= Duration::from_mins(5), "{:?}", began.elapsed());
}

/// Changes that a caller may not see delay no event, and no event reveals them.
#[tokio::test(start_paused = true)]
async fn hidden_changes_do_not_postpone_keep_alives() {
    let endpoint = endpoint([flapping_every(Duration::from_secs(5), "hidden", Level::L1)]);
    let place = endpoint.levels(Level::L5);
    let mut stream = body_of(&place).await.into_data_stream();
    let first = stream.next().await.expect("a state").expect("a state");
    assert!(first.starts_with(b"retry: 2000\nid: "), "{first:?}");
    let mut last = Instant::now();
    for _ in 0..10 {
        assert_eq!(stream.next().await.expect("open").expect("a comment"), ":\n\n");
        assert!(last.elapsed() <= Duration::from_secs(16), "{:?}", last.elapsed());
        last = Instant::now();
    }
    assert!(endpoint.monitor().history("hidden").expect("a check").len() > 20);
}

#[tokio::test(start_paused = true)]
async fn stalled_client_loses_its_place() {
    let endpoint = builder([flapping("flaps")]).event_streams(1).build().expect("a good endpoint");
    // A connection whose client does not read is not polled any more.
    let stuck = body_of(&endpoint).await;
    let request = || Request::get("/health/events").body(Body::empty()).expect("a request");
    assert_eq!(endpoint.router().oneshot(request()).await.expect("an answer").status(), 503);
    tokio::time::advance(Duration::from_mins(5)).await;
    let next = body_of(&endpoint).await;
    drop(stuck);
    assert_eq!(endpoint.router().oneshot(request()).await.expect("an answer").status(), 503, "it is the next one's");
    drop(next);
    assert_eq!(endpoint.router().oneshot(request()).await.expect("an answer").status(), 200);
}

/// However far behind, a reader gets a bounded piece at a time, and the rest is not kept for it.
#[tokio::test]
async fn slow_client_gets_small_batches() {
    let endpoint = details([flapping("flaps")]);
    let mut stream = body_of(&endpoint).await.into_data_stream();
    ask(endpoint.monitor(), 1_000).await;
    let mut text = String::new();
    while !text.contains("-1000\n") {
        let piece = stream.next().await.expect("open").expect("text");
        assert!(piece.len() < 64 * 1024, "{}", piece.len());
        text += std::str::from_utf8(&piece).expect("text");
    }
    let names: Vec<_> = text.split("\n\n").filter_map(parse).map(|event| event.name).collect();
    assert_eq!(names, ["state", "missed", "state"], "as one that was away");
}
