//! A service's health written by hand, as fast as it can be: the least that the same answers cost.

use std::{
    fmt::Write,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::time::{Duration, Instant, interval, timeout};

use crate::workload::{Declared, Freshness, Workload, facts};

const MAX_AGE: Duration = Duration::from_secs(1);

/// Where checks run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Runs {
    /// In the request, one after the other: a check that hangs or panics takes the response with it.
    Inline,
    /// In a task each, with a timeout: nothing that a check does reaches the others.
    InTasks,
    /// Rarely: results and the response are stored.
    Stored,
    /// Once for all requests that wait at the same time.
    Shared,
}

type Run = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

struct Check {
    name: String,
    run: Box<dyn Fn() -> Run + Send + Sync>,
    since: String,
}

struct Health {
    checks: Vec<Check>,
    runs: Runs,
    is_background: bool,
    /// Number of results so far.
    version: AtomicU64,
    results: Mutex<Vec<Option<String>>>,
    stored: Mutex<Option<(Instant, u64, Bytes)>>,
    /// Response of the latest run, whose lock is held while it goes on.
    response: tokio::sync::Mutex<Option<(Instant, Bytes)>>,
}

/// Builds the one route of the workload.
pub(super) fn router(workload: &Workload, runs: Runs) -> Router {
    let is_background = workload.checks.freshness == Freshness::Background;
    let checks: Vec<_> = workload.checks.behind(workload.path).map(check).collect();
    let results = vec![None; checks.len()];
    let health = Arc::new(Health {
        checks,
        runs,
        is_background,
        version: AtomicU64::new(0),
        results: Mutex::new(results),
        stored: Mutex::new(None),
        response: tokio::sync::Mutex::default(),
    });
    if is_background {
        for number in 0..health.checks.len() {
            tokio::spawn(run_for_ever(Arc::clone(&health), number));
        }
    }
    let answer = move || {
        let health = Arc::clone(&health);
        async move {
            let body = health.answer().await;
            ([(CONTENT_TYPE, HeaderValue::from_static("application/health+json"))], body).into_response()
        }
    };
    Router::new().route("/", get(|| async { super::bare::HELLO })).route(workload.path, get(answer))
}

fn check(declared: Declared) -> Check {
    let Declared { name, has_data, wait, .. } = declared;
    let runs = Arc::new(AtomicU64::new(0));
    let run = move || -> Run {
        let runs = runs.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            Declared::run(wait).await;
            has_data.then(|| serde_json::to_string(&facts(runs)).unwrap_or_default())
        })
    };
    Check { name, run: Box::new(run), since: now() }
}

async fn run_for_ever(health: Arc<Health>, number: usize) {
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let data = (health.checks[number].run)().await;
        health.results.lock().unwrap_or_else(PoisonError::into_inner)[number] = data;
        health.version.fetch_add(1, Ordering::Release);
    }
}

impl Health {
    async fn answer(&self) -> Bytes {
        match self.runs {
            Runs::Inline | Runs::InTasks => self.run_all().await,
            Runs::Shared => self.shared().await,
            Runs::Stored => self.stored().await,
        }
    }

    /// Waits for the request that runs the checks, and takes its response.
    async fn shared(&self) -> Bytes {
        let asked = Instant::now();
        let mut response = self.response.lock().await;
        if let Some((begun, body)) = &*response
            && begun.elapsed() < MAX_AGE.max(asked.elapsed())
        {
            return body.clone();
        }
        let body = self.run_all().await;
        *response = Some((Instant::now(), body.clone()));
        body
    }

    async fn stored(&self) -> Bytes {
        let version = self.version.load(Ordering::Acquire);
        if let Some((at, of, body)) = &*self.stored.lock().unwrap_or_else(PoisonError::into_inner) {
            let is_young = *of == version && (self.is_background || at.elapsed() < MAX_AGE);
            if is_young {
                return body.clone();
            }
        }
        let body = if self.is_background {
            self.render(&self.results.lock().unwrap_or_else(PoisonError::into_inner))
        } else {
            self.run_all().await
        };
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), version, body.clone()));
        body
    }

    async fn run_all(&self) -> Bytes {
        let mut results = Vec::with_capacity(self.checks.len());
        if self.runs == Runs::InTasks {
            let spawn = |check: &Check| tokio::spawn(timeout(Duration::from_secs(5), (check.run)()));
            let tasks: Vec<_> = self.checks.iter().map(spawn).collect();
            for task in tasks {
                results.push(task.await.ok().and_then(Result::ok).flatten());
            }
        } else {
            for check in &self.checks {
                results.push((check.run)().await);
            }
        }
        self.render(&results)
    }

    /// Writes a body of the same length as ours has.
    fn render(&self, results: &[Option<String>]) -> Bytes {
        let at = now();
        let mut body = String::with_capacity(256 + 256 * results.len());
        let _ = write!(body, r#"{{"status":"pass","timestamp":"{at}","checks":{{"#);
        for (number, (check, data)) in self.checks.iter().zip(results).enumerate() {
            for part in [
                if number == 0 { "\"" } else { ",\"" },
                &check.name,
                r#"":{"status":"pass","since":""#,
                &check.since,
                r#"","checked_at":""#,
                &at,
                if data.is_some() { r#"","data":"# } else { "\"" },
                data.as_deref().unwrap_or_default(),
                "}",
            ] {
                body.push_str(part);
            }
        }
        body.push_str("}}");
        body.into()
    }
}

fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
