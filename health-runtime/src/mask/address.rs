//! Credentials in addresses.

use std::ops::Range;

use super::{
    letters::{letter_at, skip},
    rules::Position,
    value::{is_masked, is_number, is_state},
};
use crate::text::{ceil_char_boundary, floor_char_boundary};

/// Longest credentials with a space in them.
const MAX_SPACED_BYTES: usize = 128;

/// Schemes whose user names are not secret without a password.
const SCHEMES_WITH_USERS: [&str; 6] = ["ssh", "git", "sftp", "git+ssh", "ssh+git", "svn+ssh"];

/// Words behind the `@` of a version: `actions/checkout@main`.
const VERSION_WORDS: [&str; 12] =
    ["main", "master", "latest", "next", "head", "dev", "develop", "beta", "alpha", "stable", "nightly", "sha256"];

/// Finds the credentials of a URL: everything from `://` to the last `@` of the word, because a password that should have
/// been percent-encoded may hold any other character.
pub(super) fn url(position: &Position<'_>) -> Option<Range<usize>> {
    let text = position.text;
    let level = Some(position.letter).filter(|letter| letter.char == ':')?.level;
    let start = skip_exactly(text, position.at, "://", level)?;
    let authority = skip(text, start, |letter| {
        letter.level > level || !(letter.char.is_whitespace() || "/?#\\\"'<>`".contains(letter.char))
    });
    let user_end = find_at_sign(text, start..authority, level);
    let has_password = has_password(&text[start..user_end.unwrap_or(authority)], user_end.is_some());
    let end = match user_end {
        Some(_) if !has_password && has_plain_users(&text[position.floor..position.at]) => None,
        Some(first) => last_at_sign(position, start, level).or(Some(first)),
        None if has_password => {
            last_at_sign(position, start, level).or_else(|| spaced_at_sign(text, start, authority, level))
        }
        None => None,
    }?;
    let password = text[start..end].split_once(':').map_or("", |(_, password)| password);
    (!is_masked(password) && !is_placeholder_of(password)).then_some(start..end)
}

fn is_placeholder_of(password: &str) -> bool {
    password.starts_with(['$', '{', '<', '%']) && is_state(password)
}

fn has_plain_users(before: &str) -> bool {
    let scheme =
        before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '+' | '-' | '.')).next();
    scheme.is_some_and(|scheme| SCHEMES_WITH_USERS.iter().any(|known| known.eq_ignore_ascii_case(scheme)))
}

/// Returns whether a password stands behind the `:` rather than a port.
fn has_password(authority: &str, is_user: bool) -> bool {
    let authority =
        authority.rsplit_once(']').filter(|_| authority.starts_with('[')).map_or(authority, |(_, port)| port);
    match authority.split_once(':') {
        None => authority.contains("%3A") && is_user,
        Some((_, port)) if is_user => !port.is_empty(),
        Some((_, port)) => {
            let port = &port[..port.find(|letter: char| ",;)]}.:|&".contains(letter)).unwrap_or(port.len())];
            !port.is_empty() && !is_number(port) && !port.starts_with(['{', '$', '<'])
        }
    }
}

fn skip_exactly(text: &str, from: usize, signs: &str, level: usize) -> Option<usize> {
    signs.chars().try_fold(from, |at, wanted| {
        let letter = letter_at(text, at)?;
        (letter.char == wanted && letter.level == level).then_some(at + letter.width)
    })
}

fn find_at_sign(text: &str, range: Range<usize>, level: usize) -> Option<usize> {
    let at = skip(&text[..range.end], range.start, |letter| letter.char != '@' || letter.level > level);
    (at < range.end).then_some(at)
}

/// Returns the last `@` of the word that begins at a position. Each word is searched once, however many URLs it contains.
fn last_at_sign(position: &Position<'_>, start: usize, level: usize) -> Option<usize> {
    let mut words = position.at_signs.get();
    let (end, _) = words[level];
    if end <= start {
        let quote = position.text[position.floor..position.at]
            .trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
        let quote = quote.chars().next_back().filter(|quote| matches!(quote, '"' | '\'' | '`'));
        let mut last = None;
        let mut at = start;
        while let Some(letter) = letter_at(position.text, at) {
            let counts = letter.level <= level;
            if counts && (letter.char.is_whitespace() || Some(letter.char) == quote) {
                break;
            }
            if counts && letter.char == '@' {
                last = Some(at);
            }
            at += letter.width;
        }
        words[level] = (at, last);
        position.at_signs.set(words);
    }
    words[level].1.filter(|at| *at >= start)
}

