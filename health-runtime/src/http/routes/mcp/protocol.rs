//! Revisions of the protocol, and the headers that repeat parts of a body.

use axum::http::{HeaderMap, HeaderName};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::rpc_error::{ProtocolEra, RpcError};

/// The revision without a handshake.
pub(super) const STATELESS_VERSION: &str = "2026-07-28";

/// The latest revision with a handshake.
pub(super) const HANDSHAKE_VERSION: &str = "2025-11-25";

/// Every revision that is understood, the latest first. Older ones let a client send several requests in one body.
pub(super) const VERSIONS: [&str; 3] = [STATELESS_VERSION, HANDSHAKE_VERSION, "2025-06-18"];

const VERSION_HEADER: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD_HEADER: HeaderName = HeaderName::from_static("mcp-method");
const NAME_HEADER: HeaderName = HeaderName::from_static("mcp-name");

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

impl ProtocolEra {
    /// Recognizes the era of a request, and validates what a stateless one says about itself.
    pub(super) fn of(headers: &HeaderMap, method: &str, params: &Map<String, Value>) -> Result<Self, RpcError> {
        let version = header(headers, &VERSION_HEADER)?;
        let meta = params.get("_meta");
        let declared = meta.and_then(|meta| meta.get(VERSION_KEY));
        match (version, declared) {
            // Before 2025-06-18 there was no such header.
            (None, None) => return Ok(Self::Handshake),
            (Some(version), None) if version != STATELESS_VERSION => {
                return if VERSIONS.contains(&version) { Ok(Self::Handshake) } else { Err(unsupported(version)) };
            }
            _ => {}
        }
        let Some(declared) = declared.and_then(Value::as_str) else {
            return Err(RpcError::invalid_params(format!("`params._meta` must have a text as `{VERSION_KEY}`")));
        };
        if !meta.and_then(|meta| meta.get(CAPABILITIES_KEY)).is_some_and(Value::is_object) {
            return Err(RpcError::invalid_params(format!(
                "`params._meta` must have an object as `{CAPABILITIES_KEY}`"
            )));
        }
        expect(&VERSION_HEADER, version, declared)?;
        expect(&METHOD_HEADER, header(headers, &METHOD_HEADER)?, method)?;
        let named = match method {
            "tools/call" | "prompts/get" => "name",
            "resources/read" => "uri",
            _ => "",
        };
        let name = header(headers, &NAME_HEADER)?;
        if let Some(expected) = params.get(named).and_then(Value::as_str) {
            expect_encoded(name, expected)?;
        }
        if declared == STATELESS_VERSION { Ok(Self::Stateless) } else { Err(unsupported(declared)) }
    }
}

/// Refuses the header of an unknown revision. A notification needs no other header.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), RpcError> {
    match header(headers, &VERSION_HEADER)? {
        Some(version) if !VERSIONS.contains(&version) => Err(unsupported(version)),
        _ => Ok(()),
    }
}

fn unsupported(version: &str) -> RpcError {
    RpcError::unsupported_version(version, &VERSIONS)
}

/// Returns the value of a header. Two of them are an error, because a gateway may have read the other one.
fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, RpcError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        (Ok(_), Some(_)) => Err(RpcError::header_mismatch(format!("`{name}` stands more than once"))),
        (Err(_), _) => Err(RpcError::header_mismatch(format!("`{name}` must be visible ASCII"))),
    }
}

fn expect(name: &HeaderName, value: Option<&str>, expected: &str) -> Result<(), RpcError> {
    match value {
        Some(value) if value == expected => Ok(()),
        Some(_) => Err(RpcError::header_mismatch(format!("`{name}` differs from the body"))),
        None => Err(RpcError::header_mismatch(format!("`{name}` is missing"))),
    }
}

