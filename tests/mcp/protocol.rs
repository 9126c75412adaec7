//! The protocol: revisions, errors, and requests that no client sends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{BuildMetadata, Check, Endpoint, Level};
use health_tests::{builder, request};
use serde_json::{Value, json};

use crate::agent::{Agent, STATELESS};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// An endpoint with one check, which counts its runs.
fn counting() -> (Endpoint, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let check = Check::new("db", Level::L5, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async { true }
    });
    let builder = builder([check.max_age(Duration::ZERO)]).build_info(BuildMetadata::new("orders", "3.0.3"));
    (builder.build().expect("a good endpoint"), runs)
}

async fn agent() -> Agent {
    Agent::of(&counting().0).await
}

#[tokio::test]
async fn stateless_results_say_how_long_they_hold() {
    let agent = agent().await;
    let discovered = agent.stateless("server/discover", json!({})).await;
    assert_eq!((discovered.status, discovered.header("content-type")), (200, "application/json"));
    assert_eq!(discovered.header("cache-control"), "no-store");
    let discovered = discovered.json();
    assert_eq!((&discovered["jsonrpc"], &discovered["id"]), (&json!("2.0"), &json!("one")));
    let result = &discovered["result"];
    assert_eq!(result["supportedVersions"], json!([STATELESS, "2025-11-25", "2025-06-18"]));
    assert_eq!(result["capabilities"], json!({ "tools": {}, "resources": {} }));
    assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("private")));
    let server = json!({ "io.modelcontextprotocol/serverInfo": { "name": "orders", "version": "3.0.3" } });
    assert_eq!(result["_meta"], server);

    let tools = agent.stateless("tools/list", json!({})).await.json();
    let tools = &tools["result"];
    assert_eq!((&tools["cacheScope"], &tools["ttlMs"]), (&json!("public"), &json!(3_600_000)));
    let names: Vec<_> = tools["tools"].as_array().expect("tools").iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(
        names,
        ["health_overview", "health_report", "health_check", "health_explain", "health_changes"].map(Value::from)
    );
    for tool in tools["tools"].as_array().expect("tools") {
        let hints = &tool["annotations"];
        assert_eq!((&hints["readOnlyHint"], &hints["openWorldHint"]), (&json!(true), &json!(false)), "{tool}");
        assert_eq!((&tool["inputSchema"]["type"], &tool["outputSchema"]["type"]), (&json!("object"), &json!("object")));
        for schema in ["inputSchema", "outputSchema"] {
            assert!(jsonschema::validator_for(&tool[schema]).is_ok(), "{tool}");
        }
    }
    let resources = agent.stateless("resources/list", json!({})).await.json();
    assert_eq!(resources["result"]["resources"][0]["uri"], "health://report");
    let templates = agent.stateless("resources/templates/list", json!({})).await.json();
    assert_eq!(templates["result"]["resourceTemplates"], json!([]));
    let read = agent.stateless("resources/read", json!({ "uri": "health://report" })).await.json();
    assert_eq!((&read["result"]["ttlMs"], &read["result"]["cacheScope"]), (&json!(0), &json!("private")));
    let content = &read["result"]["contents"][0];
    assert_eq!((&content["uri"], &content["mimeType"]), (&json!("health://report"), &json!("application/json")));
    let report: Value = serde_json::from_str(content["text"].as_str().expect("a text")).expect("JSON");
    assert_eq!(report["level_5"]["checks"]["db"]["status"], "pass");
}

#[tokio::test]
async fn handshake_is_remembered_by_nobody() {
    let agent = agent().await;
    for (asked, answered) in [
        (json!("2025-11-25"), "2025-11-25"),
        (json!("2025-06-18"), "2025-06-18"),
        (json!("2024-11-05"), "2025-11-25"),
        (json!(STATELESS), "2025-11-25"),
        (json!(7), "2025-11-25"),
    ] {
        let answer = agent.handshake("initialize", json!({ "protocolVersion": asked, "capabilities": {} })).await;
        assert!(answer.headers.keys().all(|name| name != "mcp-session-id"), "{answer:?}");
        let answer = answer.json();
        let result = &answer["result"];
        assert_eq!((&answer["id"], &result["protocolVersion"]), (&json!(7), &json!(answered)));
        assert_eq!(result["serverInfo"], json!({ "name": "orders", "version": "3.0.3" }));
        assert!(result.get("resultType").is_none() && result.get("ttlMs").is_none(), "{result}");
    }
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    let accepted = agent.post(&[JSON, ("MCP-Protocol-Version", "2025-11-25")], &notification).await;
    assert_eq!((accepted.status, &*accepted.body), (202, ""));
    assert_eq!(agent.handshake("ping", json!({})).await.json()["result"], json!({}));
    // Without any handshake.
    let answer = agent.handshake("tools/call", json!({ "name": "health_overview" })).await.json();
    assert_eq!(answer["result"]["structuredContent"]["status"], "pass");
    assert_eq!(answer["result"]["isError"], false);
}

