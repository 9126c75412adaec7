//! Secrets that their form gives away.

use std::ops::Range;

use super::{
    letters::letter_at,
    rules::{Position, TOKEN_FORMS, TokenForm},
    value::is_no_word,
};

/// Begins a private key in PEM, up to `PRIVATE KEY-----`.
const PEM_BEGIN: &str = "-----BEGIN";

/// Longest label of a key in PEM.
const MAX_PEM_LABEL_BYTES: usize = 64;

/// Shortest first line of a key.
const MIN_KEY_LINE_BYTES: usize = 8;

/// Finds a token by its first letters, anywhere in a word.
pub(super) fn token_form(position: &Position<'_>) -> Option<Range<usize>> {
    let run = &position.text[position.run.clone()];
    let last_dot = run.rfind('.');
    let mut is_inside = false;
    // By bytes, for speed: every word of every text passes here, and prefixes are ASCII.
    for (at, &byte) in run.as_bytes().iter().enumerate() {
        if (!is_inside || byte == b'e' && run[at..].starts_with("eyJ")) && may_begin_token(&run.as_bytes()[at..]) {
            let has_dot = last_dot.is_some_and(|dot| dot > at);
            let mut forms = TOKEN_FORMS.iter().filter(|form| has_dot || !form.has_dot);
            let found = forms.find_map(|form| token(position.text, position.run.start + at, form));
            if found.is_some() {
                return found;
            }
        }
        // The only signs inside a word.
        is_inside = !matches!(byte, b'_' | b'-' | b'.');
    }
    bot(position)
}

/// Returns whether a form begins like this text, which is faster than trying all of them.
const fn may_begin_token(text: &[u8]) -> bool {
    const BEGINNINGS: &[[bool; 256]; 256] = &{
        let mut beginnings = [[false; 256]; 256];
        let mut at = 0;
        while at < TOKEN_FORMS.len() {
            let [first, second, ..] = TOKEN_FORMS[at].prefix.as_bytes() else {
                panic!("a prefix of two letters or more")
            };
            beginnings[*first as usize][*second as usize] = true;
            at += 1;
        }
        beginnings
    };
    match text {
        [first, second, ..] => BEGINNINGS[*first as usize][*second as usize],
        _ => false,
    }
}

/// Finds a hash that begins with `$`.
pub(super) fn hash(position: &Position<'_>) -> Option<Range<usize>> {
    TOKEN_FORMS.iter().find_map(|form| token(position.text, position.at, form))
}

fn token(text: &str, at: usize, form: &TokenForm) -> Option<Range<usize>> {
    if text.as_bytes()[at] != form.prefix.as_bytes()[0] {
        return None;
    }
    let mut start = at;
    for wanted in form.prefix.chars() {
        start += letter_at(text, start).filter(|letter| letter.char == wanted)?.width;
    }
    let behind_prefix = start;
    let mut letters = 0;
    while let Some(letter) = letter_at(text, start).filter(|letter| (form.alphabet)(letter.char)) {
        letters += 1;
        start += letter.width;
    }
    let from = if form.keeps_prefix { behind_prefix } else { at };
    (letters >= form.min_letters).then_some(from..start)
}

/// Finds a key in PEM. A truncated key ends with the text.
pub(super) fn private_key(position: &Position<'_>) -> Option<Range<usize>> {
    let rest = position.text[position.at..].strip_prefix(PEM_BEGIN)?;
    let label = &rest[..rest.find("-----").filter(|length| *length <= MAX_PEM_LABEL_BYTES)?];
    let start = position.at + PEM_BEGIN.len() + label.len() + "-----".len();
    let body = &position.text[start..];
    let key = body.trim_start_matches(|letter: char| letter.is_whitespace() || "\\rn%0AD".contains(letter));
    let key = &key[..key.find(|letter: char| letter.is_whitespace() || letter == '\\').unwrap_or(key.len())];
    let has_key = key.len() >= MIN_KEY_LINE_BYTES && key.starts_with(char::is_alphanumeric) && is_no_word(key);
    let end = || body.find("-----END").map_or(position.text.len(), |end| start + end);
    (label.contains("PRIVATE") && has_key).then(|| start..end())
}

/// Finds a token of a Telegram bot, which begins with the bot's number.
fn bot(position: &Position<'_>) -> Option<Range<usize>> {
    let digits = &position.text[position.run.clone()];
    let digits = digits.strip_prefix("bot").unwrap_or(digits);
    let token = position.text[position.run.end..].strip_prefix(":A").filter(|_| (6..=12).contains(&digits.len()))?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = token.bytes().take_while(is_part).count();
    let is_token = length >= 30 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_token.then(|| position.run.end - digits.len()..position.run.end + ":A".len() + length)
}
