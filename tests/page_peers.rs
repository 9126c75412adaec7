//! The page in a browser, and all of it behind a proxy: with the real ones.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use health_runtime::{BuildMetadata, Check, Endpoint, Level, Outcome, Selection, ShowDetails};
use health_tests::{builder, serve};
use serde_json::json;
use tokio::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A service with a bit of everything, whose `db` is turned over by `/turn`.
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
        db.with_description("Can the orders database take writes?").readiness().with_max_age(Duration::ZERO),
        Check::new("storage", Level::L1, || async { true }),
        Check::new("reports", Level::L1, || async {}).depends_on(["db"]).critical(false),
        Check::new("memory", Level::L2, || async {}),
        Check::new("billing", Level::L3, move || {
            let long = long.clone();
            async move { Outcome::warn(long) }
        }),
        Check::new("legacy-partner", Level::L3, || async { false }),
        Check::new("search", Level::L3, || tokio::time::sleep(Duration::from_millis(30)))
            .with_degraded_after(Duration::from_millis(1)),
        Check::new("<script>alert(1)</script>", Level::L3, || async {}),
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
    let router = endpoint.router().route("/turn", get(turn)).route("/drain", get(async move || drained.drain()));
    (endpoint, router)
}

#[tokio::test]
#[ignore = "needs Chromium: scripts/peers"]
async fn a_browser_shows_changes_without_a_reload() {
    let (endpoint, router) = service();
    for _ in 0..4 {
        endpoint.monitor().report(&Selection::everything()).await;
    }
    let address = serve(router).await;
    let reader = Command::new("node")
        .arg(root().join("tests/peers/page.mjs"))
        .arg(format!("http://{address}/health"))
        .arg(root().join("target/peers/screenshots"))
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(2), reader).await.expect("in time").expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
