//! One pass over a text, which tries every rule at every position.

use std::{borrow::Cow, cell::Cell, ops::Range};

use super::{
    address::{data_source, oracle, url},
    header::scheme,
    letters::letter_at,
    named::{login, named},
    rules::Position,
    token_forms::{hash, private_key, token_form},
    value::MASK,
};

/// Finds the secret that begins or ends at a position.
type MaskRule = fn(&Position<'_>) -> Option<Range<usize>>;

/// Rules for signs; the first that finds a secret wins.
const SIGN_RULES: &[MaskRule] = &[private_key, url, data_source, oracle, hash];

/// Rules for words and names.
const WORD_RULES: &[MaskRule] = &[token_form, scheme, named, login];

/// Most passes over one text.
const MAX_PASSES: usize = 8;

/// Replaces all secrets of a text, in time that is linear in its length. Without secrets it allocates nothing.
pub(super) fn mask_secrets(text: &str) -> Cow<'_, str> {
    let mut masked = mask_once(text);
    for _ in 1..MAX_PASSES {
        // Two parts that a mask has joined may look like a secret.
        match mask_once(&masked) {
            Cow::Borrowed(_) => break,
            Cow::Owned(again) => masked = Cow::Owned(again),
        }
    }
    masked
}

fn mask_once(text: &str) -> Cow<'_, str> {
    let at_signs = Cell::default();
    let mut masked = String::new();
    let (mut at, mut copied, mut floor) = (0, 0, 0);
    while let Some(letter) = letter_at(text, at) {
        let run = at..end_of_run(text, at);
        let next = run.end.max(at + letter.width);
        let rules = match letter.char {
            _ if !run.is_empty() => WORD_RULES,
            '-' | ':' | '@' | '$' => SIGN_RULES,
            _ => &[],
        };
        let position = Position { text, at, letter, run, floor, at_signs: &at_signs };
        let Some(secret) = rules.iter().find_map(|rule| rule(&position)) else {
            at = next;
            continue;
        };
        if text[secret.clone()] != *MASK {
            masked.push_str(&text[copied..secret.start]);
            masked.push_str(MASK);
            copied = secret.end;
        }
        floor = secret.end;
        at = if secret.end > at { secret.end } else { at + letter.width };
    }
    if copied == 0 && masked.is_empty() {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// A run begins with a letter, a digit or `_`, and ends in front of the dashes of PEM.
fn end_of_run(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    // By bytes, because every character of every text passes here.
    while let Some(&byte) = bytes.get(end) {
        end += match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => 1,
            b'.' if end > at => 1,
            b'-' if end > at && !bytes[end..].starts_with(b"-----") => 1,
            _ if byte.is_ascii() => break,
            _ => match text[end..].chars().next().filter(|letter| letter.is_alphanumeric()) {
                Some(letter) => letter.len_utf8(),
                None => break,
            },
        };
    }
    end
}
