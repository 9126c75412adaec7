use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level};
use tokio::net::TcpListener;

use crate::{
    command, healthctl,
    services::{failing_orders, named, orders, url_of},
    stub::{Stub, response},
    with_secret,
};

#[tokio::test]
async fn service_that_is_ready_is_not_waited_for() {
    let url = url_of(orders()).await;
    for state in ["ready", "live", "startup", "healthy", "answering"] {
        let ended = healthctl(&["wait", &url, "--for", state]).await;
        assert_eq!(ended.code, 0, "{state}: {ended:?}");
        assert!(ended.err.is_empty() && ended.out.contains(" after "), "{state}: {ended:?}");
    }
    assert_eq!(healthctl(&["wait", &url, "--for", "healthy", "--strict", "--timeout", "300ms"]).await.code, 1);
    let failing = url_of(failing_orders()).await;
    assert_eq!(healthctl(&["wait", &failing, "--for", "answering", "--quiet"]).await.out, "");
}

#[tokio::test]
async fn service_that_becomes_ready_ends_the_wait() {
    let is_up = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&is_up);
    let check = Check::new("db", Level::L1, move || {
        let is_up = state.load(Ordering::SeqCst);
        async move { is_up }
    });
    let url = url_of(named("orders", [check.readiness().max_age(Duration::ZERO)])).await;
    let waiting = command(&["wait", &url, "--timeout", "60s", "--interval", "100ms"]).output();
    let waiting = tokio::spawn(waiting);
    tokio::time::sleep(Duration::from_millis(500)).await;
    is_up.store(true, Ordering::SeqCst);
    let output = waiting.await.expect("no panic").expect("the program starts");
    let progress = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{progress}");
    assert_eq!(progress.lines().count(), 1, "a reason is logged once: {progress}");
    assert!(progress.contains("it reports fail because of db"), "{progress}");
}

#[tokio::test]
async fn service_that_stays_away_is_named_with_the_last_reason() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let ended = healthctl(&["wait", &format!("http://{free}"), "--timeout", "700ms"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let last = ended.err.lines().last().expect("an error");
    assert!(last.contains("is not ready after 700 ms") && last.contains("Connection refused"), "{ended:?}");
}

#[tokio::test]
async fn refused_credentials_end_the_wait_at_once() {
    let stub = Stub::with(response("401 Unauthorized", "text/plain", "")).await;
    let ended = with_secret("hunter2", &["wait", &stub.url("/health"), "--bearer", "--timeout", "10m"]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("refuses these credentials"), "{ended:?}");
}
