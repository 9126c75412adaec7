//! Health checks of other crates, used as their documentation shows.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::ready,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Json, Router, http::StatusCode, routing::get};
use axum_health::{
    health_check,
    prelude::{Health, HealthDetail, HealthIndicator},
};
use health::{Config, PeriodicChecker, Reporter, Status, check_future};

use crate::workload::{Declared, Workload};

struct Indicator {
    name: String,
    runs: AtomicU64,
    has_data: bool,
}

#[async_trait]
impl HealthIndicator for Indicator {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn details(&self) -> HealthDetail {
        let detail = HealthDetail::up().with_detail("runs", self.runs.fetch_add(1, Ordering::Relaxed));
        if !self.has_data {
            return detail;
        }
        detail
            .with_detail("version", "3.0.3")
            .with_detail("used_bytes", 1_234_567_890)
            .with_detail("free_bytes", 9_876_543_210_u64)
    }
}

/// axum-health runs every indicator for each request, one after the other.
pub(super) fn axum_health(workload: &Workload) -> Router {
    let builder = workload.checks.behind(workload.path).fold(Health::builder(), |builder, check| {
        builder.with_indicator(Indicator { name: check.name, runs: AtomicU64::new(0), has_data: check.has_data })
    });
    Router::new().route(workload.path, get(health_check)).layer(builder.build())
}

/// health runs its checks in the background. The response is the service's own affair.
pub(super) fn health(workload: &Workload) -> Router {
    let config =
        Config { check_interval: Duration::from_secs(1), leeway: Duration::from_hours(1), ..Config::default() };
    let checks = workload.checks.behind(workload.path);
    let checkers: Vec<_> = checks
        .map(|Declared { name, .. }| {
            let checker =
                PeriodicChecker::new(check_future(name.clone(), || ready(Ok::<_, Infallible>(()))), config.clone());
            tokio::spawn(checker.clone().run());
            (name, checker)
        })
        .collect();
    let checkers = std::sync::Arc::new(checkers);
    let answer = move || {
        let checkers = std::sync::Arc::clone(&checkers);
        async move {
            let is_up = |checker: &PeriodicChecker<_>| checker.status() == Some(Status::Healthy);
            let checks: BTreeMap<_, _> = checkers
                .iter()
                .map(|(name, checker)| (name.clone(), if is_up(checker) { "up" } else { "down" }))
                .collect();
            let code = if checks.values().all(|status| *status == "up") {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            (code, Json(checks))
        }
    };
    Router::new().route(workload.path, get(answer))
}
