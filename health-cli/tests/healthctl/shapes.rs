use serde_json::{Value, json};

use crate::{
    healthctl,
    stub::{Reply, Stub, response},
};

fn json_response(status: &str, media_type: &str, body: &Value) -> Reply {
    response(status, media_type, body.to_string())
}

/// Asks a stub with this reply at `/health`, and returns exit code and report.
async fn ask(reply: Reply) -> (i32, Value) {
    let stub = Stub::start([("/health", reply)]).await;
    let ended = healthctl(&["check", &stub.url(""), "--json"]).await;
    (ended.code, ended.json())
}

fn checks(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().map_or(&[][..], Vec::as_slice);
    checks
        .iter()
        .map(|check| {
            format!("{} {}", check["name"].as_str().unwrap_or_default(), check["status"].as_str().unwrap_or_default())
        })
        .collect()
}

#[tokio::test]
async fn spring_boot_components_are_read_down_to_the_last_one() {
    let body = json!({
        "status": "DOWN",
        "components": {
            "db": { "status": "UP", "components": {
                "primary": { "status": "UP", "details": { "database": "PostgreSQL" } },
                "replica": { "status": "DOWN", "details": { "error": "connection refused" } },
            } },
            "readinessState": { "status": "OUT_OF_SERVICE" },
            "custom": { "status": "UNKNOWN" },
        },
        "groups": ["liveness"],
    });
    let (code, report) =
        ask(json_response("503 Service Unavailable", "application/vnd.spring-boot.actuator.v3+json", &body)).await;
    assert_eq!((code, &report["shape"]), (1, &json!("actuator")));
    assert_eq!(checks(&report), ["custom unknown", "db/primary pass", "db/replica fail", "readinessState fail"]);
    assert_eq!(report["checks"][2]["message"], "connection refused");
    let (code, report) = ask(json_response("200 OK", "application/json", &json!({ "status": "UP" }))).await;
    assert_eq!((code, &report["shape"], checks(&report).len()), (0, &json!("actuator"), 0));
}

#[tokio::test]
async fn microprofile_checks_are_read() {
    let body = json!({ "status": "DOWN", "checks": [
        { "name": "db", "status": "DOWN", "data": { "message": "no connection" } },
        { "name": "disk", "status": "UP" },
    ] });
    let (code, report) = ask(json_response("503 Service Unavailable", "application/json", &body)).await;
    assert_eq!((code, &report["shape"]), (1, &json!("microprofile")));
    assert_eq!(checks(&report), ["db fail", "disk pass"]);
    assert_eq!(report["checks"][0]["message"], "no connection");
}

#[tokio::test]
async fn health_json_of_the_draft_is_read() {
    let body = json!({ "status": "warn", "version": "1", "releaseId": "1.2.2", "serviceId": "f03e522f", "checks": {
        "cassandra:responseTime": [
            { "componentId": "dfd6cf2b", "componentType": "datastore", "observedValue": 250, "observedUnit": "ms", "status": "pass", "time": "2018-01-17T03:36:48Z", "output": "" },
        ],
        "uptime": [{ "componentType": "system", "observedValue": 1_209_600.25, "observedUnit": "s", "status": "pass" }],
        "memory:utilization": [{ "status": "warn", "output": "nearly full" }],
    } });
    let (code, report) = ask(json_response("200 OK", "application/health+json", &body)).await;
    assert_eq!((code, &report["shape"], &report["service"]), (0, &json!("health+json"), &json!("f03e522f")));
    assert_eq!(checks(&report), ["dfd6cf2b pass", "memory warn", "uptime pass"]);
    assert_eq!(
        (&report["checks"][0]["duration_ms"], &report["checks"][2]["duration_ms"]),
        (&json!(250.0), &Value::Null)
    );
}

#[tokio::test]
async fn entries_of_aspnet_and_words_of_others_are_read() {
    let body = json!({ "status": "Degraded", "totalDuration": "00:00:00.1", "entries": {
        "sql": { "status": "Healthy", "duration": "00:00:00.02", "data": {} },
        "queue": { "status": "Degraded", "description": "lags" },
    } });
    let (code, report) = ask(json_response("200 OK", "application/json", &body)).await;
    assert_eq!((code, &report["shape"], &report["status"]), (0, &json!("json"), &json!("warn")));
    assert_eq!(checks(&report), ["queue warn", "sql pass"]);
    assert_eq!(report["checks"][0]["message"], "lags");
    for (body, status) in [
        (json!({ "status": "ok" }), "pass"),
        (json!({ "status": "green", "cluster_name": "es" }), "pass"),
        (json!({ "status": "red" }), "fail"),
        (json!({ "healthy": false }), "fail"),
    ] {
        assert_eq!(ask(json_response("200 OK", "application/json", &body)).await.1["status"], status, "{body}");
    }
}

