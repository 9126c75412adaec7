//! Secrets that are known by what they look like, or by the word in front of them.

use super::word::{MASK, end_of_word, is_no_word};

/// Shorter than any JSON Web Token.
const SHORTEST_TOKEN: usize = 20;

/// Replaces what stands behind `Bearer` and `Basic`, as in a header that somebody quotes. `Bearer token expired` stays.
pub(super) fn mask_schemes(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(char::is_whitespace) {
        let (before, spaced) = rest.split_at(at);
        let behind = spaced.trim_start();
        masked.push_str(before);
        masked.push_str(&spaced[..spaced.len() - behind.len()]);
        rest = behind;
        if !ends_with_scheme(before) {
            continue;
        }
        let word = &behind[..end_of_word(behind)];
        let end = word.find(['"', '\'']).unwrap_or(word.len());
        if end > 0 && is_no_word(&word[..end]) {
            masked.push_str(MASK);
            rest = &behind[end..];
        }
    }
    masked.push_str(rest);
    masked
}

fn ends_with_scheme(text: &str) -> bool {
    let start = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).len();
    ["bearer", "basic"].iter().any(|scheme| text[start..].eq_ignore_ascii_case(scheme))
}

/// Replaces JSON Web Tokens wherever they stand: all begin with `{"` in base64.
pub(super) fn mask_tokens(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        masked.push_str(before);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let end = token.find(|letter| !is_part(letter)).unwrap_or(token.len());
        let is_token = end >= SHORTEST_TOKEN && token[..end].contains('.');
        masked.push_str(if is_token { MASK } else { &token[..end] });
        rest = &token[end..];
    }
    masked.push_str(rest);
    masked
}
