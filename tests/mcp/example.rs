//! The example, with the request that it prints.

use health_tests::{send, start_and_read};

#[tokio::test]
async fn printed_request_names_the_database() {
    let (_example, printed) = start_and_read("agents", &[("PORT", "0")], "mcpServers");
    let line = printed.lines().next().expect("a command");
    let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://")).expect("an address");
    let address = url.strip_suffix("/health/mcp").expect("the path").parse().expect("an address");
    let body = line.split("-d '").nth(1).and_then(|rest| rest.strip_suffix('\'')).expect("a body");
    let length = body.len();
    let request = format!(
        "POST /health/mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = send(address, &request).await.json();
    let causes = &answer["result"]["structuredContent"]["root_causes"];
    assert_eq!(causes.as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!((&causes[0]["check"], &causes[0]["owner"]), (&"database".into(), &"team-data".into()));
    assert_eq!(causes[0]["blocks"], serde_json::json!(["orders", "checkout"]));
}
