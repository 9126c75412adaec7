//! Errors of JSON-RPC 2.0 and of the protocol.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// The kind of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtocolEra {
    /// Each request says everything about itself, from 2026-07-28 on.
    Stateless,
    /// A client begins with `initialize`, up to 2025-11-25. The answer to it is remembered by nobody.
    Handshake,
}

/// An error of the protocol, and not of a tool.
#[derive(Debug)]
pub(super) struct RpcError {
    code: i32,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    const PARSE_ERROR: i32 = -32700;
    const INVALID_REQUEST: i32 = -32600;
    const METHOD_NOT_FOUND: i32 = -32601;
    const INVALID_PARAMS: i32 = -32602;
    const HEADER_MISMATCH: i32 = -32020;
    const UNSUPPORTED_VERSION: i32 = -32022;
    /// Before 2026-07-28.
    const RESOURCE_NOT_FOUND: i32 = -32002;

    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(super) fn parse_error() -> Self {
        Self::new(Self::PARSE_ERROR, "the body is not valid JSON")
    }

    pub(super) fn invalid_request(message: &str) -> Self {
        Self::new(Self::INVALID_REQUEST, message)
    }

    pub(super) fn method_not_found(method: &str) -> Self {
        Self::new(Self::METHOD_NOT_FOUND, format!("there is no method {method:?}"))
    }

    pub(super) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    pub(super) fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(Self::HEADER_MISMATCH, message)
    }

    pub(super) fn unsupported_version(requested: &str, supported: &[&str]) -> Self {
        let data = json!({ "supported": supported, "requested": requested });
        Self { data: Some(data), ..Self::new(Self::UNSUPPORTED_VERSION, "Unsupported protocol version") }
    }

    pub(super) fn resource_not_found(uri: &str, era: ProtocolEra) -> Self {
        let code = match era {
            ProtocolEra::Stateless => Self::INVALID_PARAMS,
            ProtocolEra::Handshake => Self::RESOURCE_NOT_FOUND,
        };
        Self::new(code, format!("there is no resource {uri:?}"))
    }

    /// Returns the status code of the response. Clients with a handshake read the error of a valid request only behind 200.
    pub(super) const fn status(&self, era: ProtocolEra) -> StatusCode {
        match (self.code, era) {
            (Self::PARSE_ERROR | Self::INVALID_REQUEST | Self::HEADER_MISMATCH | Self::UNSUPPORTED_VERSION, _)
            | (Self::INVALID_PARAMS, ProtocolEra::Stateless) => StatusCode::BAD_REQUEST,
            (Self::METHOD_NOT_FOUND, ProtocolEra::Stateless) => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        }
    }

    /// Returns the error as an object of JSON-RPC.
    pub(super) fn into_json(self) -> Value {
        let mut object = json!({ "code": self.code, "message": self.message });
        if let Some(data) = self.data {
            object["data"] = data;
        }
        object
    }
}
