//! Secrets that are known by what they look like.

use std::ops::Range;

use super::{
    letters::letter_at,
    rules::{LOOKS, Look},
    spot::Spot,
    value::is_no_word,
};

/// Begins a private key in PEM, up to `PRIVATE KEY-----`.
const PEM: &str = "-----BEGIN";

/// Longest label of a key in PEM.
const MAX_LABEL: usize = 64;

/// Shortest first line of a key.
const SHORTEST_LINE: usize = 8;

/// Finds a token by its first letters, wherever in a word it begins.
pub(super) fn look(spot: &Spot<'_>) -> Option<Range<usize>> {
    let run = &spot.text[spot.run.clone()];
    let last_dot = run.rfind('.');
    let mut is_inside = false;
    // By bytes: looks are ASCII, and every word of every text passes here.
    for (at, &byte) in run.as_bytes().iter().enumerate() {
        if (!is_inside || byte == b'e' && run[at..].starts_with("eyJ")) && begins_look(byte) {
            let has_dot = last_dot.is_some_and(|dot| dot > at);
            let mut looks = LOOKS.iter().filter(|look| has_dot || !look.has_dot);
            let found = looks.find_map(|look| token(spot.text, spot.run.start + at, look));
            if found.is_some() {
                return found;
            }
        }
        // A run holds no other signs than these.
        is_inside = !matches!(byte, b'_' | b'-' | b'.');
    }
    bot(spot)
}

/// Returns whether a look begins with this byte, which is quicker than to try all of them.
const fn begins_look(byte: u8) -> bool {
    const FIRST: [bool; 128] = {
        let mut first = [false; 128];
        let mut at = 0;
        while at < LOOKS.len() {
            first[LOOKS[at].prefix.as_bytes()[0] as usize] = true;
            at += 1;
        }
        first
    };
    byte.is_ascii() && FIRST[byte as usize]
}

/// Finds a hash that begins with `$`.
pub(super) fn hash(spot: &Spot<'_>) -> Option<Range<usize>> {
    LOOKS.iter().find_map(|look| token(spot.text, spot.at, look))
}

fn token(text: &str, at: usize, look: &Look) -> Option<Range<usize>> {
    if text.as_bytes()[at] != look.prefix.as_bytes()[0] {
        return None;
    }
    let mut start = at;
    for wanted in look.prefix.chars() {
        start += letter_at(text, start).filter(|letter| letter.char == wanted)?.width;
    }
    let behind_prefix = start;
    let mut letters = 0;
    while let Some(letter) = letter_at(text, start).filter(|letter| (look.alphabet)(letter.char)) {
        letters += 1;
        start += letter.width;
    }
    let from = if look.keeps_prefix { behind_prefix } else { at };
    (letters >= look.at_least).then_some(from..start)
}

/// Finds a key in PEM; one that is cut off goes to the end of the text.
pub(super) fn private_key(spot: &Spot<'_>) -> Option<Range<usize>> {
    let rest = spot.text[spot.at..].strip_prefix(PEM)?;
    let label = &rest[..rest.find("-----").filter(|length| *length <= MAX_LABEL)?];
    let start = spot.at + PEM.len() + label.len() + "-----".len();
    let body = &spot.text[start..];
    let key = body.trim_start_matches(|letter: char| letter.is_whitespace() || "\\rn%0AD".contains(letter));
    let key = &key[..key.find(|letter: char| letter.is_whitespace() || letter == '\\').unwrap_or(key.len())];
    let has_key = key.len() >= SHORTEST_LINE && key.starts_with(char::is_alphanumeric) && is_no_word(key);
    let end = || body.find("-----END").map_or(spot.text.len(), |end| start + end);
    (label.contains("PRIVATE") && has_key).then(|| start..end())
}

/// Finds a token of a Telegram bot, which begins with the bot's number.
fn bot(spot: &Spot<'_>) -> Option<Range<usize>> {
    let digits = &spot.text[spot.run.clone()];
    let digits = digits.strip_prefix("bot").unwrap_or(digits);
    let token = spot.text[spot.run.end..].strip_prefix(":A").filter(|_| (6..=12).contains(&digits.len()))?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = token.bytes().take_while(is_part).count();
    let is_token = length >= 30 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_token.then(|| spot.run.end - digits.len()..spot.run.end + ":A".len() + length)
}
