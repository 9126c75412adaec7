//! Services that ask each other: a circle is answered from stored results, and nobody waits for himself.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, http::Request};
use health_runtime::{BuildMetadata, Check, Endpoint, Level, ShowDetails, outgoing_headers};
use health_tests::{builder, endpoint, get, serve};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, advance, sleep},
};

use crate::ask;

const ASKED: [(&str, &str); 1] = [("health-path", "shop/1")];
const DEEP: [(&str, &str); 1] = [("health-path", "a/1, b/2, c/3, d/4, e/5")];

/// A check that counts its runs and takes this long.
fn counting(name: &str, level: Level, time: Duration) -> (Check, Arc<AtomicUsize>) {
    let runs = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&runs);
    let check = Check::new(name, level, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        sleep(time)
    });
    (check, runs)
}

fn result<'a>(report: &'a Value, level: &str, check: &str) -> &'a Value {
    &report[level]["checks"][check]
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

/// A disabled check depends on nothing, whatever it declares.
#[tokio::test(start_paused = true)]
async fn circle_does_not_limit_the_answer_about_a_disabled_check() {
    let db = Check::new("db", Level::L1, || async {});
    let legacy = Check::new("legacy", Level::L3, || async {}).depends_on(["db"]);
    let overrides = "legacy.enabled=false".parse().expect("settings");
    let health = builder([db, legacy]).overrides(overrides).build().expect("a good endpoint");
    for (check, is_limited) in [("legacy", false), ("db", true)] {
        let [(name, path)] = DEEP;
        let request = Request::get(format!("/health/checks/{check}")).header(name, path).body(Body::empty());
        let answer = health.respond(request.expect("a request")).await;
        assert_eq!(answer.headers().contains_key("health-limited"), is_limited, "{check}: {answer:?}");
    }
}

/// Returns the path of a request that this endpoint has sent.
async fn own_path(checks: Vec<Check>) -> (Endpoint, String) {
    let path = Arc::<Mutex<String>>::default();
    let taken = Arc::clone(&path);
    let look = Check::new("look", Level::L4, move || {
        let headers = outgoing_headers();
        headers["health-path"].to_str().expect("text").clone_into(&mut taken.lock().expect("no panic"));
        std::future::ready(())
    });
    let build = BuildMetadata::new("orders", "1.0.0");
    let health = builder(checks.into_iter().chain([look])).build_info(build).details(ShowDetails::Always).build();
    let health = health.expect("a good endpoint");
    assert_eq!(get_from(&health, "/health/levels/4").await.0, 200);
    let path = path.lock().expect("no panic").clone();
    (health, path)
}

async fn get_from(health: &Endpoint, path: &str) -> (u16, String) {
    ask(health, path, &[]).await
}