/// Returns the `@` behind a password with a space: `postgres://ada:hunt er2@host`.
fn spaced_at_sign(text: &str, start: usize, from: usize, level: usize) -> Option<usize> {
    let end = floor_char_boundary(text, start + MAX_SPACED_BYTES);
    let line = &text[from..end.max(from)];
    let line = &line[..line.find(['\n', '\r', '"']).unwrap_or(line.len())];
    let line = &line[..line.find("://").unwrap_or(line.len())];
    let at = find_at_sign(text, from..from + line.len(), level)?;
    let is_address = text[..at].ends_with(|letter: char| !letter.is_whitespace())
        && text[at + 1..].starts_with(|letter: char| letter.is_alphanumeric() || letter == '[');
    is_address.then_some(at)
}

/// Finds `ada:…` in front of `@tcp(host:3306)`.
pub(super) fn data_source(position: &Position<'_>) -> Option<Range<usize>> {
    let at_sign = Some(position.letter).filter(|letter| letter.char == '@')?;
    let network = &position.text[position.at + at_sign.width..];
    if !["tcp(", "tcp4(", "tcp6(", "udp(", "unix("].iter().any(|known| network.starts_with(known)) {
        return None;
    }
    let from = ceil_char_boundary(position.text, position.at.saturating_sub(MAX_SPACED_BYTES)).max(position.floor);
    let before = &position.text[from..position.at];
    let before = &before[before.rfind(['\n', '\r', '"', '\'', '`', '(']).map_or(0, |edge| edge + 1)..];
    // The last word with a user and the begin of the password.
    let mut colons = before.match_indices(':').map(|(colon, _)| colon);
    let colon = colons.rfind(|colon| !before[colon + 1..].starts_with([' ', '/']))?;
    let user = before[..colon].trim_end_matches(|letter: char| !letter.is_whitespace() && letter != '=').len();
    Some(position.at - (before.len() - user)..position.at)
}

/// Finds `scott/…` in front of `@orcl`.
pub(super) fn oracle(position: &Position<'_>) -> Option<Range<usize>> {
    let at_sign = Some(position.letter).filter(|letter| letter.char == '@')?;
    let database = &position.text[position.at + at_sign.width..];
    let from = ceil_char_boundary(position.text, position.at.saturating_sub(MAX_SPACED_BYTES)).max(position.floor);
    let before = &position.text[from..position.at];
    let (before, password) = before.rsplit_once('/')?;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$' | '#');
    let name = database.strip_prefix("//").unwrap_or(database);
    let name =
        &name[..name.find(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).unwrap_or(name.len())];
    let user = &before[before.trim_end_matches(is_part).len()..];
    let is_edge = |letter: char| letter.is_whitespace() || "=:(,;\"'`[{".contains(letter);
    let is_alone = before[..before.len() - user.len()].chars().next_back().is_none_or(is_edge);
    let is_password =
        !password.is_empty() && !password.contains(|letter: char| letter.is_whitespace() || "\"'<>()".contains(letter));
    let version = name.trim_start_matches('v');
    let is_version = version.starts_with(|letter: char| letter.is_ascii_digit())
        || VERSION_WORDS.iter().any(|known| known.eq_ignore_ascii_case(name));
    // A Kerberos principal: `HTTP/web@EXAMPLE.ORG`.
    let is_realm = name.contains('.') && !name.contains(|letter: char| letter.is_lowercase());
    let is_login = user.starts_with(|letter: char| letter.is_ascii_alphabetic()) && is_alone && is_password;
    (is_login && !name.is_empty() && !is_version && !is_realm)
        .then(|| position.at - password.len() - 1 - user.len()..position.at)
}
