//! The headers of W3C Trace Context, which go through as they came.

use http::{HeaderMap, HeaderName, HeaderValue};

const PARENT_HEADER: HeaderName = HeaderName::from_static("traceparent");

const STATE_HEADER: HeaderName = HeaderName::from_static("tracestate");

/// Length of `tracestate` that the standard asks for at least. Entries behind it are left out as a whole.
const MAX_STATE_BYTES: usize = 512;

/// Maximum number of entries of `tracestate`.
const MAX_STATE_ENTRIES: usize = 32;

/// Longest key and longest value of an entry.
const MAX_STATE_PART_BYTES: usize = 256;

/// The trace of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    parent: HeaderValue,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Reads the trace of a request; `None` without a valid `traceparent`. A `tracestate` that is not valid is left out.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let parent = headers.get(PARENT_HEADER).filter(|value| is_parent(value.as_bytes()))?.clone();
        Some(Self { parent, state: state(headers) })
    }

    /// Returns the headers for requests that belong to this trace.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let state = self.state.clone().map(|state| (STATE_HEADER, state));
        [(PARENT_HEADER, self.parent.clone())].into_iter().chain(state)
    }
}

/// Returns whether a value has the form `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`. The standard lets any other
/// one be ignored.
fn is_parent(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'-');
    let lengths = [2, 32, 16, 2].map(|length| {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts.next().filter(|part| part.len() == length && part.iter().all(is_digit))
    });
    let is_zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
    match lengths {
        [Some(version), Some(trace), Some(span), Some(_)] => {
            version != b"ff" && !is_zero(trace) && !is_zero(span) && parts.next().is_none()
        }
        _ => false,
    }
}

/// Returns the `tracestate` of a request, in one line.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines: Result<Vec<_>, _> = headers.get_all(STATE_HEADER).iter().map(HeaderValue::to_str).collect();
    let state = lines.ok()?.join(",");
    let entries: Vec<_> = state.split(',').map(|entry| entry.trim_matches([' ', '\t'])).collect();
    let keys: Option<Vec<_>> = entries.iter().filter(|entry| !entry.is_empty()).map(|entry| key(entry)).collect();
    let keys = keys.filter(|keys| (1..=MAX_STATE_ENTRIES).contains(&keys.len()))?;
    let is_unique = |(index, key)| !keys[..index].contains(key);
    if !keys.iter().enumerate().all(is_unique) {
        return None;
    }
    let end = match state.get(..=MAX_STATE_BYTES) {
        Some(start) => start.rfind(',')?,
        None => state.len(),
    };
    HeaderValue::from_str(&state[..end]).ok().filter(|state| !state.is_empty())
}

/// Returns the key of an entry; `None` for an entry that is not valid.
fn key(entry: &str) -> Option<&str> {
    let (key, value) = entry.split_once('=')?;
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_key = |byte: u8| is_first(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    let is_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    let is_valid = key.bytes().next().is_some_and(is_first)
        && key.bytes().all(is_key)
        && !value.is_empty()
        && value.bytes().all(is_value)
        && key.len().max(value.len()) <= MAX_STATE_PART_BYTES;
    is_valid.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(parent: &str, states: &[&str]) -> Option<TraceContext> {
        let value = |text: &str| HeaderValue::from_str(text).expect("a value");
        let parent = [(PARENT_HEADER, value(parent))];
        let states = states.iter().map(|state| (STATE_HEADER, value(state)));
        TraceContext::from_headers(&parent.into_iter().chain(states).collect())
    }

    fn read_state(states: &[&str]) -> Option<String> {
        let state = read(PARENT, states).expect("a trace").state;
        state.map(|state| state.to_str().expect("text").to_owned())
    }

    #[test]
    fn malformed_trace_parents_are_ignored() {
        assert!(read(PARENT, &[]).is_some());
        for bad in [
            "",
            &PARENT[..54],
            &format!("{PARENT}-00"),
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "ff", 1),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(read(bad, &["a=1"]), None, "{bad}");
        }
    }

    #[test]
    fn valid_trace_state_goes_through_unchanged() {
        for state in ["a=1", "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE", "1-t/x@sys=a b!~ ,,\t b=;:"] {
            assert_eq!(read_state(&[state]).as_deref(), Some(state));
        }
        assert_eq!(read_state(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"));
    }

    #[test]
    fn invalid_trace_states_are_dropped() {
        let many = (0..33).map(|index| format!("a{index}=1")).collect::<Vec<_>>().join(",");
        let (long_key, long_value) = (format!("{}=1", "a".repeat(257)), format!("a={}", "1".repeat(257)));
        for state in
            ["", ",", "a", "a=", "=1", "A=1", "_a=1", "a=1=2", "a=1,a=2", "a b=1", &many, &long_key, &long_value]
        {
            assert_eq!(read_state(&[state]), None, "{state}");
        }
        assert_eq!(read_state(&["a=1", "a=2"]), None);
        let mut headers = HeaderMap::from_iter([(PARENT_HEADER, HeaderValue::from_static(PARENT))]);
        headers.insert(STATE_HEADER, HeaderValue::from_bytes(b"a=\xff").expect("a value"));
        assert_eq!(TraceContext::from_headers(&headers).expect("a trace").state, None);
    }

    #[test]
    fn long_trace_state_loses_whole_entries_at_its_end() {
        let entry = |name: &str, bytes: usize| format!("{name}={}", "1".repeat(bytes - 2));
        let (fits, last) = (format!("{},{}", entry("a", 255), entry("b", 256)), entry("c", 9));
        assert_eq!(fits.len(), MAX_STATE_BYTES);
        assert_eq!(read_state(&[&fits]).as_deref(), Some(&*fits));
        assert_eq!(read_state(&[&fits, &last]).as_deref(), Some(&*fits));
        assert_eq!(read_state(&[&entry("a", 256), &entry("b", 257)]).as_deref(), Some(&*entry("a", 256)));
    }
}
