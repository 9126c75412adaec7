//! Begin and end of a value.

use std::ops::Range;

use super::{
    letters::{closing_quote, is_blank, letter_at, quote_at, skip, skip_blanks},
    rules::{PROSE_WORDS, STATE_WORDS, in_base64},
};
use crate::text::floor_char_boundary;

/// Replaces a secret.
pub(super) const MASK: &str = "***";

/// Longest lookahead behind a sign that may end a value.
const LOOKAHEAD_BYTES: usize = 128;

/// Most signs between the end of a value and the next pair, as in `"}}},`.
const MAX_CLOSERS: usize = 16;

/// Longest word of a message.
const MAX_WORD_BYTES: usize = 24;

/// Shortest base64 that is a secret: `a:b` encoded.
const MIN_BASE64_BYTES: usize = 8;

/// Longest container whose content is examined, so that nested ones are not read repeatedly.
const MAX_CONTAINER_BYTES: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bare,
    Quoted,
    Container,
}

/// Finds the value that begins at a position, behind a sign that is percent-encoded `level` times.
pub(super) fn value_at(text: &str, at: usize, level: usize, is_equals: bool) -> (Form, Range<usize>) {
    if let Some(value) = quoted_at(text, at) {
        return (Form::Quoted, value);
    }
    match letter_at(text, at).map(|letter| letter.char) {
        Some('{' | '[') => (Form::Container, at..end_of_container(text, at, is_equals)),
        _ => (Form::Bare, at..end_of_bare(text, at, level)),
    }
}

/// Finds the value in quotes that begins at a position, as in `b"…"` and `@"…"`.
pub(super) fn quoted_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let prefix = ["br", "rb", "b", "r", "u", "f", "N", "@", "$"].into_iter().find(|prefix| rest.starts_with(prefix));
    [at, at + prefix.map_or(0, str::len)].into_iter().find_map(|start| {
        let inside = start + quote_at(text, start)?;
        Some(inside..closing_quote(text, &text[start..inside], inside))
    })
}

/// Returns the end of the quote that closes a value.
pub(super) fn closing(text: &str, end: usize) -> usize {
    end + quote_at(text, end).unwrap_or_default()
}

/// `{a}}b}` is one value of ODBC, where `}}` stands for `}`.
fn end_of_container(text: &str, from: usize, is_equals: bool) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(letter) = letter_at(text, at) {
        if let Some(length) = quote_at(text, at)
            && letter.char != '`'
            && !is_equals
        {
            let inside = at + length;
            at = (closing_quote(text, &text[at..inside], inside) + length).min(text.len());
            continue;
        }
        at += letter.width;
        match letter.char {
            '{' | '[' => depth += 1,
            '}' | ']' if depth > 1 => depth -= 1,
            '}' if is_equals && text[at..].starts_with('}') && !is_end(text, at + 1) => at += 1,
            '}' | ']' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns whether a container has only numbers, as `{"used": 5, "left": 7}`.
pub(super) fn is_all_numbers(text: &str) -> bool {
    text.len() < MAX_CONTAINER_BYTES
        && text.split([',', '\n']).all(|pair| {
            let value = pair.rsplit(':').next().unwrap_or_default();
            let value = value.trim_matches(|letter: char| letter.is_whitespace() || "{}[]".contains(letter));
            is_number(value) || is_state(value)
        })
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'%'))
}

/// Returns the end of a value without quotes: white space, or a sign behind which it cannot continue. A quote that opens
/// inside it, as in `Some("…")`, belongs to the value.
pub(super) fn end_of_bare(text: &str, from: usize, level: usize) -> usize {
    if text[from..].starts_with(MASK) {
        return from + MASK.len();
    }
    // `${NAME}`.
    let braced = text[from..].strip_prefix("${").and_then(|name| name.find(|letter: char| !is_of_name(letter)));
    let mut at = from + braced.map_or(0, |length| "${".len() + length);
    while let Some(letter) = letter_at(text, at) {
        // More deeply encoded than the name: it is part of the value.
        if letter.level > level {
            at += letter.width;
            continue;
        }
        if letter.char.is_whitespace() {
            return at;
        }
        if ")]},;&|<>'`".contains(letter.char) && is_end(text, at) {
            return if braced.is_some() && letter.char == '}' { at + 1 } else { at };
        }
        match quote_at(text, at).filter(|_| !matches!(letter.char, '\'' | '`')) {
            Some(length) => {
                let inside = at + length;
                let opens = at == from || text[..at].ends_with(['(', '[', '{', '=']);
                if !opens && is_end(text, at) {
                    return at;
                }
                at = (closing_quote(text, &text[at..inside], inside) + length).min(text.len());
            }
            None => at += letter.width,
        }
    }
    text.len()
}

/// Returns whether a value ends at these signs: white space or the next pair follows them.
fn is_end(text: &str, from: usize) -> bool {
    let mut at = from;
    for _ in 0..MAX_CLOSERS {
        let Some(letter) = letter_at(text, at) else { return true };
        match letter.char {
            ')' | ']' | '}' | ',' | ';' | '&' | '|' | '>' | '"' | '\'' | '`' | '.' | ':' | '!' | '?' | '\\' => {
                at += letter.width;
            }
            '<' => return true,
            char => return char.is_whitespace() || is_pair(text, at),
        }
    }
    false
}