#[tokio::test(start_paused = true)]
async fn request_in_a_circle_runs_nothing_and_fails_nothing() {
    let (db, db_runs) = counting("db", Level::L1, Duration::ZERO);
    let (billing, billing_runs) = counting("billing", Level::L3, Duration::ZERO);
    let (alive, alive_runs) = counting("alive", Level::L5, Duration::ZERO);
    let checks = vec![
        db.readiness().startup(),
        billing.readiness().depends_on(["db"]),
        alive.liveness(),
        Check::new("background", Level::L2, || async {}).readiness().interval(Duration::from_secs(4_000)),
    ];
    let (health, path) = own_path(checks).await;
    let circle = [("health-path", &*format!("{path}, billing/11c0"))];
    for headers in [&circle, &DEEP] {
        let cause = if headers == &DEEP { "depth" } else { "loop" };
        let (status, body) = ask(&health, "/health/levels/1", headers).await;
        let report = parse(&body);
        assert_eq!((status, &report["status"]), (200, &Value::from("warn")), "{body}");
        for (level, check) in
            [("level_1", "db"), ("level_3", "billing"), ("level_5", "alive"), ("level_2", "background")]
        {
            let result = result(&report, level, check);
            assert_eq!((&result["status"], &result["cause"]), (&"warn".into(), &cause.into()), "{check}: {body}");
        }
        for path in ["/readyz", "/startupz", "/livez", "/health", "/health/checks/billing"] {
            assert_eq!(ask(&health, path, headers).await.0, 200, "{path}");
        }
        let (_, live) = ask(&health, "/livez?format=json", headers).await;
        assert_eq!(parse(&live)["status"], "pass");
        for format in ["json", "health+json", "actuator", "microprofile", "xml", "html"] {
            let (status, body) = ask(&health, &format!("/health/levels?format={format}"), headers).await;
            assert!(status == 200 && body.contains(cause), "{format}: {body}");
        }
        let (_, text) = ask(&health, "/readyz?verbose", headers).await;
        assert!(text.contains(cause), "{text}");
        let (_, values) = ask(&health, "/health/levels/3?view=values", headers).await;
        assert_eq!(parse(&values)["billing"], Value::Null);
    }
    let runs = || [&db_runs, &billing_runs, &alive_runs].map(|runs| runs.load(Ordering::SeqCst));
    assert_eq!(runs(), [0; 3]);
    assert!(health.monitor().history("db").expect("a check").is_empty(), "nothing is recorded");

    // Other callers get their own answers, and the circle what they found, however old.
    let (_, body) = get_from(&health, "/health/levels/1").await;
    assert_eq!(result(&parse(&body), "level_3", "billing")["status"], "pass", "{body}");
    assert_eq!(runs(), [1; 3]);
    advance(Duration::from_secs(601)).await;
    let (_, body) = ask(&health, "/health/levels/3", &circle).await;
    let stored = parse(&body);
    assert_eq!(result(&stored, "level_3", "billing")["status"], "pass");
    assert_eq!(result(&stored, "level_3", "billing")["cause"], Value::Null);
    assert_eq!(runs(), [1; 3]);
    assert_eq!(get_from(&health, "/health/levels/1").await.0, 200);
    assert_eq!(runs(), [2; 3], "the old answer was not stored for others");
}

#[tokio::test(start_paused = true)]
async fn stale_result_fails_in_a_circle_and_is_not_recorded() {
    let hangs = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&hangs);
    let sync = Check::new("sync", Level::L2, move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if run > 0 {
                std::future::pending::<()>().await;
            }
        }
    });
    let health = endpoint([sync.interval(Duration::from_secs(10)).timeout(Duration::from_secs(1_000))]);
    sleep(Duration::from_secs(11)).await;
    let changes = || health.monitor().history("sync").expect("a check").len();
    assert_eq!(changes(), 1);
    advance(Duration::from_secs(1_900)).await;
    let (status, body) = ask(&health, "/health/levels/2", &DEEP).await;
    assert_eq!((status, &result(&parse(&body), "level_2", "sync")["cause"]), (503, &"stale".into()), "{body}");
    assert_eq!(changes(), 1);
    get_from(&health, "/health/levels/2").await;
    assert_eq!(changes(), 2, "a local caller records it");
}

#[tokio::test]
async fn depth_is_configurable() {
    let asked_with = async |max_depth, path| {
        let health = builder([Check::new("db", Level::L1, || async {})]).max_depth(max_depth).build().expect("good");
        let (_, body) = ask(&health, "/health/levels/1", &[("health-path", path)]).await;
        parse(&body)["status"].as_str().expect("a status").to_owned()
    };
    assert_eq!(asked_with(0, "a/1").await, "warn");
    assert_eq!(asked_with(0, "").await, "pass");
    assert_eq!(asked_with(1, "a/1").await, "pass");
    assert_eq!(asked_with(1, "a/1, a/2").await, "warn");
    // The next service refuses a path of more than 32.
    let paths = [31, 32].map(|services| "a/1,".repeat(services));
    assert_eq!(asked_with(99, &paths[0]).await, "pass");
    assert_eq!(asked_with(99, &paths[1]).await, "warn");
}

#[tokio::test(start_paused = true)]
async fn request_from_a_service_joins_runs_that_ask_nobody() {
    let (db, runs) = counting("db", Level::L1, Duration::from_millis(50));
    let health = endpoint([db]);
    let (local, asked) = tokio::join!(get_from(&health, "/health/levels/1"), ask(&health, "/health/levels/1", &ASKED));
    assert_eq!((local.0, asked.0, runs.load(Ordering::SeqCst)), (200, 200, 1));
    assert_eq!(parse(&asked.1)["status"], "pass", "it waited for the run");
}

