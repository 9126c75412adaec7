//! Credentials in headers.

use std::ops::Range;

use super::{
    letters::{closing_quote, letter_at, quote_at, skip, skip_blanks},
    rules::{Credentials, Position, SCHEMES},
    value::{MASK, end_of_bare, is_encoded, is_label, is_no_word, is_prose, is_state},
};

/// Most parameters that are examined, so that a list of them is not read repeatedly.
const MAX_PARAMETERS: usize = 32;

/// Finds credentials behind `Bearer`, `Basic` and the like. `Bearer token expired` and challenges stay.
pub(super) fn scheme(position: &Position<'_>) -> Option<Range<usize>> {
    let run = &position.text[position.run.clone()];
    let word = run.rsplit(|letter: char| !letter.is_ascii_alphabetic()).next()?;
    let (_, credentials) = SCHEMES.iter().find(|(scheme, _)| scheme.eq_ignore_ascii_case(word))?;
    let start = skip_blanks(position.text, position.run.end);
    if start == position.run.end {
        return None;
    }
    if *credentials == Credentials::Parameters {
        // A challenge has no `response`.
        let end = end_of_parameters(position.text, start)?;
        return position.text[start..end].contains("response").then_some(start..end);
    }
    if is_parameter(position.text, start) {
        return None;
    }
    let level = letter_at(position.text, position.run.end).map_or(0, |letter| letter.level);
    let end = skip(position.text, start, |letter| {
        letter.level > level || !(letter.char.is_whitespace() || matches!(letter.char, '"' | '\''))
    });
    let word = &position.text[start..end_of_bare(&position.text[..end], start, level)];
    let (word, is_secret) = match credentials {
        Credentials::Base64 => {
            // The end of a sentence.
            let word = word.trim_end_matches(['.', ':', '!', '?']);
            (word, is_encoded(word))
        }
        Credentials::Word | Credentials::Parameters => (word, true),
    };
    (is_secret && is_no_word(word) && !is_state(word) && !is_label(word)).then_some(start..start + word.len())
}

/// Finds the value of `Authorization`: a scheme and its credentials, or the credentials alone.
pub(super) fn authorization(text: &str, start: usize, is_sentence: bool) -> Option<Range<usize>> {
    if let Some(length) = quote_at(text, start) {
        let inside = start + length;
        let end = closing_quote(text, &text[start..inside], inside);
        return (end > inside && !is_state(&text[inside..end])).then_some(inside..end);
    }
    let end = end_of_bare(text, start, 0);
    let word = &text[start..end];
    if word.is_empty() || is_prose(word) || is_state(word) || (is_sentence && !is_no_word(word)) {
        return None;
    }
    let next = skip_blanks(text, end);
    let is_known = SCHEMES.iter().any(|(scheme, _)| scheme.eq_ignore_ascii_case(word));
    if is_known && is_state(&text[next..end_of_bare(text, next, 0)]) {
        return None;
    }
    let is_scheme = next > end && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_scheme {
        return Some(start..end);
    }
    let credentials = end_of_parameters(text, next).or_else(|| {
        let end = end_of_bare(text, next, 0);
        (end > next && !is_prose(&text[next..end])).then_some(end)
    });
    Some(start..credentials.unwrap_or(end))
}

/// Finds the value of `Cookie`: pairs with `;` between them.
pub(super) fn cookie(text: &str, start: usize) -> Option<Range<usize>> {
    if let Some(length) = quote_at(text, start) {
        let inside = start + length;
        let end = closing_quote(text, &text[start..inside], inside);
        return (end > inside && !is_state(&text[inside..end])).then_some(inside..end);
    }
    let end_of_pair = |from| text[from..].find(|letter: char| letter.is_whitespace() || ";,)]}\"'".contains(letter));
    let end_of_pair = |from| end_of_pair(from).map_or(text.len(), |end| from + end);
    let mut end = end_of_pair(start);
    if is_state(&text[start..end]) {
        return None;
    }
    while let Some(rest) = text[end..].strip_prefix(';') {
        let next = text.len() - rest.trim_start_matches(' ').len();
        let last = end_of_pair(next);
        if !text[next..last].contains('=') {
            break;
        }
        end = last;
    }
    (end > start).then_some(start..end)
}

/// Returns the end of parameters such as `username="…", response="…"`.
fn end_of_parameters(text: &str, start: usize) -> Option<usize> {
    if text[start..].starts_with(MASK) {
        return Some(start + MASK.len());
    }
    let mut end = None;
    let mut at = start;
    for _ in 0..MAX_PARAMETERS {
        if !is_parameter(text, at) {
            break;
        }
        let value = text[at..].find('=').map_or(text.len(), |sign| at + sign + 1);
        let last = match quote_at(text, value) {
            Some(length) => {
                let inside = value + length;
                (closing_quote(text, &text[value..inside], inside) + length).min(text.len())
            }
            None => {
                skip(text, value, |letter| !letter.char.is_whitespace() && !matches!(letter.char, ',' | '"' | '\''))
            }
        };
        end = Some(last);
        at = skip(text, last, |letter| matches!(letter.char, ',' | ' ' | '\t'));
    }
    end
}

/// Returns whether `name=value` follows, rather than base64 with its `=` at the end.
fn is_parameter(text: &str, at: usize) -> bool {
    let name =
        text[at..].bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let length = name.count();
    let behind = text[at + length..].strip_prefix('=');
    length > 0
        && behind
            .and_then(|value| value.chars().next())
            .is_some_and(|next| next.is_alphanumeric() || matches!(next, '"' | '\\' | '/' | '*'))
}
