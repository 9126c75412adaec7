//! The page in a browser, and all of it behind a proxy: with the real ones.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, routing::get};
use health_runtime::{
    BuildMetadata, Check, Endpoint, Level, Levels, Outcome, Selection, ShowDetails,
    access::{Access, User, any_of, basic},
};
use health_tests::{builder, events::Client, request, send, serve};
use serde_json::json;
use tokio::process::Command;
use tower::ServiceExt;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A service with a bit of everything, whose `db` is turned over by `/turn`, and whose reports take a while after `/slow`.
fn service() -> (Endpoint, Router) {
    const BUILD: BuildMetadata = BuildMetadata::new("orders-api", "3.0.3")
        .with_repo("abc/orders-api")
        .with_revision("0123456789abcdef0123456789abcdef01234567")
        .with_dirty(false)
        .with_build_date(1_767_225_600)
        .with_language("rustc 1.95.0")
        .with_profile("release");
    let is_down = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_down);
    let is_slow = Arc::new(AtomicBool::new(false));
    let slow = Arc::clone(&is_slow);
    let db = Check::new("db", Level::L1, move || {
        let is_down = seen.load(Ordering::SeqCst);
        async move {
            let outcome = if is_down {
                Outcome::fail("cannot reach postgres://orders:secret@db/orders")
            } else {
                Outcome::pass()
            };
            outcome.with_data(json!({"is_db_online": !is_down, "is_db_writeable": !is_down}))
        }
    });
    let long = "The partner answered with a page instead of an answer. ".repeat(12);
    let checks = [
        db.description("Can the orders database take writes?").readiness().max_age(Duration::ZERO),
        Check::new("storage", Level::L1, || async { true }),
        Check::new("reports", Level::L1, || async {}).depends_on(["db"]).critical(false),
        Check::new("memory", Level::L2, move || {
            let takes = if slow.load(Ordering::SeqCst) { Duration::from_millis(1_500) } else { Duration::ZERO };
            tokio::time::sleep(takes)
        })
        .max_age(Duration::ZERO),
        Check::new("billing", Level::L3, move || {
            let long = long.clone();
            async move { Outcome::warn(long) }
        }),
        Check::new("legacy-partner", Level::L3, || async { false }),
        Check::new("search", Level::L3, || tokio::time::sleep(Duration::from_millis(30)))
            .degraded_after(Duration::from_millis(1)),
        Check::new("<script>alert(1)", Level::L3, || async {}),
        Check::new("is_connection_healthy", Level::L5, || async {}).liveness(),
    ];
    let endpoint = builder(checks).build_info(BUILD).details(ShowDetails::Always).build().expect("a good endpoint");
    endpoint
        .monitor()
        .mute("legacy-partner", Duration::from_hours(2), "they move to another data centre")
        .expect("a check");
    let (turned, drained) = (endpoint.monitor().clone(), endpoint.monitor().clone());
    let turn = move || async move {
        is_down.fetch_xor(true, Ordering::SeqCst);
        turned.report(&Selection::check("db")).await;
    };
    let slow = move || async move {
        is_slow.fetch_xor(true, Ordering::SeqCst);
    };
    let router = endpoint.router().route("/turn", get(turn)).route("/slow", get(slow));
    let router = router.route("/drain", get(async move || drained.drain()));
    (endpoint, router)
}

/// A service whose next instance takes over at `/restart`.
fn restartable(first: Router) -> Router {
    let current = Arc::new(Mutex::new(first));
    let next = Arc::clone(&current);
    let restart = async move || *next.lock().expect("no panic") = service().1;
    let answer = async move |request: Request| {
        let router = current.lock().expect("no panic").clone();
        router.oneshot(request).await
    };
    Router::new().route("/restart", get(restart)).fallback(answer)
}

/// Starts this program in Node.js on a service of its own each time, until it ends. A headless Chromium without a graphics card
/// now and then never finishes a picture, whatever the page is. Only such a picture is tried again.
async fn look(program: &str, mut serve: impl AsyncFnMut() -> String) {
    for _ in 0..4 {
        let reader = Command::new("node")
            .arg(root().join("tests/peers").join(program))
            .arg(serve().await)
            .arg(root().join("target/peers/screenshots"))
            .kill_on_drop(true)
            .output();
        let Ok(output) = tokio::time::timeout(Duration::from_mins(2), reader).await else { continue };
        let output = output.expect("node runs");
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return;
        }
        assert!(said.contains("ProtocolError") && said.contains("timed out"), "{said}");
    }
    panic!("Chromium never answered in time");
}

