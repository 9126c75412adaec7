//! A service that registers with Spring Boot Admin, as its Java clients do: `cargo run --example spring_boot_admin`, with the
//! server's URL in `ADMIN_URL` (default: `http://127.0.0.1:9000`). It unregisters when Ctrl-C stops it. `PERIOD_MS` replaces
//! the ten seconds between two registrations.

#![allow(clippy::disallowed_macros, reason = "a person reads the lines on the terminal")]

use std::{env, error::Error, time::Duration};

use axum::{Router, body::Bytes, http::Request};
use health_runtime::{BuildInfo, health_check, health_endpoint};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{interval, timeout},
};

#[derive(BuildInfo)]
struct App;

/// Are there orders to work on?
#[health_check(level = 3, readiness)]
async fn orders() -> bool {
    true
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let admin = env::var("ADMIN_URL").unwrap_or_else(|_| "http://127.0.0.1:9000".to_owned());
    let period = Duration::from_millis(env::var("PERIOD_MS").map_or(Ok(10_000), |period| period.parse())?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // The URL under which the server reaches this service: in production not that of loopback.
    let service = format!("http://{}", listener.local_addr()?);

    let health = health_endpoint! { build_info: App, details: public }?;
    let shutdown = health.monitor().graceful_shutdown(Duration::ZERO);
    let registration = json!({
        "name": "orders",
        // Different from `managementUrl`, because the server asks only then which endpoints there are.
        "serviceUrl": format!("{service}/"),
        "managementUrl": format!("{service}/health"),
        // The server asks for the format of Spring Boot by its `Accept` header.
        "healthUrl": format!("{service}/health"),
        "metadata": { "tags.environment": "production" },
    });

    println!("{service}/health");
    let registered = tokio::spawn(async move {
        let mut ticks = interval(period);
        let mut id = None;
        tokio::pin!(shutdown);
        // Again and again, because the server forgets its instances when it restarts.
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = ticks.tick() => match send(&admin, "POST", "/instances", &registration).await {
                    Ok(answer) => id = answer["id"].as_str().map(ToOwned::to_owned).or(id),
                    Err(error) => eprintln!("cannot register with {admin}: {error}"),
                },
            }
        }
        if let Some(id) = id {
            let _ = send(&admin, "DELETE", &format!("/instances/{id}"), &Value::Null).await;
        }
    });
    let app = Router::new().merge(health);
    axum::serve(listener, app).with_graceful_shutdown(async { drop(registered.await) }).await?;
    Ok(())
}

/// Sends JSON, and returns the JSON of the answer; null without one. With `https`, use a client that knows TLS.
async fn send(admin: &str, method: &str, path: &str, body: &Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
    let request = Request::builder().method(method).uri(format!("{admin}{path}"));
    let request = request.header("content-type", "application/json").body(Full::new(Bytes::from(body.to_string())))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let answer = client.request(request).await?;
        if !answer.status().is_success() {
            return Err(format!("the answer is {}", answer.status()).into());
        }
        let body = answer.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    };
    timeout(Duration::from_secs(5), exchange).await?
}
