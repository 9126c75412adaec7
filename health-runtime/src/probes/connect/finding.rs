use crate::{
    mask::mask_credentials,
    model::Status,
    text::{escape_controls, floor_char_boundary},
};

/// Maximum number of bytes that are shown of an answer: enough for a sentence.
const MAX_EXCERPT_BYTES: usize = 200;

/// State of a server as a probe sees it over a connection of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerState {
    /// Word for machines; the documentation of each probe lists its own.
    pub(super) state: &'static str,
    pub(super) status: Status,
    /// Text for a person, whose subject is the address: `refuses connections`.
    pub(super) text: Option<String>,
}

impl ServerState {
    /// The server serves.
    pub(super) const fn accepting() -> Self {
        Self { state: "accepting", status: Status::Pass, text: None }
    }

    /// The server serves others, and this client not without a login.
    pub(super) fn login_required(text: impl Into<String>) -> Self {
        Self { state: "login_required", status: Status::Pass, text: Some(text.into()) }
    }

    pub(super) fn warn(state: &'static str, text: impl Into<String>) -> Self {
        Self { state, status: Status::Warn, text: Some(text.into()) }
    }

    pub(super) fn fail(state: &'static str, text: impl Into<String>) -> Self {
        Self { state, status: Status::Fail, text: Some(text.into()) }
    }
}

/// Returns a part of an answer, which may be of any length and content, for a text.
pub(super) fn excerpt(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    // Masked as a whole, because a cut secret would not be recognized.
    let masked = mask_credentials(text.trim());
    let shown = escape_controls(&masked);
    let end = floor_char_boundary(&shown, MAX_EXCERPT_BYTES);
    let mark = if end < shown.len() { "…" } else { "" };
    format!("{}{mark}", &shown[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_is_short_printable_and_masked() {
        assert_eq!(excerpt(b"-ERR url redis://user:canary@host\r\n"), "-ERR url redis://***@host");
        assert_eq!(excerpt(b"J\0\0\0\n5.5.5\x1b[31m\xff"), "J\\u{0}\\u{0}\\u{0}\\n5.5.5\\u{1b}[31m\u{fffd}");
        let long = excerpt("ä".repeat(4_000).as_bytes());
        assert!(long.len() <= MAX_EXCERPT_BYTES + "…".len() && long.ends_with("ä…"), "{long}");
        assert_eq!(excerpt(b""), "");
    }
}
