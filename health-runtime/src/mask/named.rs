//! Secrets that are known by their names.

use super::word::{MASK, end_of_word, is_no_word};

/// How names of secrets end, without what separates their words.
const NAMES: [&str; 16] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "accountkey",
    "encryptionkey",
    "masterkey",
    "credential",
    "credentials",
];

/// Words that mean something else as well: they count as the last word of a name in front of `=`, and not for a number, as in
/// `pass=3 fail=0`.
const SHORT_NAMES: [&str; 2] = ["pass", "sig"];

/// Its value may be several, with `;` between them.
const COOKIE: &str = "cookie";

/// Its value has two words.
const AUTHORIZATION: &str = "authorization";

/// Replaces the values in `password=…`, `api_key = '…'`, `"token": "…"` and `token: …`. A value in quotes ends with them,
/// another one with white space, `&`, `;`, `,` or a closing bracket.
///
/// Behind a name without quotes, `:` may be the end of a clause: `wrong password: timed out` holds no secret. It counts if
/// nothing stands in front of the name, or if what is behind it looks like no word.
pub(super) fn mask_named(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (name, sign_and_value) = rest.split_at(at);
        let (sign, behind) = sign_and_value.split_at(1);
        masked.push_str(name);
        masked.push_str(sign);
        rest = behind;
        let Some(name) = Name::at_end_of(name) else { continue };
        let value = behind.trim_start();
        if name.kind == Kind::Short
            && (sign != "=" || value[..end_of_value(value)].bytes().all(|byte| byte.is_ascii_digit()))
        {
            continue;
        }
        if sign == "=" || name.is_quoted || name.is_first || is_no_word(&value[..end_of_value(value)]) {
            masked.push_str(&behind[..behind.len() - value.len()]);
            rest = mask_value_of(value, &name.kind, &mut masked);
        }
    }
    masked.push_str(rest);
    masked
}

/// Whether this is how a secret is named.
pub(super) fn is_secret(name: &str) -> bool {
    Name::at_end_of(name).is_some_and(|name| name.kind != Kind::Short)
}

/// The name of a secret, where a text ends.
struct Name {
    is_quoted: bool,
    /// Nothing stands in front of it that it could be part of.
    is_first: bool,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Usual,
    /// Of [`SHORT_NAMES`].
    Short,
    /// [`AUTHORIZATION`].
    Authorization,
    /// [`COOKIE`].
    Cookie,
}

impl Name {
    fn at_end_of(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let unquoted = text.trim_end_matches(['"', '\'', '\\']);
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        let start = unquoted.trim_end_matches(is_part).len();
        let last_word = unquoted[start..].rsplit(['_', '-', '.']).next().unwrap_or_default();
        let name: String = unquoted[start..].chars().filter(|letter| letter.is_alphanumeric()).collect();
        let name = name.to_lowercase();
        let before = unquoted[..start].trim_end_matches([' ', '\t']);
        let kind = if name.ends_with(AUTHORIZATION) {
            Kind::Authorization
        } else if name.ends_with(COOKIE) {
            Kind::Cookie
        } else if NAMES.iter().any(|secret| name.ends_with(secret)) {
            Kind::Usual
        } else if SHORT_NAMES.iter().any(|short| last_word.eq_ignore_ascii_case(short)) {
            Kind::Short
        } else {
            return None;
        };
        Some(Self {
            is_quoted: unquoted.len() < text.len(),
            is_first: before.chars().next_back().is_none_or(|letter| ",;([{|\n\r".contains(letter)),
            kind,
        })
    }
}

/// Writes a mask for the value that a text begins with, and gives back what is behind it.
fn mask_value_of<'a>(text: &'a str, kind: &Kind, masked: &mut String) -> &'a str {
    if let Some(quote) = text.chars().next().filter(|letter| matches!(letter, '"' | '\'')) {
        let inside = &text[1..];
        let end = closing(inside, quote);
        masked.push(quote);
        masked.push_str(if end > 0 { MASK } else { "" });
        return &inside[end..];
    }
    let mut end = end_of_value(text);
    if *kind == Kind::Authorization && text[..end].chars().all(char::is_alphabetic) {
        let behind = text[end..].trim_start_matches(' ');
        end = text.len() - behind.len() + end_of_value(behind);
    }
    while *kind == Kind::Cookie
        && let Some(rest) = text[end..].strip_prefix(';')
    {
        let next = rest.trim_start_matches(' ');
        let length = end_of_value(next);
        if !next[..length].contains('=') {
            break;
        }
        end = text.len() - next.len() + length;
    }
    masked.push_str(if end > 0 { MASK } else { "" });
    &text[end..]
}

/// Where a quote ends, past those that are escaped in it.
fn closing(inside: &str, quote: char) -> usize {
    let mut is_escaped = false;
    let end = inside.char_indices().find(|(_, letter)| {
        let is_end = *letter == quote && !is_escaped;
        is_escaped = *letter == '\\' && !is_escaped;
        is_end
    });
    end.map_or(inside.len(), |(at, _)| at)
}

/// Where a value without quotes ends. Quotes within it, as in `Some("…")` and `\"…\"`, are part of it with all that they hold.
fn end_of_value(text: &str) -> usize {
    let mut end = 0;
    loop {
        let word = end + end_of_word(&text[end..]);
        let Some(opening) = text[end..word].find('"') else { return word };
        let inside = end + opening + 1;
        let Some(closing) = text[inside..].find('"') else { return text.len() };
        end = inside + closing + 1;
    }
}
