//! Validators for what is no verdict (RFC 9110, section 8.8).

use std::hash::{DefaultHasher, Hasher};

use axum::http::{HeaderMap, HeaderValue, header};

/// A strong validator for these bytes: other bytes have another one, but for one chance in 2^64. It is the same in every
/// process of one build.
pub(super) fn of(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    let tag = format!("\"{:016x}\"", hasher.finish());
    // Hexadecimal digits in quotes are a value; an empty one would match nothing.
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the client has it already, as its `If-None-Match` says. Validators are compared weakly (section 13.1.2): a
/// proxy that compresses makes weak ones of ours.
pub(super) fn is_known(tag: &HeaderValue, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    // Ours holds no comma, so that a foreign one that does is only taken for two that are not ours either.
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read() {
        let tag = of(b"document");
        let text = tag.to_str().expect("text");
        assert_eq!(tag, of(b"document"));
        assert_ne!(tag, of(b"documenu"));
        let known = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (header::IF_NONE_MATCH, HeaderValue::from_str(line).expect("a value")));
            is_known(&tag, &lines.collect())
        };
        assert!(known(&[text]) && known(&["*"]) && known(&[&format!("\"a,b\" , W/{text}")]) && known(&["\"x\"", text]));
        assert!(!known(&[]) && !known(&[""]) && !known(&["\"x\"", &text[1..]]) && !known(&[&format!("w/{text}")]));
    }
}
