//! The routes, over a real socket: their responses and refusals.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_runtime::{
    BuildMetadata, Check, Details, Endpoint, Level, LevelsPath, Outcome, Problem, ShowDetails, Status, StatusCodes,
    View,
};
use health_tests::{Answer, ask, builder, endpoint, get, request, send, serve};
use serde_json::{Value, json};

fn sample() -> Vec<Check> {
    vec![
        Check::new("db", Level::L1, || async {
            Details::pass(json!({ "is_db_online": true, "is_db_writeable": true }))
        })
        .readiness()
        .description("Can the orders database take writes?")
        .tags(["db", "storage"]),
        Check::new("memory", Level::L2, || async { Details::pass(json!({ "%_ram_used": 56.0 })) }).flatten(true),
        Check::new("billing", Level::L3, || async { Outcome::fail("no answer") }).critical(false),
        Check::new("is_connection_healthy", Level::L5, || async { true }).liveness(),
        Check::new("api_version", Level::L5, || async { Details::pass("3.0.3") }),
    ]
}

fn assert_safe_headers(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("vary"), "accept, authorization, sec-fetch-mode");
}

fn assert_problem(answer: &Answer, status: u16, title: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["type"], &body["title"], &body["status"]),
        (&json!("about:blank"), &json!(title), &json!(status))
    );
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    assert_safe_headers(answer);
}

