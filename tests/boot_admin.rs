//! Spring Boot Admin: a receiver with the rules of the real server reads the health endpoint, and the example registers.
//!
//! The rules are those of its classes `InstancesController`, `Registration`, `StatusUpdater` and `QueryIndexEndpointStrategy`.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    routing::{delete, post},
};
use health_runtime::{BuildMetadata, Check, Endpoint, Level};
use health_tests::{builder, get_with, request, serve, start_and_read};
use serde_json::{Value, json};
use tokio::time::sleep;

/// `Accept` of the server, of its latest version and of the one before.
const ACCEPTS: [&str; 2] = [
    "application/vnd.spring-boot.actuator.v3+json, application/vnd.spring-boot.actuator.v2+json, application/json",
    "application/vnd.spring-boot.actuator.v3+json, application/vnd.spring-boot.actuator.v2+json, \
     application/vnd.spring-boot.actuator.v1+json, application/json",
];

/// A registered instance.
#[derive(Clone, Debug)]
struct Registration {
    health: Uri,
    management: Option<Uri>,
    service: Option<Uri>,
}

impl Registration {
    /// Reads a registration, as the server validates it.
    fn parse(body: &Value) -> Result<Self, String> {
        let text = |field: &str| match &body[field] {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            Value::String(text) => Ok(Some(text.as_str())),
            other => Err(format!("'{field}' is not a text: {other}")),
        };
        let url = |field: &str| {
            let parse = |url: &str| match url.parse::<Uri>() {
                Ok(uri) if uri.scheme().is_some() => Ok(uri),
                _ => Err(format!("'{field}' is not valid: {url}")),
            };
            text(field)?.map(parse).transpose()
        };
        text("name")?.ok_or("'name' must not be empty.")?;
        let metadata =
            body.get("metadata").map_or(Some(true), |found| Some(found.as_object()?.values().all(Value::is_string)));
        if metadata != Some(true) {
            return Err(format!("'metadata' is not a map of texts: {body}"));
        }
        let known = ["name", "managementUrl", "healthUrl", "serviceUrl", "source", "metadata"];
        if let Some(other) = body.as_object().and_then(|body| body.keys().find(|key| !known.contains(&key.as_str()))) {
            return Err(format!("unknown field {other}"));
        }
        Ok(Self {
            health: url("healthUrl")?.ok_or("'healthUrl' must not be empty.")?,
            management: url("managementUrl")?,
            service: url("serviceUrl")?,
        })
    }
}

/// The server, as far as instances see it.
#[derive(Clone, Debug, Default)]
struct Admin(Arc<Mutex<Registry>>);

#[derive(Debug, Default)]
struct Registry {
    /// The methods of the requests, in order.
    calls: Vec<&'static str>,
    /// The instances by their identifiers.
    instances: BTreeMap<String, Registration>,
}

impl Admin {
    async fn serve(&self) -> SocketAddr {
        let router = Router::new()
            .route("/instances", post(Self::register))
            .route("/instances/{id}", delete(Self::unregister))
            .with_state(self.clone());
        serve(router).await
    }

    #[allow(clippy::unused_async, reason = "axum's handlers are")]
    async fn register(State(admin): State<Self>, headers: HeaderMap, body: Bytes) -> (StatusCode, Json<Value>) {
        let media_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media_type.split(';').next() != Some("application/json") {
            return (StatusCode::UNSUPPORTED_MEDIA_TYPE, Json(Value::Null));
        }
        let parsed = serde_json::from_slice(&body).map_err(|error| error.to_string());
        match parsed.and_then(|body: Value| Registration::parse(&body)) {
            Ok(registration) => {
                // It depends on the URL alone, so that the same instance keeps it.
                let id = registration.health.to_string().replace(['/', ':', '.'], "-");
                let Registry { calls, instances } = &mut *admin.0.lock().expect("no panic");
                calls.push("POST");
                instances.insert(id.clone(), registration);
                (StatusCode::CREATED, Json(json!({ "id": id })))
            }
            Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))),
        }
    }

    #[allow(clippy::unused_async, reason = "axum's handlers are")]
    async fn unregister(State(admin): State<Self>, Path(id): Path<String>) -> StatusCode {
        let Registry { calls, instances } = &mut *admin.0.lock().expect("no panic");
        calls.push("DELETE");
        if instances.remove(&id).is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
    }

    fn calls(&self) -> Vec<&'static str> {
        self.0.lock().expect("no panic").calls.clone()
    }

    fn instances(&self) -> Vec<Registration> {
        self.0.lock().expect("no panic").instances.values().cloned().collect()
    }
}