#[tokio::test]
#[ignore = "needs Chromium: scripts/peers"]
async fn a_browser_shows_changes_without_a_reload() {
    look("page.mjs", async || {
        let (endpoint, router) = service();
        for _ in 0..4 {
            endpoint.monitor().report(&Selection::everything()).await;
        }
        format!("http://{}/health", self::serve(restartable(router)).await)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium: scripts/peers"]
async fn operator_runs_and_mutes_checks_in_a_browser() {
    look("operations.mjs", async || {
        let people = |name| basic("health", [User::new(name, "secret")]);
        let policy = any_of([people("ada").may_operate(), people("grace")]);
        let checks = [
            Check::new("db", Level::L1, || async { Err::<(), _>("it is down") }).readiness(),
            Check::new("memory", Level::L2, || async {}),
        ];
        let access = Access::new().levels(Levels::ALL, policy);
        let endpoint = builder(checks).details(ShowDetails::Always).access(access).build().expect("good rules");
        format!("http://{}", self::serve(endpoint.router()).await)
    })
    .await;
}

/// Pages of a service that passed, warned and failed for some hours, on a clock that a browser cannot wait for.
fn pages_with_a_past() -> Router {
    let past = async {
        let outcome = Arc::new(Mutex::new(Outcome::pass()));
        let next = Arc::clone(&outcome);
        let db = Check::new("db", Level::L1, move || {
            let outcome = next.lock().expect("no panic").clone();
            async { outcome }
        });
        let endpoint = builder([db.max_age(Duration::ZERO), Check::new("memory", Level::L2, || async {})]);
        let endpoint = endpoint.details(ShowDetails::Always).build().expect("a good endpoint");
        let look = async |minutes: u32| {
            for _ in 0..2 * minutes {
                endpoint.monitor().report(&Selection::everything()).await;
                tokio::time::advance(Duration::from_secs(30)).await;
            }
        };
        for now in [Outcome::fail("it is away"), Outcome::pass()] {
            *outcome.lock().expect("no panic") = now;
            look(180).await;
        }
        tokio::time::advance(Duration::from_mins(25)).await;
        for now in [Outcome::warn("it is slow"), Outcome::fail("it is away"), Outcome::pass()] {
            *outcome.lock().expect("no panic") = now;
            look(12).await;
        }
        let mut router = Router::new();
        for path in ["/health/levels", "/health/checks/db"] {
            let page = health_tests::ask(endpoint.router(), path, &["text/html"]).await;
            assert_eq!(page.status, 200, "{path}");
            let headers = ["content-type", "content-security-policy"].map(|name| (name, page.header(name).to_owned()));
            router = router.route(path, get(async move || (headers, page.body)));
        }
        router
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(past)
}

#[tokio::test]
#[ignore = "needs Chromium: scripts/peers"]
async fn bars_of_availability_can_be_told_apart_in_a_browser() {
    let pages = tokio::task::spawn_blocking(pages_with_a_past).await.expect("no panic");
    look("availability.mjs", async || format!("http://{}", self::serve(pages.clone()).await)).await;
}

#[tokio::test]
#[ignore = "needs Chromium: scripts/peers"]
async fn programs_that_render_or_print_the_page_finish() {
    let address = serve(service().1).await;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, option) in [("page.png", "--screenshot"), ("page.pdf", "--print-to-pdf")] {
        let file = folder.path().join(name);
        let chromium = Command::new("chromium-headless-shell")
            .args(["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=10000"])
            .arg(format!("{option}={}", file.display()))
            .arg(format!("http://{address}/health"))
            .kill_on_drop(true)
            .output();
        // Chromium waits for an open stream for as long as it is left to.
        let output = tokio::time::timeout(Duration::from_mins(1), chromium).await.expect("an end").expect("it runs");
        assert!(output.status.success(), "{option}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(std::fs::metadata(&file).expect("a file").len() > 10_000, "{option}");
    }
}

/// A proxy that ends with the test, in front of a service that knows nothing of its prefix.
struct Nginx {
    child: tokio::process::Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    async fn start(service: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
        let root = folder.path().display();
        let configuration = format!(
            "daemon off; master_process off; error_log stderr; pid {root}/pid; events {{}}
             http {{
                 access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
                 fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
                 server {{ listen {address}; location /app/ {{ proxy_pass http://{service}/; }} }}
             }}"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).expect("a file");
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nginx starts");
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { child, address, _folder: folder }
    }
}

#[tokio::test]
#[ignore = "needs nginx: scripts/peers"]
async fn pages_and_events_work_behind_a_proxy() {
    let (endpoint, router) = service();
    let service = serve(router).await;
    let mut nginx = tokio::time::timeout(Duration::from_secs(10), Nginx::start(service)).await.expect("nginx listens");
    let browser = |path: &str| {
        let address = nginx.address;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
        async move { send(address, &head).await }
    };
    // A proxy like this one decodes paths, so the name of a check that is to be reached through it has no slash.
    for path in ["/app/health", "/app/health/levels/1", "/app/health/checks/db"] {
        let answer = browser(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        let html = scraper::Html::parse_document(&answer.body);
        let links = scraper::Selector::parse("a[href^='.']").expect("a selector");
        let links: Vec<_> = html.select(&links).filter_map(|link| link.attr("href")).collect();
        assert!(links.len() > 5, "{links:?}");
        let up = "../".repeat(path.matches('/').count() - 2);
        for link in links {
            let below = link.strip_prefix(if up.is_empty() { "./" } else { &up }).expect("below the prefix");
            assert_eq!(browser(&format!("/app/{below}")).await.status, 200, "{path}: {link}");
        }
    }

    // nginx holds a response back until its buffer is full, unless the response turns buffering off.
    let mut client = Client::open(nginx.address, "/app/health/events", None).await;
    assert_eq!(client.event().await.name, "state");
    let asked_at = tokio::time::Instant::now();
    assert_eq!(request(nginx.address, "GET", "/app/turn").await.status, 200);
    let change = client.event().await;
    assert_eq!((&change.data["check"], &change.data["to"]), (&json!("db"), &json!("fail")));
    assert!(asked_at.elapsed() < Duration::from_secs(2), "{:?}", asked_at.elapsed());
    let last = change.id;
    drop(client);
    assert_eq!(request(nginx.address, "GET", "/app/turn").await.status, 200);
    let change = Client::open(nginx.address, "/app/health/events", Some(&last)).await.event().await;
    assert_eq!((&change.data["check"], &change.data["to"]), (&json!("db"), &json!("pass")));

    // A drain goes through it, too.
    let mut client = Client::open(nginx.address, "/app/health/events", None).await;
    endpoint.monitor().drain();
    assert_eq!((client.event().await.name.as_str(), client.event().await.name.as_str()), ("state", "draining"));
    assert_eq!(client.next().await, None);
    nginx.child.kill().await.expect("it ends");
}