/// Returns whether a name and a sign follow: `port=`, `port": `, `Connection Timeout=`. The `=` at the end of base64 does not
/// count.
pub(super) fn is_pair(text: &str, from: usize) -> bool {
    let text = &text[..floor_char_boundary(text, from + LOOKAHEAD_BYTES / 2)];
    if !text[from..].starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
        return false;
    }
    let end = skip(text, from, |letter| letter.char.is_alphanumeric() || matches!(letter.char, '_' | '-' | '.' | ' '));
    let quote = quote_at(text, end);
    let sign = skip_blanks(text, end + quote.unwrap_or_default());
    let Some(letter) = letter_at(text, sign) else { return false };
    match letter.char {
        '=' => letter_at(text, sign + letter.width).is_some_and(|next| next.char != '=' && !next.char.is_whitespace()),
        ':' => quote.is_some(),
        _ => false,
    }
}

/// Extends a value over its blanks: to the `;` of a connection string, or over words that are not a sentence.
pub(super) fn extend(text: &str, value: Range<usize>, is_list: bool, is_words: bool) -> usize {
    let line = &text[..floor_char_boundary(text, value.end + LOOKAHEAD_BYTES)];
    let line = &line[..line[value.end..].find(['\n', '\r']).map_or(line.len(), |end| value.end + end)];
    if is_list
        && line[value.end..].starts_with(' ')
        && let Some(found) = line[value.end..].find([';', '=', '"'])
        && line[value.end + found..].starts_with(';')
        && (is_end_of_list(text, value.end + found))
    {
        return value.end + found;
    }
    let mut end = value.end;
    while is_words && letter_at(line, end).is_some_and(|letter| is_blank(letter.char)) {
        let start = skip_blanks(line, end);
        let length = line[start..].find(|letter: char| !letter.is_alphanumeric()).unwrap_or(line.len() - start);
        if length == 0 || is_word_of(&line[start..start + length], &[STATE_WORDS, PROSE_WORDS]) {
            break;
        }
        end = start + length;
    }
    end
}

fn is_end_of_list(text: &str, semicolon: usize) -> bool {
    let behind = skip_blanks(text, semicolon + 1);
    let is_last = text[semicolon + 1..].chars().next().is_none_or(|letter| "\n\r\"')".contains(letter));
    is_last || is_pair(text, behind)
}

/// Returns whether a value is the state of a secret, as `expired` or `must not be empty`, or a placeholder.
pub(super) fn is_state(text: &str) -> bool {
    let trimmed = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_sentence = || {
        let mut words = trimmed.split(' ');
        trimmed.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b' ' | b'\''))
            && words.next().is_some_and(|first| is_word_of(first, &[STATE_WORDS]))
            && words.any(|word| is_word_of(word, &[STATE_WORDS, PROSE_WORDS]))
    };
    is_word_of(trimmed, &[STATE_WORDS]) || is_masked(text) || is_placeholder(text) || is_sentence()
}

/// Returns whether the value is empty or another name: `token: password: …`. A long text is not a name, and would be read
/// repeatedly if it were.
pub(super) fn is_label(text: &str) -> bool {
    text.is_empty() || text.len() < LOOKAHEAD_BYTES && text.ends_with(':')
}

/// Returns whether a sentence continues with this word.
pub(super) fn is_prose(word: &str) -> bool {
    is_word_of(word.trim_matches(|letter: char| !letter.is_alphanumeric()), &[STATE_WORDS, PROSE_WORDS])
}

fn is_word_of(word: &str, lists: &[&[&str]]) -> bool {
    lists.iter().copied().flatten().any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns whether the value is masked already: `****`, `xxxxx`, `••••`.
pub(super) fn is_masked(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'', '`', '[', ']', '<', '>', '(', ')']);
    text == "\u{2026}"
        || text.len() > 2
            && ['*', 'x', 'X', '.', '\u{2022}'].iter().any(|masked| text.chars().all(|letter| letter == *masked))
}

/// Returns whether the value is a placeholder: `$1`, `?`, `%s`, `${NAME}`, `{{ name }}`, `<your token>`.
fn is_placeholder(text: &str) -> bool {
    let inside = |begin: &str, end: &str| text.strip_prefix(begin).and_then(|text| text.strip_suffix(end));
    let is_name = |name: &str| name.len() < LOOKAHEAD_BYTES && name.chars().all(is_of_name);
    let is_number = |name: &str| name.len() < 3 && name.bytes().all(|byte| byte.is_ascii_digit());
    matches!(text, "?" | "%s" | "%v" | "%d" | "%q")
        || inside("$", "")
            .is_some_and(|name| is_number(name) || name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        || inside("{", "}").is_some_and(is_number)
        || inside("${", "}").is_some_and(is_name)
        || inside("{{", "}}").is_some_and(is_name)
        || inside("%(", ")s").is_some_and(is_name)
        || inside("<", ">").is_some_and(is_name)
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_- .:".contains(letter)
}

/// Returns whether a value is probably not a word of a sentence: it contains a digit, a sign or a capital letter, or is long.
pub(super) fn is_no_word(text: &str) -> bool {
    let text = text.trim_matches(|letter: char| ".,:;!?()\"'`".contains(letter));
    let is_of_word = |(at, letter): (usize, char)| letter.is_alphabetic() && (at == 0 || !letter.is_uppercase());
    text.len() > MAX_WORD_BYTES || !text.char_indices().all(is_of_word)
}

/// Returns whether a value is probably base64.
pub(super) fn is_encoded(text: &str) -> bool {
    text.len() >= MIN_BASE64_BYTES && is_no_word(text) && text.chars().all(in_base64)
}
