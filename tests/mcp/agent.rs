//! An agent that sees every byte.

use std::net::SocketAddr;

use health_runtime::Endpoint;
use health_tests::{Answer, send, serve};
use serde_json::{Value, json};

pub(crate) const STATELESS: &str = "2026-07-28";

/// A client of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Agent {
    pub(crate) async fn of(endpoint: &Endpoint) -> Self {
        Self { address: serve(endpoint.router()).await, headers: Vec::new() }
    }

    /// Returns the same client with a further header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a body with these headers.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let own = self.headers.iter().map(|(name, value)| (&**name, &**value));
        let lines = own
            .chain(headers.iter().copied())
            .fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
        let (address, length) = (self.address, body.len());
        send(
            address,
            &format!("POST /health/mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"),
        )
        .await
    }

    /// Sends a request of the revision with a handshake, which needs no headers.
    pub(crate) async fn handshake(&self, method: &str, params: Value) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        self.post(&[("Content-Type", "application/json")], &body.to_string()).await
    }

    /// Sends a request of the revision without a handshake.
    pub(crate) async fn stateless(&self, method: &str, mut params: Value) -> Answer {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": STATELESS,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut headers =
            vec![("Content-Type", "application/json"), ("MCP-Protocol-Version", STATELESS), ("Mcp-Method", method)];
        if !name.is_empty() {
            headers.push(("Mcp-Name", &name));
        }
        let body = json!({ "jsonrpc": "2.0", "id": "one", "method": method, "params": params });
        self.post(&headers, &body.to_string()).await
    }

    /// Calls a tool in both revisions, which agree, and returns the structured result.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.call_raw(tool, arguments.clone()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let result = &answer.json()["result"];
        assert_eq!((&result["isError"], &result["resultType"]), (&json!(false), &json!("complete")), "{answer:?}");
        let text = result["content"][0]["text"].as_str().expect("a text");
        let structured = result["structuredContent"].clone();
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), structured);
        structured
    }

    pub(crate) async fn call_raw(&self, tool: &str, arguments: Value) -> Answer {
        self.stateless("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Calls a tool with a mistake, and returns the text about it.
    pub(crate) async fn mistake(&self, tool: &str, arguments: Value) -> String {
        let answer = self.call_raw(tool, arguments).await;
        let result = &answer.json()["result"];
        assert_eq!((answer.status, &result["isError"]), (200, &json!(true)), "{answer:?}");
        assert!(result.get("structuredContent").is_none());
        result["content"][0]["text"].as_str().expect("a text").to_owned()
    }
}