/// The dependent of such a run would wait for it, too.
#[tokio::test(start_paused = true)]
async fn request_from_a_service_does_not_wait_for_a_run_that_asks() {
    let billing = Check::new("billing", Level::L3, || async {
        let _ = outgoing_headers();
        sleep(Duration::from_millis(50)).await;
    });
    let (cart, cart_runs) = counting("cart", Level::L2, Duration::ZERO);
    let health = endpoint([billing.readiness().max_age(Duration::ZERO), cart.readiness().depends_on(["billing"])]);
    let check = async |path: &str, headers: &[(&str, &str)]| {
        let start = Instant::now();
        let (status, body) = ask(&health, path, headers).await;
        (status, parse(&body), start.elapsed().as_millis())
    };
    for round in 0..2 {
        let (local, ()) = tokio::join!(check("/health/levels/1", &[]), async {
            sleep(Duration::from_millis(20)).await;
            let (status, report, took) = check("/readyz?format=json", &ASKED).await;
            let expected = if round == 0 { ("warn", Value::from("pending")) } else { ("pass", Value::Null) };
            assert_eq!((status, took), (200, 0), "{report}");
            for check in ["billing", "cart"] {
                let result = &report["checks"][check];
                assert_eq!(
                    (result["status"].as_str().expect("text"), &result["cause"]),
                    (expected.0, &expected.1),
                    "{report}"
                );
            }
        });
        assert_eq!((local.0, local.2), (200, 50));
        assert_eq!(cart_runs.load(Ordering::SeqCst), round + 1);
        advance(Duration::from_secs(2)).await;
    }
}

/// A check that asks the next service over a connection of its own, as a program would by hand.
fn asking(next: &Arc<OnceLock<SocketAddr>>, runs: &Arc<AtomicUsize>) -> Check {
    let (next, runs) = (Arc::clone(next), Arc::clone(runs));
    Check::new("next", Level::L3, move || {
        let (next, runs) = (Arc::clone(&next), Arc::clone(&runs));
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            let mut stream = TcpStream::connect(next.get().expect("an address")).await?;
            let headers = outgoing_headers();
            let headers = headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().expect("text")));
            let request = format!(
                "GET /readyz HTTP/1.1\r\nhost: next\r\nconnection: close\r\n{}\r\n",
                headers.collect::<String>()
            );
            stream.write_all(request.as_bytes()).await?;
            let mut response = String::new();
            stream.read_to_string(&mut response).await?;
            Ok::<bool, std::io::Error>(response.starts_with("HTTP/1.1 200"))
        }
    })
    .readiness()
    .max_age(Duration::from_secs(61))
}

/// Returns the addresses of a ring of services, each of which asks the next one, and the runs of each.
async fn ring(size: usize) -> Vec<(SocketAddr, Arc<AtomicUsize>)> {
    let mut services = Vec::new();
    for _ in 0..size {
        let (next, runs) = (Arc::<OnceLock<SocketAddr>>::default(), Arc::<AtomicUsize>::default());
        services.push((serve(endpoint([asking(&next, &runs)]).router()).await, next, runs));
    }
    for (index, (_, next, _)) in services.iter().enumerate() {
        next.set(services[(index + 1) % size].0).expect("once");
    }
    services.into_iter().map(|(address, _, runs)| (address, runs)).collect()
}

/// All of them are asked at the same time, so that each run may wait for the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn circles_answer_at_once_and_run_each_check_once() {
    for size in [1, 2, 5] {
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let services = ring(size).await;
            let start = Instant::now();
            let answers = services.iter().map(|(address, _)| tokio::spawn(get_ready(*address)));
            for answer in answers.collect::<Vec<_>>() {
                assert_eq!(answer.await.expect("no panic"), 200);
            }
            quickest = quickest.min(start.elapsed());
            for (_, runs) in &services {
                assert_eq!(runs.load(Ordering::SeqCst), 1, "a ring of {size}");
            }
        }
        assert!(quickest < Duration::from_millis(100), "{quickest:?} for a ring of {size}");
    }
}

async fn get_ready(address: SocketAddr) -> u16 {
    get(address, "/readyz").await.status
}
