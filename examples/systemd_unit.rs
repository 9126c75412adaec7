//! A service of systemd that says when it is ready, whether it is alive, and what fails: `Type=notify` and `WatchdogSec=` of
//! `examples/deploy/systemd/orders.service`.
//!
//! ```sh
//! cargo build --example systemd_unit
//! systemd-run --user --unit orders --service-type notify --property WatchdogSec=5 --property Restart=on-failure \
//!     target/debug/examples/systemd_unit
//! systemctl --user status orders                 # Status: "ready"
//! curl -X POST http://127.0.0.1:8080/break       # its worker ends, and five seconds later the watchdog starts it again
//! journalctl --user -u orders -f
//! ```
//!
//! `HEALTH_ADDRESS` replaces 127.0.0.1:8080, also for `systemd_unit healthcheck`, and `STARTUP_MS` the time of the start, a second.

#![allow(clippy::disallowed_macros, reason = "a person reads the address on the terminal")]

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::post};
use health_runtime::{health_check, health_endpoint, healthcheck, probes};
use tokio::{
    net::TcpListener,
    sync::Notify,
    time::{sleep, timeout},
};

/// Whether the migrations are done.
struct Migrated(AtomicBool);

/// Are the migrations done?
#[health_check(level = 3, startup)]
fn migrations(migrated: &Migrated) -> bool {
    migrated.0.load(Ordering::Acquire)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    healthcheck();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();

    let migrated = Arc::new(Migrated(AtomicBool::new(false)));
    let (heartbeat, worker) = probes::heartbeat(Duration::from_secs(2));
    let health = health_endpoint! {
        checks: [probes::runtime_lag(), worker.name("worker").liveness()],
        state: [Arc::clone(&migrated)],
    }?;

    let end = Arc::new(Notify::new());
    tokio::spawn(work(heartbeat, Arc::clone(&end)));
    tokio::spawn(migrate(migrated));

    let app = Router::new().route("/break", post(async move || end.notify_one())).merge(health.clone());
    let address = env::var("HEALTH_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/health", listener.local_addr()?);
    // After the listener is bound, because systemd starts the units that wait for this one. Without systemd, nothing happens.
    health.notify_systemd();
    let shutdown = health.monitor().graceful_shutdown(Duration::from_secs(5));
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await?;
    Ok(())
}

/// Works until it breaks.
async fn work(heartbeat: probes::Heartbeat, end: Arc<Notify>) {
    while timeout(Duration::from_millis(200), end.notified()).await.is_err() {
        heartbeat.beat();
    }
}

/// Migrates for a while.
async fn migrate(migrated: Arc<Migrated>) {
    let millis = env::var("STARTUP_MS").ok().and_then(|millis| millis.parse().ok()).unwrap_or(1_000);
    sleep(Duration::from_millis(millis)).await;
    migrated.0.store(true, Ordering::Release);
}
