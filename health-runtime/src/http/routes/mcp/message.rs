//! JSON-RPC 2.0: one request or one notification in each body.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value, json};

use super::{
    protocol,
    rpc_error::{ProtocolEra, RpcError},
};
use crate::http::cached_response::{JSON, insert_common};

/// The content of a body.
#[derive(Debug)]
pub(super) enum RpcMessage {
    Request(RpcRequest),
    /// A notification, which is answered with 202 and changes nothing.
    Notification,
}

/// A request for one method.
#[derive(Debug)]
pub(super) struct RpcRequest {
    /// A text or a whole number.
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) params: Map<String, Value>,
    pub(super) era: ProtocolEra,
}

/// An error with the id of its request.
#[derive(Debug)]
pub(super) struct RpcFailure {
    /// `null` if the request has no valid one.
    pub(super) id: Value,
    pub(super) error: RpcError,
    pub(super) era: ProtocolEra,
}

impl RpcFailure {
    /// A failure before the request was understood.
    pub(super) const fn without_id(error: RpcError) -> Self {
        Self { id: Value::Null, error, era: ProtocolEra::Stateless }
    }

    pub(super) fn into_response(self) -> Response {
        let Self { id, error, era } = self;
        let status = error.status(era);
        respond(status, &json!({ "jsonrpc": "2.0", "id": id, "error": error.into_json() }))
    }
}

impl RpcMessage {
    /// Reads a body.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, RpcFailure> {
        let invalid = |message| RpcFailure::without_id(RpcError::invalid_request(message));
        let body = serde_json::from_slice(body).map_err(|_| RpcFailure::without_id(RpcError::parse_error()))?;
        let mut message = match body {
            Value::Object(message) => message,
            Value::Array(_) => return Err(invalid("a batch is not allowed; send each request by itself")),
            _ => return Err(invalid("the body must be one request or one notification")),
        };
        let id = message.remove("id");
        let is_id = |id: &Value| id.is_string() || id.is_i64() || id.is_u64();
        if !id.as_ref().is_none_or(is_id) {
            return Err(invalid("`id` must be a text or a whole number"));
        }
        let is_notification = id.is_none();
        let id = id.unwrap_or_default();
        let failure = |error| RpcFailure { id: id.clone(), error, era: ProtocolEra::Stateless };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(failure(RpcError::invalid_request("`jsonrpc` must be \"2.0\"")));
        }
        let Some(Value::String(method)) = message.remove("method") else {
            let error = RpcError::invalid_request("`method` must be a text; a server sends no requests to answer");
            return Err(failure(error));
        };
        let params = match message.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(failure(RpcError::invalid_request("`params` must be an object"))),
        };
        if is_notification {
            protocol::check_version(headers).map_err(failure)?;
            return Ok(Self::Notification);
        }
        let era = ProtocolEra::of(headers, &method, &params).map_err(failure)?;
        Ok(Self::Request(RpcRequest { id, method, params, era }))
    }
}

/// Responds with the result of a method.
pub(super) fn respond_with(id: &Value, result: &Value) -> Response {
    respond(StatusCode::OK, &json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    insert_common(headers);
    response
}