/// Compares a name that may stand in the header as `=?base64?…?=`.
fn expect_encoded(value: Option<&str>, expected: &str) -> Result<(), RpcError> {
    let encoded = value.and_then(|value| value.strip_prefix("=?base64?")?.strip_suffix("?="));
    match encoded {
        Some(encoded) if STANDARD.encode(expected) == encoded => Ok(()),
        // A plain value may not look like an encoded one.
        Some(_) => Err(RpcError::header_mismatch(format!("`{NAME_HEADER}` differs from the body"))),
        None => expect(&NAME_HEADER, value, expected),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn headers(values: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).expect("a value");
        values.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
    }

    fn era(values: &[(&'static str, &str)], method: &str, params: Value) -> Result<ProtocolEra, String> {
        let Value::Object(params) = params else { unreachable!("an object") };
        ProtocolEra::of(&headers(values), method, &params).map_err(|error| format!("{error:?}"))
    }

    fn stateless() -> Value {
        json!({ "_meta": { VERSION_KEY: STATELESS_VERSION, CAPABILITIES_KEY: {} } })
    }

    #[test]
    fn handshake_needs_no_headers() {
        for values in [&[][..], &[("mcp-protocol-version", "2025-11-25")], &[("mcp-protocol-version", "2025-06-18")]] {
            assert_eq!(era(values, "tools/list", json!({})), Ok(ProtocolEra::Handshake));
            assert_eq!(era(values, "ping", json!({ "_meta": { "progressToken": 1 } })), Ok(ProtocolEra::Handshake));
        }
        for version in ["2025-03-26", "2027-01-01", "", "x"] {
            assert!(era(&[("mcp-protocol-version", version)], "ping", json!({})).is_err(), "{version}");
        }
    }

    #[test]
    fn stateless_request_repeats_itself_in_headers() {
        let version = ("mcp-protocol-version", STATELESS_VERSION);
        let list = [version, ("mcp-method", "tools/list")];
        assert_eq!(era(&list, "tools/list", stateless()), Ok(ProtocolEra::Stateless));
        for (values, code) in [
            (&[][..], "-32020"),
            (&[version], "-32020"),
            (&[version, ("mcp-method", "tools/call")], "-32020"),
            (&[version, ("mcp-method", "Tools/list")], "-32020"),
            (&[("mcp-protocol-version", "2025-11-25"), ("mcp-method", "tools/list")], "-32020"),
            (&[version, version, ("mcp-method", "tools/list")], "-32020"),
            (&[version, ("mcp-method", "tools/list"), ("mcp-method", "tools/list")], "-32020"),
            (&[version, ("mcp-method", "tools/l\u{ef}st")], "-32020"),
        ] {
            assert!(era(values, "tools/list", stateless()).is_err_and(|error| error.contains(code)), "{values:?}");
        }
        for params in [json!({}), json!({ "_meta": 1 }), json!({ "_meta": { VERSION_KEY: STATELESS_VERSION } })] {
            assert!(era(&list, "tools/list", params).is_err_and(|error| error.contains("-32602")));
        }
        let next = json!({ "_meta": { VERSION_KEY: "2027-01-01", CAPABILITIES_KEY: {} } });
        let values = [("mcp-protocol-version", "2027-01-01"), ("mcp-method", "tools/list")];
        assert!(era(&values, "tools/list", next).is_err_and(|error| error.contains("-32022")));
    }

    #[test]
    fn name_may_be_encoded() {
        let mut params = stateless();
        params["name"] = json!("a name");
        let call = |name: &str| {
            let values =
                [("mcp-protocol-version", STATELESS_VERSION), ("mcp-method", "tools/call"), ("mcp-name", name)];
            era(&values, "tools/call", params.clone())
        };
        assert_eq!(call("a name"), Ok(ProtocolEra::Stateless));
        assert_eq!(call("=?base64?YSBuYW1l?="), Ok(ProtocolEra::Stateless));
        for name in ["", "b", "=?base64?YSBuYW1m?=", "=?base64??=", "=?base64?!?=", "=?base64?YSBuYW1l"] {
            assert!(call(name).is_err(), "{name}");
        }
    }
}