/// A body with the parts that change from run to run checked and taken out.
fn without_times(mut body: Value) -> Value {
    match &mut body {
        Value::Object(fields) => {
            for time in ["checked_at", "since"] {
                if let Some(value) = fields.remove(time) {
                    let text = value.as_str().expect("a time").to_owned();
                    assert!(text.len() == 24 && text.starts_with("20") && text.ends_with('Z'), "{text}");
                }
            }
            if let Some(duration) = fields.remove("duration_ms") {
                assert!(duration.as_f64().is_some_and(|duration| (0.0..1e4).contains(&duration)), "{duration}");
            }
            for value in fields.values_mut() {
                *value = without_times(value.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_times(item.take())),
        _ => {}
    }
    body
}

#[tokio::test]
async fn level_1_holds_all_the_others() {
    let builder = builder(sample()).build_info(BuildMetadata::new("api", "3.0.3")).details(ShowDetails::Always);
    let address = serve(builder.build().expect("good").router()).await;
    for path in ["/health/levels", "/health/levels/1"] {
        let answer = get(address, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_safe_headers(&answer);
        let first = r#""service":"api","version":"3.0.3","root_causes":["billing"],"level_1":{"status":"pass","checks":{"db":{"#;
        assert!(answer.body.starts_with(&format!(r#"{{"status":"warn",{first}"#)), "{}", answer.body);
        assert_eq!(
            without_times(answer.json()),
            json!({
                "status": "warn", "service": "api", "version": "3.0.3", "root_causes": ["billing"],
                "level_1": { "status": "pass", "checks": {
                    "db": { "status": "pass", "critical": true, "data": { "is_db_online": true, "is_db_writeable": true } } } },
                "level_2": { "status": "pass", "checks": {
                    "memory": { "status": "pass", "critical": true, "data": { "%_ram_used": 56.0 } } } },
                "level_3": { "status": "warn", "checks": {
                    "billing": { "status": "warn", "observed": "fail", "critical": false, "message": "no answer" } } },
                "level_4": { "status": "pass", "checks": {} },
                "level_5": { "status": "pass", "checks": {
                    "api_version": { "status": "pass", "critical": true, "data": "3.0.3" },
                    "is_connection_healthy": { "status": "pass", "critical": true } } },
            })
        );
    }
}

#[tokio::test]
async fn level_report_includes_shallower_levels_only_on_request() {
    let address = serve(endpoint(sample()).router()).await;
    let levels = async |path: &str| {
        let body = get(address, path).await.json();
        let keys = body.as_object().expect("an object").keys().filter_map(|key| key.strip_prefix("level_"));
        keys.map(|level| level.parse().expect("a level")).collect::<Vec<u8>>()
    };
    assert_eq!(levels("/health/levels/2").await, [2]);
    assert_eq!(levels("/health/levels/5").await, [5]);
    assert_eq!(levels("/health/levels/3?cumulative").await, [3, 4, 5]);
    assert_eq!(levels("/health/levels/5?cumulative=true").await, [5]);
    assert_eq!(levels("/health/levels/3?cumulative=false").await, [3]);
    assert_eq!(levels("/health/levels/1?cumulative").await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn values_view_shows_the_data_alone() {
    let build = builder(sample()).details(ShowDetails::Always).levels_path(("/api/health_levels", View::Values));
    let address = serve(build.build().expect("good").router()).await;
    let all = json!({
        "level_1": { "db": { "is_db_online": true, "is_db_writeable": true } },
        "level_2": { "%_ram_used": 56.0 },
        "level_3": { "billing": false },
        "level_4": {},
        "level_5": { "api_version": "3.0.3", "is_connection_healthy": true },
    });
    assert_eq!(get(address, "/api/health_levels").await.json(), all);
    assert_eq!(get(address, "/api/health_levels/1").await.json(), all);
    assert_eq!(get(address, "/api/health_levels/5").await.json(), all["level_5"]);
    assert_eq!(get(address, "/api/health_levels/2").await.json(), all["level_2"]);
    assert_eq!(get(address, "/api/health_levels/5?view=native").await.json()["status"], "pass");
    // The levels moved there, they are not in two places.
    assert_problem(&get(address, "/health/levels/5").await, 404, "Not Found");
}

#[tokio::test]
async fn flattened_fields_hide_nothing() {
    let object = |value: Value| {
        move || {
            let value = value.clone();
            async { Details::pass(value) }
        }
    };
    let address = serve(
        builder([
            Check::new("a", Level::L5, object(json!({ "x": 1, "y": 1 }))).flatten(true),
            Check::new("b", Level::L5, object(json!({ "x": 2 }))).flatten(true),
            Check::new("c", Level::L5, object(json!({ "d": 3 }))).flatten(true),
            Check::new("d", Level::L5, || async { true }),
            Check::new("e", Level::L5, object(json!({ "e": 5 }))).flatten(true),
            Check::new("f", Level::L5, || async { false }).flatten(true),
            Check::new("g", Level::L5, object(json!([7]))).flatten(true),
        ])
        .details(ShowDetails::Always)
        .build()
        .expect("good")
        .router(),
    )
    .await;
    assert_eq!(
        get(address, "/health/levels/5?view=values").await.json(),
        json!({ "x": 1, "y": 1, "b": { "x": 2 }, "c": { "d": 3 }, "d": true, "e": 5, "f": false, "g": [7] })
    );
}

#[tokio::test]
async fn invalid_level_is_not_found() {
    let build = builder(sample()).levels_path("/api/levels");
    let elsewhere = serve(build.build().expect("good").router()).await;
    let address = serve(endpoint(sample()).router()).await;
    for level in ["0", "6", "x", "1.0", "%201", "18446744073709551616", "-1", "01", "1/", "1/x", "", "%31", "%ff", "٣"]
    {
        assert_problem(&get(address, &format!("/health/levels/{level}")).await, 404, "Not Found");
        if !level.is_empty() {
            assert_problem(&get(elsewhere, &format!("/api/levels/{level}")).await, 404, "Not Found");
        }
    }
    for path in [
        "/health/nothing",
        "/health/checks/nothing",
        "/health/checks/%ff",
        "/health/live/x",
        "/health/",
        "/health/levels/5?tag=typo",
    ] {
        assert_problem(&get(address, path).await, 404, "Not Found");
    }
    // Other paths are left to the service.
    assert_eq!(get(address, "/elsewhere").await.header("content-type"), "");
}

#[tokio::test]
async fn invalid_query_is_refused() {
    let address = serve(endpoint(sample()).router()).await;
    for query in ["view=xml", "timeout=5", "timeout=0s", "timeout=-1s", "verbose=perhaps", "cumulative=2"] {
        assert_problem(&get(address, &format!("/health/levels/5?{query}")).await, 400, "Bad Request");
    }
    for query in ["_=123", "format=yaml", "&&=", "%ff=%zz", "timeout=1s"] {
        assert_eq!(get(address, &format!("/health/levels/5?{query}")).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_and_head_and_options_are_like_get() {
    let failing = Check::new("down", Level::L5, || async { false }).liveness().readiness().startup();
    let address = serve(endpoint([failing]).router()).await;
    let paths =
        ["/health", "/health/levels/5", "/health/checks/down", "/health/live", "/livez", "/readyz", "/startupz"];
    for path in paths {
        let answer = get(address, path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{path}");
        assert_safe_headers(&answer);
        let head = request(address, "HEAD", path).await;
        assert_eq!((head.status, head.body.as_str()), (503, ""), "{path}");
        assert_eq!(head.header("content-type"), answer.header("content-type"));
        let options = request(address, "OPTIONS", path).await;
        assert_eq!((options.status, options.header("allow")), (503, "GET, HEAD, OPTIONS"), "{path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
            let refused = request(address, method, path).await;
            assert_problem(&refused, 405, "Method Not Allowed");
            assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
    // A client is to come back when the failing check is run again, not when the others are.
    let lasting = Check::new("up", Level::L5, || async {}).max_age(Duration::from_hours(1));
    let failing = Check::new("down", Level::L5, || async { false }).max_age(Duration::from_millis(2_500));
    let mixed = serve(endpoint([lasting, failing]).router()).await;
    assert_eq!(get(mixed, "/health/levels/5").await.header("retry-after"), "3");
    // HAProxy's default: no Host, and HTTP/1.0.
    let answer = send(address, "OPTIONS /readyz HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 503);
}

#[tokio::test(start_paused = true)]
async fn retry_after_names_the_next_background_run() {
    let check = Check::new("down", Level::L5, || async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        false
    });
    let check = check.interval(Duration::from_mins(1)).retry_interval(Duration::from_secs(20)).readiness();
    let behind = Check::new("behind", Level::L5, || async { true }).depends_on(["down"]).readiness();
    let router = endpoint([check, behind]).router();
    let retry = async || {
        let answer = ask(router.clone(), "/readyz", &[]).await;
        assert_eq!(answer.status, 503);
        (answer.body.contains("pending"), answer.header("retry-after").to_owned())
    };
    // Its first run is under way.
    assert_eq!(retry().await, (true, "1".to_owned()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(retry().await, (false, "20".to_owned()));
}

#[tokio::test]
async fn long_request_is_refused_and_the_server_continues() {
    let address = serve(endpoint(sample()).router()).await;
    let mebibyte = "x".repeat(1 << 20);
    for bytes in [
        format!("GET /health/levels/{mebibyte} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("GET /health/levels/1?tag={mebibyte} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("GET /health/levels/1 HTTP/1.1\r\nHost: x\r\nX-Long: {mebibyte}\r\nConnection: close\r\n\r\n"),
    ] {
        let status = send(address, &bytes).await.status;
        assert!(matches!(status, 400 | 414 | 431), "{status}");
        assert_eq!(get(address, "/livez").await.status, 200);
    }
    // As long as the server takes it, it is an answer like any other.
    let long = "x".repeat(60_000);
    assert_problem(&get(address, &format!("/health/levels/{long}")).await, 404, "Not Found");
}

#[tokio::test]
async fn groups_answer_probers_in_plain_text() {
    let address = serve(
        builder([
            Check::new("db", Level::L1, || async { Outcome::fail("gone\nfishing") }).readiness(),
            Check::new("cache", Level::L2, || async { Outcome::warn("half empty") }).readiness(),
            Check::new("ping", Level::L5, || async {}).readiness().liveness(),
        ])
        .details(ShowDetails::Always)
        .build()
        .expect("good")
        .router(),
    )
    .await;
    let text = async |path: &str| {
        let answer = get(address, path).await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        (answer.status, answer.body)
    };
    let body = |status: u16, body: &str| (status, body.to_owned());
    for path in ["/livez", "/health/live", "/startupz", "/health/startup"] {
        assert_eq!(text(path).await, body(200, "ok"), "{path}");
    }
    let failed = "[-]db failed: gone fishing\n[+]cache warn: half empty\n[+]ping ok\nreadyz check failed\n";
    for path in ["/readyz", "/health/ready", "/readyz?verbose"] {
        assert_eq!(text(path).await, body(503, failed), "{path}");
    }
    assert_eq!(text("/readyz?exclude=db").await, body(200, "ok"));
    assert_eq!(
        text("/readyz?exclude=db&exclude=cache&verbose").await,
        body(200, "[+]ping ok\n[+]cache excluded: ok\n[+]db excluded: ok\nreadyz check passed\n")
    );
    assert_eq!(
        text("/livez?exclude=typo&verbose").await,
        body(
            200,
            "[+]ping ok\nwarn: some health checks cannot be excluded: no matches for \"typo\"\nlivez check passed\n"
        )
    );
    let json = get(address, "/readyz?format=json").await;
    assert_eq!((json.status, &json.json()["checks"]["cache"]["status"]), (503, &json!("warn")));
}

/// Probers are configured by hand, and in the words of other frameworks.
#[tokio::test]
async fn groups_have_aliases() {
    let failing = Check::new("queue", Level::L3, || async { false }).startup();
    let router = endpoint(sample().into_iter().chain([failing])).router();
    for (alias, path, status) in [
        ("/livez/", "/livez", 200),
        ("/readyz/", "/readyz", 200),
        ("/startupz/", "/startupz", 503),
        ("/health/live/", "/health/live", 200),
        ("/health/ready/", "/health/ready", 200),
        ("/health/startup/", "/health/startup", 503),
        ("/health/liveness", "/health/live", 200),
        ("/health/readiness", "/health/ready", 200),
        ("/health/readiness/", "/health/ready", 200),
        ("/health/started", "/health/startup", 503),
    ] {
        for query in ["", "?verbose", "?format=actuator", "?format=microprofile"] {
            let (answer, same) = (
                ask(router.clone(), &format!("{alias}{query}"), &[]).await,
                ask(router.clone(), &format!("{path}{query}"), &[]).await,
            );
            assert_eq!((answer.status, same.status), (status, status), "{alias}{query}");
            assert_eq!(answer.header("content-type"), same.header("content-type"), "{alias}{query}");
            if !query.contains("actuator") {
                assert_eq!(answer.body, same.body, "{alias}{query}");
            }
        }
    }
    let bare = endpoint([]).without_groups().router();
    for path in ["/livez/", "/health/live/", "/health/liveness", "/health/started"] {
        assert_eq!(ask(bare.clone(), path, &[]).await.status, 404, "{path}");
    }
    let own = Endpoint::builder().without_declared_checks().without_root_probes().build().expect("good").router();
    assert_eq!(ask(own.clone(), "/livez/", &[]).await.status, 404);
    // A configured path replaces an alias.
    let chosen = builder(sample()).levels_path("{base}/readiness").build().expect("good").router();
    assert!(ask(chosen, "/health/readiness", &[]).await.json().get("level_1").is_some());
}

/// The format names its components, and its clients ask for them where Spring Boot has them.
#[tokio::test]
async fn actuator_format_has_components_below_the_base_path() {
    const ACTUATOR: &str = "application/vnd.spring-boot.actuator.v3+json";
    let named_like_a_route = Check::new("info", Level::L3, || async { false });
    let router = endpoint(sample().into_iter().chain([named_like_a_route])).router();
    let component = ask(router.clone(), "/health/db?format=actuator", &[]).await;
    assert_eq!((component.status, component.header("content-type")), (200, ACTUATOR));
    assert_eq!(component.json(), json!({ "status": "UP" }));
    assert_eq!(ask(router.clone(), "/health/db", &[ACTUATOR]).await.json(), json!({ "status": "UP" }));
    // An option that a check's route does not read changes nothing.
    assert_eq!(ask(router.clone(), "/health/db?view=values", &[ACTUATOR]).await.json(), json!({ "status": "UP" }));
    assert_problem(&ask(router.clone(), "/health/unknown?format=actuator", &[]).await, 404, "Not Found");
    assert_problem(&ask(router.clone(), "/health/db/one?format=actuator", &[]).await, 404, "Not Found");
    for query in ["", "?format=json", "?format=microprofile"] {
        assert_problem(&ask(router.clone(), &format!("/health/db{query}"), &["*/*"]).await, 404, "Not Found");
    }
    assert!(ask(router, "/health/info?format=actuator", &[]).await.json().get("uptime").is_some(), "our own route");
}

/// However many names a stranger leaves out, the answer is as short, and names that checks have still count.
#[tokio::test]
async fn excluded_names_that_no_check_has_cost_little() {
    let failing = Check::new("queue", Level::L3, || async { false }).readiness();
    let router = endpoint(sample().into_iter().chain([failing])).router();
    let names = (0..2_000).fold(String::new(), |names, number| format!("{names}exclude=nobody{number:04}&"));
    let answer = ask(router.clone(), &format!("/readyz?verbose&{names}exclude=queue"), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("[+]queue excluded: ok") && answer.body.contains("\"nobody0000\""), "{}", answer.body);
    assert!(answer.body.len() < 1_000, "{}", answer.body.len());
    assert_eq!(ask(router.clone(), &format!("/readyz?{names}"), &[]).await.status, 503);
    let page = ask(router, &format!("/readyz?{names}&format=html"), &[]).await;
    assert!(!page.body.contains("nobody1000"), "{}", page.body.len());
}

#[tokio::test]
async fn check_is_served_by_its_name() {
    let names = ["a:b", "<&>\"", "é", "🖖", "with space", "a/b", "100%"];
    let checks = sample().into_iter().chain(names.map(|name| Check::new(name, Level::L4, || async {})));
    let address = serve(builder(checks).details(ShowDetails::Always).build().expect("good").router()).await;
    let mut body = without_times(get(address, "/health/checks/db").await.json());
    let history = body.as_object_mut().and_then(|body| body.remove("history"));
    assert_eq!(history.as_ref().and_then(Value::as_array).map(Vec::len), Some(1), "its first result");
    assert_eq!(
        body,
        json!({
            "name": "db", "level": 1, "description": "Can the orders database take writes?", "groups": ["readiness"],
            "tags": ["db", "storage"], "status": "pass", "critical": true,
            "data": { "is_db_online": true, "is_db_writeable": true },
        })
    );
    for name in names {
        let encoded = name.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02x}"));
        let answer = get(address, &format!("/health/checks/{encoded}")).await;
        assert_eq!((answer.status, &answer.json()["name"]), (200, &json!(name)));
    }
}

#[tokio::test]
async fn tags_select() {
    let address = serve(endpoint(sample()).router()).await;
    let body = get(address, "/health/levels/1?tag=db&tag=other").await;
    assert_problem(&body, 404, "Not Found");
    // One check is asked for by its name alone.
    assert_eq!(get(address, "/health/checks/memory?tag=storage&exclude=memory").await.status, 200);
    let body = get(address, "/health/levels/1?tag=storage").await.json();
    assert_eq!(body["level_1"]["checks"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(body["level_5"]["checks"], json!({}));
}

#[tokio::test]
async fn overview_links_to_the_other_routes() {
    const BUILD: BuildMetadata = BuildMetadata::new("api", "3.0.3")
        .with_repo("abc/api")
        .with_revision("0123456789abcdef0123456789abcdef01234567")
        .with_dirty(false)
        .with_build_date(1_767_225_600)
        .with_language("rustc 1.95.0")
        .with_profile("release");
    let build = |show| builder(sample()).build_info(BUILD).details(show).build().expect("good").router();
    let address =
        serve(axum::Router::new().nest("/api", build(ShowDetails::Never)).merge(build(ShowDetails::Always))).await;

    let mut body = without_times(get(address, "/api/health").await.json());
    let info = body["info"].take();
    let links = body["links"].take();
    assert_eq!(
        body,
        json!({
            "status": "warn", "info": null, "links": null, "root_causes": ["billing"],
            "warning": { "billing": { "level": 3, "observed": "fail" } },
            "levels": { "level_1": "pass", "level_2": "pass", "level_3": "warn", "level_4": "pass", "level_5": "pass" },
        })
    );
    for link in links.as_object().expect("links").values() {
        let link = link.as_str().expect("a path");
        assert!(link.starts_with("/api/health/"), "{link}");
        // Not `GET`, which one of them answers without an end.
        assert_eq!(request(address, "HEAD", link).await.status, 200, "{link}");
    }
    assert_eq!(info["name"], "api");
    assert_eq!(info["version"], "3.0.3");
    assert_eq!(info["repo"], "abc/api");
    assert_eq!(
        info["revision"],
        json!({ "short": "0123456789ab", "full": "0123456789abcdef0123456789abcdef01234567" })
    );
    assert_eq!(info["dirty"], false);
    assert_eq!(info["build_date"], "2026-01-01T00:00:00Z");
    assert_eq!(info["profile"], "release");
    assert_eq!(info.get("environment"), None, "it was asked over loopback");
    assert!(["docker", "binary"].contains(&info["build_type"].as_str().expect("a word")));
    assert!(info["uptime"].as_str().is_some_and(|uptime| uptime.ends_with('s')));
    assert!(info["uptime_seconds"].as_u64().is_some_and(|seconds| seconds < 3_600));
    assert!(info["started_at"].as_str().is_some_and(|time| time.ends_with('Z')));
    assert_eq!(info.get("language"), None, "it is for those who may see details");
    assert_eq!(get(address, "/health/info").await.json()["language"], "rustc 1.95.0");
}

#[tokio::test]
async fn endpoint_without_checks_works() {
    let address = serve(builder([]).build().expect("good").router()).await;
    for path in ["/health", "/health/levels/1", "/health/info", "/livez", "/readyz", "/startupz"] {
        assert_eq!(get(address, path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn status_codes_are_configurable() {
    let codes = StatusCodes::new().pass(299).warn(429).fail(500);
    let status = |status| Check::new("check", Level::L5, move || async move { status });
    for (verdict, code) in [(Status::Pass, 299), (Status::Warn, 429), (Status::Fail, 500)] {
        let address = serve(builder([status(verdict)]).status_codes(codes).build().expect("good").router()).await;
        let answer = get(address, "/health/levels/5").await;
        assert_eq!((answer.status, answer.header("retry-after")), (code, ""));
    }
}

#[tokio::test]
async fn service_keeps_its_own_routes() {
    let own = axum::Router::new()
        .route("/readyz", axum::routing::get(async || "own"))
        .route("/health/own", axum::routing::get(async || "own"));
    let health = builder(sample()).without_root_probes().build().expect("good").router();
    let address = serve(own.merge(health)).await;
    assert_eq!(get(address, "/readyz").await.body, "own");
    assert_eq!(get(address, "/health/own").await.body, "own");
    assert_eq!(get(address, "/health/ready").await.body, "ok");
}

/// An answer is rendered once for what it shows, and changes when that does.
#[tokio::test(start_paused = true)]
async fn stored_answers_are_never_outdated() {
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = std::sync::Arc::clone(&count);
    let check = Check::new("count", Level::L5, move || {
        let count = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Details::pass(count) }
    });
    let endpoint = builder([check.max_age(Duration::from_secs(2))]).details(ShowDetails::Always).build().expect("good");
    let app = endpoint.router();
    let body = async || {
        use axum::body::to_bytes;
        use tower::ServiceExt;
        let request = axum::http::Request::get("/health/levels/5?view=values")
            .body(axum::body::Body::empty())
            .expect("a request");
        let response = app.clone().oneshot(request).await.expect("an answer");
        String::from_utf8(to_bytes(response.into_body(), 1_000).await.expect("a body").to_vec()).expect("text")
    };
    for count in 0..3 {
        for _ in 0..3 {
            assert_eq!(body().await, format!(r#"{{"count":{count}}}"#));
        }
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[test]
fn levels_path_may_lie_below_the_base_path_or_above() {
    for (base, levels) in
        [("/a/b", "/a"), ("/a", "/a/b/c"), ("/a", "{base}/levels"), ("/health-1.0/~x", "/livez/levels")]
    {
        let _router: axum::Router =
            builder([]).base_path(base).levels_path(levels).build().expect("good paths").router();
    }
    let error = builder([]).base_path("/a/1").levels_path("/a").build().expect_err("a path for two routes");
    assert!(matches!(error.problems(), [Problem::InvalidPath { key: "levels_path", .. }]), "{error}");
}

#[tokio::test]
async fn the_authority_of_a_target_beats_host() {
    let address = serve(endpoint([]).router()).await;
    for (request, environment) in [
        (
            "GET http://staging.abc.api/health/info HTTP/1.1\r\nHost: abc.api\r\nConnection: close\r\n\r\n",
            json!("staging"),
        ),
        ("GET /health/info HTTP/1.1\r\nHost: abc.api\r\nConnection: close\r\n\r\n", json!("production")),
        ("GET /health/info HTTP/1.0\r\n\r\n", Value::Null),
    ] {
        assert_eq!(send(address, request).await.json()["environment"], environment, "{request}");
    }
}

#[test]
fn build_reports_all_problems_at_once() {
    let error = Endpoint::builder()
        .without_declared_checks()
        .checks([Check::new("", Level::L5, || async {})])
        .base_path("health")
        .levels_path(LevelsPath::from("{base}/{level}"))
        .status_codes(StatusCodes::new().pass(42).warn(100).fail(204))
        .state(1u8)
        .state(2u8)
        .build()
        .expect_err("so much is wrong");
    assert_eq!(error.problems().len(), 7, "{error}");
    for base in ["/livez", "/readyz", "/startupz", "/:id", "/a/*x"] {
        let error = builder([]).base_path(base).build().expect_err("a bad path");
        let is_named = |problem: &Problem| matches!(problem, Problem::InvalidPath { key: "base_path", .. });
        assert!(error.problems().iter().any(is_named), "{base}: {error}");
    }
    for (base, levels) in
        [("/health/", "/levels"), ("/", "/levels"), ("/a//b", "/levels"), ("/a/..", "/l"), ("/a b", "/l")]
    {
        let error = builder([]).base_path(base).levels_path(levels).build().expect_err("a bad path");
        assert!(matches!(error.problems(), [Problem::InvalidPath { key: "base_path", .. }]), "{error}");
    }
    for levels in ["/health", "/health/live", "/readyz", "/health/checks", "/{x}", "/:x", "/l/", "levels"] {
        let error = builder([]).levels_path(levels).build().expect_err("a bad path");
        assert!(matches!(error.problems(), [Problem::InvalidPath { key: "levels_path", .. }]), "{levels}: {error}");
    }
}

#[tokio::test]
async fn overview_names_failing_and_warning_checks() {
    let checks = || {
        [
            Check::new("db", Level::L1, || async { Outcome::fail("refused-text") }).readiness(),
            Check::new("orders", Level::L2, || async {}).depends_on(["db"]),
            Check::new("billing", Level::L3, || async { panic!("panic-text") as () }).critical(false),
            Check::new("slow", Level::L4, || async { Outcome::warn("slow-text") }),
            Check::new("muted", Level::L4, || async { false }),
            Check::new("alive", Level::L5, || async { true }).liveness(),
        ]
    };
    let hidden = serve(builder(checks()).muted("muted").build().expect("good").router()).await;
    let answer = get(hidden, "/health").await;
    let body = without_times(answer.json());
    assert_eq!(answer.status, 503);
    assert_eq!(
        body["failing"],
        json!({ "db": { "level": 1 }, "orders": { "level": 2, "cause": "blocked" } }),
        "what everybody may see, and no check that is muted"
    );
    assert_eq!(
        body["warning"],
        json!({ "billing": { "level": 3, "observed": "fail", "cause": "panicked" }, "slow": { "level": 4 } })
    );
    for format in ["text", "xml", "health+json", "actuator", "microprofile"] {
        let body = get(hidden, &format!("/health?format={format}")).await.body;
        for name in ["db", "orders", "billing", "slow"] {
            assert!(body.contains(name), "{format} does not name {name}: {body}");
        }
    }

    let shown = builder(checks()).muted("muted").details(ShowDetails::Always).build().expect("good");
    let body = without_times(get(serve(shown.router()).await, "/health").await.json());
    assert_eq!(body["failing"]["db"], json!({ "level": 1, "message": "refused-text" }));
    assert_eq!(body["failing"]["orders"]["blocked_by"], json!(["db"]));
    assert_eq!(body["warning"]["slow"], json!({ "level": 4, "message": "slow-text" }));

    let well =
        get(serve(endpoint([Check::new("alive", Level::L5, || async { true })]).router()).await, "/health").await;
    assert_eq!((well.json().get("failing"), well.json().get("warning")), (None, None));
}

#[tokio::test]
async fn overview_names_off_checks_to_callers_who_see_details() {
    let offered = |name, level| Check::new(name, level, || async { true }).off(true);
    let shown = || builder([offered("queue", Level::L2), offered("proxy", Level::L4)]).details(ShowDetails::Always);
    let health = shown().build().expect("good");
    let off = async |router: axum::Router| get(serve(router).await, "/health").await.json().get("off").cloned();
    assert_eq!(off(health.router()).await, Some(json!(["queue", "proxy"])));
    assert_eq!(off(health.levels(Level::L4..=Level::L5).router()).await, None, "not every check is in scope");
    assert_eq!(off(shown().enable(["queue"]).build().expect("good").router()).await, Some(json!(["proxy"])));
    let hidden = shown().details(ShowDetails::Never).build().expect("good");
    assert_eq!(off(hidden.router()).await, None);
    let page = get(serve(health.router()).await, "/health?format=html").await.body;
    assert!(page.contains("queue") && page.contains("proxy"), "{page}");
    for path in ["/health/levels", "/health/info", "/readyz?verbose"] {
        assert!(!get(serve(health.router()).await, path).await.body.contains("queue"), "{path}");
    }
    health.monitor().add(Check::new("queue", Level::L2, || async { true })).expect("a new name");
    assert_eq!(off(health.router()).await, Some(json!(["proxy"])), "code added a check of this name");
}