#[tokio::test]
async fn faulty_requests_have_the_errors_of_the_specification() {
    let (endpoint, runs) = counting();
    let agent = Agent::of(&endpoint).await;
    let error = async |headers: &[(&str, &str)], body: &str| {
        let answer = agent.post(headers, body).await;
        let body = answer.json();
        (answer.status, body["error"]["code"].as_i64().unwrap_or_default(), body["id"].clone())
    };
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("\u{0}", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x", -32700),
        ("[]", -32600),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
        ("1", -32600),
        ("null", -32600),
        ("\"ping\"", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600),
    ] {
        assert_eq!(error(&[JSON], body).await, (400, code, Value::Null), "{body:?}");
    }
    let deep = "[".repeat(10_000);
    assert_eq!(error(&[JSON], &deep).await, (400, -32700, Value::Null));
    for body in [
        "{\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}",
    ] {
        assert_eq!(error(&[JSON], body).await, (400, -32600, json!(1)), "{body}");
    }
    let call = |params: Value| agent.handshake("tools/call", params);
    for params in [json!({}), json!({ "name": "rm" }), json!({ "name": "health_check", "arguments": [] })] {
        let answer = call(params.clone()).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (200, &json!(-32602)), "{params}");
    }
    let unknown = agent.handshake("prompts/list", json!({})).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (200, &json!(-32601)));
    let unread = agent.handshake("resources/read", json!({ "uri": "file:///etc/passwd" })).await;
    assert_eq!((unread.status, &unread.json()["error"]["code"]), (200, &json!(-32002)));
    for method in ["initialize", "ping", "prompts/get", "subscriptions/listen"] {
        let unknown = agent.stateless(method, json!({})).await;
        assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (404, &json!(-32601)), "{method}");
    }
    let unread = agent.stateless("resources/read", json!({ "uri": "file:///etc/passwd" })).await;
    assert_eq!((unread.status, &unread.json()["error"]["code"]), (400, &json!(-32602)));
    let other =
        agent.post(&[JSON, ("MCP-Protocol-Version", "1999-01-01")], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let other = other.await;
    assert_eq!((other.status, &other.json()["error"]["code"]), (400, &json!(-32022)));
    assert_eq!(other.json()["error"]["data"]["requested"], "1999-01-01");
    assert_eq!(other.json()["error"]["data"]["supported"][0], STATELESS);
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" }).to_string();
    assert_eq!(agent.post(&[JSON, ("MCP-Protocol-Version", "1999-01-01")], &notification).await.status, 400);
    assert_eq!(runs.load(Ordering::SeqCst), 0, "no faulty request runs a check");
}

#[tokio::test]
async fn headers_have_to_repeat_the_body() {
    let (endpoint, runs) = counting();
    let agent = Agent::of(&endpoint).await;
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "health_overview", "_meta": {
            "io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let body = body.to_string();
    let version = ("MCP-Protocol-Version", STATELESS);
    let (method, name) = (("Mcp-Method", "tools/call"), ("Mcp-Name", "health_overview"));
    for headers in [
        &[JSON, version, method][..],
        &[JSON, version, name],
        &[JSON, method, name],
        &[JSON, version, method, ("Mcp-Name", "health_explain")],
        &[JSON, version, ("Mcp-Method", "tools/list"), name],
        &[JSON, ("MCP-Protocol-Version", "2025-11-25"), method, name],
        &[JSON, version, version, method, name],
        &[JSON, version, method, name, name],
    ] {
        let answer = agent.post(headers, &body).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(-32020)), "{headers:?}");
        assert_eq!(answer.json()["id"], 1);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    let encoded = ("Mcp-Name", "=?base64?aGVhbHRoX292ZXJ2aWV3?=");
    for name in [name, encoded] {
        assert_eq!(agent.post(&[JSON, version, method, name], &body).await.status, 200);
    }
}

#[tokio::test]
async fn other_methods_pages_and_types_are_refused() {
    let (endpoint, runs) = counting();
    let agent = Agent::of(&endpoint).await;
    for method in ["GET", "HEAD", "DELETE", "PUT", "OPTIONS"] {
        let answer = request(agent.address, method, "/health/mcp").await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "health_overview" } });
    let body = body.to_string();
    let own = format!("http://{}", agent.address);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:6274", &own, ""] {
        let answer = agent.post(&[JSON, ("Origin", origin)], &body).await;
        assert_eq!((answer.status, answer.header("content-type")), (403, "application/problem+json"), "{origin}");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"] {
        assert_eq!(agent.post(&[("Content-Type", content_type)], &body).await.status, 415, "{content_type}");
    }
    assert_eq!(agent.post(&[], &body).await.status, 415);
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(agent.post(&[("Content-Type", content_type)], &body).await.status, 200);
    }
    let long = format!("{body}{}", " ".repeat(16 * 1024));
    assert_eq!(agent.post(&[JSON], &long).await.status, 413);
    let chunked = format!(
        "POST /health/mcp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n{}\r\n0\r\n\r\n",
        " ".repeat(0x8000)
    );
    let answer = health_tests::send(agent.address, &chunked).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn path_between_services_counts() {
    let agent = agent().await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "health_report" } });
    let body = body.to_string();
    assert_eq!(agent.post(&[JSON, ("Health-Budget", "soon")], &body).await.status, 400);
    let deep = agent.post(&[JSON, ("Health-Path", "a/1, b/1, c/1, d/1, e/1")], &body).await.json();
    let check = &deep["result"]["structuredContent"]["level_5"]["checks"]["db"];
    assert_eq!((&check["status"], &check["cause"]), (&json!("warn"), &json!("depth")), "{deep}");
}