fn address(uri: &Uri) -> SocketAddr {
    uri.authority().expect("an absolute URL").as_str().parse().expect("an address")
}

/// Returns the status and the body of the instance, as the server understands them.
async fn status(url: &Uri, accept: &str) -> (String, Value) {
    let answer = get_with(address(url), url.path(), &[("Accept", accept)]).await;
    assert_eq!(answer.header("content-type"), "application/vnd.spring-boot.actuator.v3+json");
    let body = answer.json();
    let status = body["status"].as_str().expect("a text").to_owned();
    let words = ["UP", "DOWN", "OUT_OF_SERVICE", "UNKNOWN"];
    assert!(words.contains(&&*status), "{status}");
    let components = body["components"].as_object().cloned().unwrap_or_default();
    for (name, component) in components {
        assert!(component["status"].as_str().is_some_and(|status| words.contains(&status)), "{name}: {component}");
    }
    (status, body)
}

/// Returns the endpoints of an instance, as the server detects them; none where it falls back to guesses.
async fn detect(registration: &Registration, accept: &str) -> BTreeMap<String, Uri> {
    let Some(management) = registration.management.as_ref().filter(|url| registration.service.as_ref() != Some(*url))
    else {
        return BTreeMap::new();
    };
    let answer = get_with(address(management), management.path(), &[("Accept", accept)]).await;
    let is_index = matches!(answer.header("content-type"), "application/vnd.spring-boot.actuator.v3+json");
    if !(200..300).contains(&answer.status) || !is_index {
        return BTreeMap::new();
    }
    let index = answer.json();
    let links = index["_links"].as_object().expect("links");
    assert_eq!(links["self"], json!({ "href": management.to_string(), "templated": false }));
    let endpoints = links.iter().filter(|(name, link)| *name != "self" && link["templated"] == false);
    endpoints
        .map(|(name, link)| (name.clone(), link["href"].as_str().expect("a URL").parse().expect("a URL")))
        .collect()
}

/// Reads everything of an instance that the server reads.
async fn read(registration: &Registration, expected: &str) {
    for accept in ACCEPTS {
        let (word, health) = status(&registration.health, accept).await;
        assert_eq!(word, expected, "{health}");
        let groups = health["groups"].as_array().expect("groups");
        assert!(!groups.is_empty());
        for group in groups {
            let url = format!("{}/{}", registration.health, group.as_str().expect("a name")).parse().expect("a URL");
            status(&url, accept).await;
        }
    }
}

fn sample(is_up: bool) -> Endpoint {
    let checks = [
        Check::new("db", Level::L1, move || async move { is_up }).readiness(),
        Check::new("alive", Level::L5, || async {}).liveness(),
    ];
    builder(checks).build_info(BuildMetadata::new("orders", "1.4.0")).build().expect("good")
}

fn registration(address: SocketAddr) -> Registration {
    let body = json!({
        "name": "orders",
        "serviceUrl": format!("http://{address}/"),
        "managementUrl": format!("http://{address}/health"),
        "healthUrl": format!("http://{address}/health"),
    });
    Registration::parse(&body).expect("a valid registration")
}