#[tokio::test]
async fn plain_text_goes_by_its_status_code_and_lines() {
    let (code, report) = ask(response("200 OK", "text/plain", "Healthy")).await;
    assert_eq!((code, &report["shape"], &report["status"]), (0, &json!("text"), &json!("pass")));
    let kubernetes =
        "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/crd excluded: ok\nreadyz check failed\n";
    let (code, report) = ask(response("500 Internal Server Error", "text/plain", kubernetes)).await;
    assert_eq!(code, 1);
    assert_eq!(checks(&report), ["ping pass", "etcd fail", "poststarthook/crd pass"]);
    assert_eq!(report["checks"][1]["message"], "reason withheld");
    let (code, report) = ask(response("503 Service Unavailable", "text/plain", "Unhealthy\n")).await;
    assert_eq!((code, &report["cause"]), (1, &json!("Unhealthy")));
    assert_eq!(ask(response("204 No Content", "text/plain", "")).await.0, 0);
}

#[tokio::test]
async fn groups_are_found_where_other_kinds_have_them() {
    for path in ["/health/ready", "/health/readiness", "/readyz", "/actuator/health/readiness", "/q/health/ready"] {
        let stub = Stub::start([(path, response("200 OK", "application/json", r#"{"status":"UP"}"#))]).await;
        let ended = healthctl(&["check", &stub.url(""), "--group", "ready"]).await;
        assert_eq!(ended.code, 0, "{path}: {ended:?}");
    }
    let stub =
        Stub::start([("/actuator/health/db", response("200 OK", "application/json", r#"{"status":"UP"}"#))]).await;
    let ended = healthctl(&["check", &stub.url("/actuator/health"), "--check", "db"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test]
async fn pass_with_an_error_code_is_a_failure() {
    let (code, report) = ask(response("503 Service Unavailable", "application/json", r#"{"status":"UP"}"#)).await;
    assert_eq!((code, &report["status"]), (1, &json!("fail")));
    assert!(report["cause"].as_str().is_some_and(|cause| cause.contains("503")), "{report}");
}

#[tokio::test]
async fn answers_that_are_not_reports_are_explained() {
    for (reply, part) in [
        (response("200 OK", "text/html; charset=utf-8", "<html>"), "web page"),
        (response("200 OK", "application/json", r#"{"users":[]}"#), "no status"),
        (response("200 OK", "application/json", "[1]"), "no status"),
        (response("200 OK", "application/json", "{"), "no status"),
        (response("502 Bad Gateway", "text/html", "<html>"), "502 with a web page"),
        (response("400 Bad Request", "application/problem+json", r#"{"detail":"no such tag"}"#), "no such tag"),
        (response("429 Too Many Requests", "text/plain", ""), "limits requests"),
        (response("200 OK", "image/png", "\u{89}PNG"), "media type `image/png`"),
    ] {
        let stub = Stub::with(reply).await;
        let ended = healthctl(&["check", &stub.url("/health")]).await;
        assert_eq!(ended.code, 1, "{part}");
        assert!(ended.err.contains(part) && ended.out.is_empty(), "{part}: {ended:?}");
    }
    let redirect = b"HTTP/1.1 302 Found\r\nlocation: https://login.example/?token=hunter2\r\ncontent-length: 0\r\n\r\n";
    let stub = Stub::with(Reply::Bytes(redirect.to_vec())).await;
    let ended = healthctl(&["check", &stub.url("/health")]).await;
    assert!(ended.err.contains("redirect to https://login.example/;") && !ended.err.contains("hunter2"), "{ended:?}");
}

#[tokio::test]
async fn nothing_that_a_terminal_obeys_is_printed() {
    let body = json!({ "status": "fail", "checks": {
        "db\u{1b}]0;title\u{7}": { "status": "fail", "message": "a\u{1b}[2Jb\u{9b}31m\nforged line\u{202e}", "cause": "\u{1b}[31m" },
    }, "service": "orders\u{1b}[H", "root_causes": ["\u{1b}c"] });
    let stub = Stub::with(response("503 \u{1b}[2J", "application/json", body.to_string())).await;
    let text = Stub::with(response("503 X", "text/plain", "[-]db\u{1b}[2J failed: \u{1b}]8;;x\u{7}\r\n")).await;
    let page = Stub::with(response("503 X", "application/x\u{1b}[2J", "")).await;
    for url in [stub.url("/health"), text.url("/health"), page.url("/health")] {
        for command in ["check", "explain", "map"] {
            for options in [&[][..], &["--json"]] {
                let ended = healthctl(&[&[command, &url], options].concat()).await;
                let printed = ended.out + &ended.err;
                let is_safe = |letter: char| letter == '\n' || (!letter.is_control() && letter != '\u{202e}');
                assert!(printed.chars().all(is_safe), "{command} {options:?}: {printed:?}");
            }
        }
    }
}
