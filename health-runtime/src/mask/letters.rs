//! Characters behind their encoding: `%3D`, `&amp;` and `\/` count as the character that they encode.

/// A character, with its encoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) char: char,
    /// Bytes in the text.
    pub(super) width: usize,
    /// Number of times it is percent-encoded.
    pub(super) level: usize,
}

/// `%25252525` would otherwise be read again at each `%`.
const MAX_ENCODING_LEVEL: usize = 3;

/// Most backslashes in front of a quote: three levels of JSON in JSON.
const MAX_BACKSLASHES: usize = 7;

const ENTITIES: [(&str, char); 8] = [
    ("&amp;", '&'),
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&apos;", '\''),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&lt;", '<'),
    ("&gt;", '>'),
];

/// Returns the character at a position. Encoded letters and digits are not decoded, because no rule needs them.
pub(super) fn letter_at(text: &str, at: usize) -> Option<Letter> {
    let rest = &text[at..];
    let char = rest.chars().next()?;
    let encoded = match char {
        '%' => percent_encoded(rest.as_bytes()),
        '&' => ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)).map(|(entity, char)| Letter {
            char: *char,
            width: entity.len(),
            level: 0,
        }),
        '\\' if rest.as_bytes().get(1) == Some(&b'/') => Some(Letter { char: '/', width: 2, level: 0 }),
        _ => None,
    };
    Some(encoded.unwrap_or(Letter { char, width: char.len_utf8(), level: 0 }))
}

fn percent_encoded(bytes: &[u8]) -> Option<Letter> {
    let mut level = 1;
    let mut digits = &bytes[1..];
    while level < MAX_ENCODING_LEVEL && digits.starts_with(b"25") && digits.get(2).is_some_and(u8::is_ascii_hexdigit) {
        digits = &digits[2..];
        level += 1;
    }
    let digits = digits.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
    let char = char::from(u8::from_str_radix(digits, 16).ok()?);
    let is_sign = char.is_ascii_punctuation() || matches!(char, ' ' | '\t' | '\r' | '\n');
    is_sign.then_some(Letter { char, width: 1 + 2 * level, level })
}

/// Returns the end of consecutive letters that are alike.
pub(super) fn skip(text: &str, from: usize, is_alike: impl Fn(Letter) -> bool) -> usize {
    let mut at = from;
    while let Some(letter) = letter_at(text, at).filter(|letter| is_alike(*letter)) {
        at += letter.width;
    }
    at
}

pub(super) fn skip_blanks(text: &str, from: usize) -> usize {
    skip(text, from, |letter| is_blank(letter.char))
}

pub(super) const fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t')
}

/// Returns the length of the quote at a position: `"`, `\"`, `"""`, `%22`, `&quot;`.
pub(super) fn quote_at(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with("\"\"\"") || rest.starts_with("'''") {
        return Some(3);
    }
    let backslashes = rest.bytes().take(MAX_BACKSLASHES).take_while(|byte| *byte == b'\\').count();
    let letter = letter_at(text, at + backslashes)?;
    matches!(letter.char, '"' | '\'' | '`' | '\u{201c}' | '\u{2018}').then_some(backslashes + letter.width)
}

/// Returns the position at which the quote in front of `inside` closes, or the end of the text.
pub(super) fn closing_quote(text: &str, quote: &str, inside: usize) -> usize {
    let closing = match quote {
        "\u{201c}" => "\u{201d}",
        "\u{2018}" => "\u{2019}",
        same => same,
    };
    let mut at = inside;
    while let Some(found) = text[at..].find(closing) {
        let end = at + found;
        let backslashes = text[inside..end].len() - text[inside..end].trim_end_matches('\\').len();
        // `\"` is closed by `\"`, and not by the `\\\"` of a quote within.
        let is_escaped = if closing.starts_with('\\') { backslashes > 0 } else { backslashes % 2 == 1 };
        if !is_escaped {
            return end;
        }
        at = end + closing.len();
    }
    text.len()
}
