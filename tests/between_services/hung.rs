//! A service that hangs at the end of a chain costs one time limit, and not one for each hop.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use health_runtime::{Check, Endpoint, Level};
use health_tests::endpoint;
use serde_json::Value;
use tokio::time::Instant;

use crate::{ask, ask_service};

/// A service that asks another one, and counts the runs in which it does.
fn asking(other: Endpoint, runs: &Arc<AtomicUsize>) -> Endpoint {
    let (other, runs) = (Arc::new(other), Arc::clone(runs));
    endpoint([Check::new("asks", Level::L3, move || {
        runs.fetch_add(1, Ordering::SeqCst);
        let other = Arc::clone(&other);
        async move { ask_service(&other).await }
    })])
}

#[tokio::test(start_paused = true)]
async fn hung_service_costs_one_time_limit() {
    let hung = endpoint([Check::new("db", Level::L3, pending::<()>)]);
    let runs = Arc::default();
    let edge = (0..4).fold(hung, |service, _| asking(service, &runs));
    let start = Instant::now();
    let (code, body) = ask(&edge, "/health/levels/1", &[]).await;
    let report: Value = serde_json::from_str(&body).expect("JSON");
    let check = &report["level_3"]["checks"]["asks"];
    assert_eq!((code, &check["status"]), (503, &Value::from("fail")), "{body}");
    assert_eq!(check["cause"], Value::Null, "the next service has answered: {body}");
    // The limit of level 3, less the time for the way of the answer.
    assert_eq!(start.elapsed().as_millis(), 4_900);
    assert_eq!(runs.load(Ordering::SeqCst), 4, "none ran twice");
}