#[tokio::test]
async fn boot_admin_reads_status_groups_and_links() {
    let instance = registration(serve(sample(true).router()).await);
    read(&instance, "UP").await;
    for accept in ACCEPTS {
        let endpoints = detect(&instance, accept).await;
        assert_eq!(endpoints.keys().collect::<Vec<_>>(), ["health", "info", "prometheus"]);
        for (name, url) in &endpoints {
            let answer = get_with(address(url), url.path(), &[("Accept", accept)]).await;
            assert_eq!(answer.status, 200, "{name} {url}");
            assert!(name == "prometheus" || answer.json().is_object(), "{name}");
        }
        assert_eq!(
            get_with(address(&endpoints["info"]), endpoints["info"].path(), &[]).await.json()["version"],
            "1.4.0"
        );
    }
}

#[tokio::test]
async fn boot_admin_reads_an_instance_that_is_down() {
    let instance = registration(serve(sample(false).router()).await);
    read(&instance, "DOWN").await;
    // The links come with a verdict of 503, so the server asks where it expects endpoints.
    assert!(detect(&instance, ACCEPTS[0]).await.is_empty());
    assert_eq!(request(address(&instance.health), "OPTIONS", "/health/info").await.status, 200);
}

#[tokio::test]
async fn links_have_the_prefix_and_the_host_that_the_client_sees() {
    let router = Router::new().nest("/shop", sample(true).router());
    let server = serve(router).await;
    let headers = [("Accept", ACCEPTS[0])];
    let index = get_with(server, "/shop/health", &headers).await.json();
    let base = format!("http://{server}/shop/health");
    assert_eq!(
        index["_links"],
        json!({
            "self": { "href": base, "templated": false },
            "health": { "href": base, "templated": false },
            "health-path": { "href": format!("{base}/{{*path}}"), "templated": true },
            "info": { "href": format!("{base}/info"), "templated": false },
            "prometheus": { "href": format!("{base}/metrics"), "templated": false },
        })
    );
    // Other reports of the format are as they were.
    let levels = get_with(server, "/shop/health/levels?format=actuator", &[]).await.json();
    assert!(levels.get("_links").is_none(), "{levels}");
}

#[tokio::test]
async fn receiver_refuses_what_the_server_refuses() {
    let url = "http://127.0.0.1:1/health";
    for wrong in [
        json!({ "name": "", "healthUrl": url }),
        json!({ "name": "orders" }),
        json!({ "name": "orders", "healthUrl": "/health" }),
        json!({ "name": "orders", "healthUrl": url, "managementUrl": "health" }),
        json!({ "name": "orders", "healthUrl": url, "metadata": { "port": 8080 } }),
    ] {
        assert!(Registration::parse(&wrong).is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn example_registers_again_and_again_and_unregisters_at_the_end() {
    let admin = Admin::default();
    let server = admin.serve().await;
    let url = format!("http://{server}");
    let start = move || start_and_read("spring_boot_admin", &[("ADMIN_URL", &url), ("PERIOD_MS", "100")], "/health");
    let (mut service, printed) = tokio::task::spawn_blocking(start).await.expect("no panic");
    let is_registered = async {
        while admin.calls().len() < 3 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_registered).await.expect("it registers");
    let [instance] = &admin.instances()[..] else { panic!("one instance: {:?}", admin.instances()) };
    assert_eq!(instance.health.to_string(), printed.lines().next().expect("a line"));
    read(instance, "UP").await;
    assert_eq!(detect(instance, ACCEPTS[0]).await.len(), 3);

    let status = Command::new("kill").args(["-INT", &service.0.id().to_string()]).status().expect("kill");
    assert!(status.success());
    let ended = tokio::task::spawn_blocking(move || service.0.wait()).await.expect("no panic").expect("it ends");
    assert!(ended.success(), "{ended}");
    assert_eq!(admin.calls().last(), Some(&"DELETE"));
    assert!(admin.instances().is_empty());
}
