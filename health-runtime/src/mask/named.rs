//! Secrets behind their name.

use std::ops::Range;

use super::{
    header,
    letters::{letter_at, quote_at, skip, skip_blanks},
    rules::{ENDINGS, Position, QUALIFIERS, SECRET_NAMES, SecretKind, WHOLE_SECRET_NAMES, in_base64},
    value::{
        Form, closing, extend, is_all_numbers, is_encoded, is_label, is_no_word, is_number, is_pair, is_prose,
        is_state, quoted_at, value_at,
    },
};
use crate::text::{ceil_char_boundary, floor_char_boundary};

/// Longest code in a sentence that is not a secret: `invalid token: 401`.
const MAX_CODE_DIGITS: usize = 3;

/// Longest login behind a flag.
const MAX_LOGIN_BYTES: usize = 256;

/// Longest name and attributes of an element.
const MAX_ELEMENT_BYTES: usize = 128;

/// Returns the kind of the name at the end of a text.
pub(super) fn kind_of(text: &str) -> Option<SecretKind> {
    let name = without_index(text.trim_end_matches(|letter: char| !letter.is_alphanumeric()));
    if !may_be_name(name) {
        return None;
    }
    let qualified = || QUALIFIERS.iter().find_map(|word| strip(name, word)).map(without_index);
    kind_of_word(name).or_else(|| kind_of_word(qualified()?))
}

/// Returns whether a name or a qualifier ends with the last two letters of a text, which is faster than trying all of them.
fn may_be_name(name: &str) -> bool {
    let Some((last, before)) = name.as_bytes().split_last() else { return false };
    let separators = before.iter().rev().take_while(|byte| is_separator(**byte)).count();
    let before = &before[..before.len() - separators];
    let last_but_one = before.strip_suffix(b" ").unwrap_or(before).last();
    let index = |byte: u8| usize::from(byte.to_ascii_lowercase());
    last_but_one.is_some_and(|byte| ENDINGS[index(*last)][index(*byte)])
}

fn kind_of_word(name: &str) -> Option<SecretKind> {
    let known = |name: &str| {
        let last = name.bytes().next_back()?.to_ascii_lowercase();
        // Most names end with another letter.
        let is_known = |known: &str| known.bytes().next_back() == Some(last) && strip(name, known).is_some();
        SECRET_NAMES.iter().find(|(known, _)| is_known(known)).map(|(_, kind)| *kind)
    };
    let plural = || known(strip(name, "s")?).map(|_| SecretKind::Plural);
    let last_word = name.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let whole = || WHOLE_SECRET_NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(last_word));
    known(name).or_else(plural).or_else(|| whole().map(|(_, kind)| *kind))
}

/// Strips the index of `PASSWORD_1`.
fn without_index(name: &str) -> &str {
    name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches(['_', '-', '.'])
}

/// Strips a word from the end of a name, whatever separates its parts: `API Key` ends with `apikey`.
fn strip<'a>(name: &'a str, word: &str) -> Option<&'a str> {
    // By bytes, because every key passes here, for each of the names: these are ASCII.
    let (name_bytes, word) = (name.as_bytes(), word.as_bytes());
    if !name_bytes.last()?.eq_ignore_ascii_case(word.last()?) {
        return None;
    }
    let mut end = name_bytes.len();
    for wanted in word.iter().rev() {
        let before = &name_bytes[..end];
        end -= before.iter().rev().take_while(|byte| is_separator(**byte)).count();
        end -= usize::from(name_bytes[..end].ends_with(b" "));
        end = end.checked_sub(1).filter(|last| name_bytes[*last].eq_ignore_ascii_case(wanted))?;
    }
    Some(&name[..end])
}

/// Returns whether a byte separates the parts of a name.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

/// Finds the value behind a name: `password=…`, `"token": "…"`, `--password …`, `<password>…<`, `Password("…")`.
pub(super) fn named(position: &Position<'_>) -> Option<Range<usize>> {
    // Otherwise the search for the name would read the whole text before it.
    if !position.text[position.run.clone()].contains(char::is_alphanumeric) {
        return None;
    }
    let kind = kind_of(&position.text[position.floor..position.run.end])?;
    let quote = quote_at(position.text, position.run.end);
    let name = Name {
        text: position.text,
        before: &position.text[position.floor..position.run.start],
        run: position.run.clone(),
        end: skip(position.text, position.run.end + quote.unwrap_or_default(), |letter| letter.char == ']'),
        kind,
        is_quoted: quote.is_some(),
    };
    name.behind_sign()
        .or_else(|| name.as_call())
        .or_else(|| name.as_tuple())
        .or_else(|| name.beside_value())
        .or_else(|| name.in_element())
        .or_else(|| name.behind_flag())
        .or_else(|| name.in_statement())
}

/// A name of secrets.
struct Name<'a> {
    text: &'a str,
    before: &'a str,
    run: Range<usize>,
    /// End of the name, with its quotes and brackets.
    end: usize,
    kind: SecretKind,
    is_quoted: bool,
}

impl Name<'_> {
    /// Returns whether no word precedes it, as one does in `no token: …`.
    fn is_first(&self) -> bool {
        let before = self.before.trim_end_matches(['"', '\'', '`', '\\']).trim_end_matches([' ', '\t']);
        before.chars().next_back().is_none_or(|letter| ",;([{|<&?\n\r".contains(letter))
    }

    fn behind_sign(&self) -> Option<Range<usize>> {
        let at = skip_blanks(self.text, self.end);
        let sign = sign_at(self.text, at)?;
        let start = skip_blanks(self.text, sign.end);
        // `password= dbname=x`.
        let is_left_out = sign.is_equals && at == self.end && start > sign.end && is_pair(self.text, start);
        let is_sentence = || !sign.is_equals && !self.is_quoted && !self.is_first();
        match self.kind {
            _ if is_left_out => None,
            SecretKind::Short if !sign.is_equals && !self.is_quoted => None,
            SecretKind::Authorization => header::authorization(self.text, start, is_sentence()),
            SecretKind::Cookie => header::cookie(self.text, start),
            SecretKind::Encoded => self.encoded(start),
            _ => self.value(start, &sign),
        }
    }

    fn value(&self, start: usize, sign: &Sign) -> Option<Range<usize>> {
        let is_free = !sign.is_equals && !self.is_quoted;
        if is_free && !self.is_first() {
            return self.value_in_sentence(start, sign);
        }
        let (form, value) = value_at(self.text, start, sign.level, sign.is_equals);
        let content = self.secret(form, value.clone())?;
        if form != Form::Bare || self.is_quoted && !sign.is_equals {
            return Some(value);
        }
        if is_free && (is_prose(content) || is_label(content)) {
            return None;
        }
        let is_words = if is_free { !is_no_word(content) } else { self.before.ends_with(';') };
        Some(value.start..extend(self.text, value, sign.is_equals, is_words))
    }

    /// `"auth": "YWRhOmI="`.
    fn encoded(&self, start: usize) -> Option<Range<usize>> {
        let start = start + quote_at(self.text, start).unwrap_or_default();
        let rest = &self.text[start..];
        let length = rest.find(|letter| !in_base64(letter)).unwrap_or(rest.len());
        is_encoded(&rest[..length]).then_some(start..start + length)
    }

    /// `unexpected token: EOF` and `wrong password: timed out` hold no secret.
    fn value_in_sentence(&self, start: usize, sign: &Sign) -> Option<Range<usize>> {
        if self.text[start..].starts_with(['{', '[']) {
            return None;
        }
        let (form, value) = value_at(self.text, start, sign.level, false);
        let content = self.secret(form, value.clone())?;
        let is_code = content.len() <= MAX_CODE_DIGITS && is_number(content);
        let is_acronym = content.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let is_secret = match form {
            Form::Quoted => self.kind == SecretKind::Password || is_no_word(content),
            _ => is_no_word(content) && !is_code && !is_acronym && !is_label(content),
        };
        is_secret.then_some(value)
    }

    /// Returns the content of a value if it may be a secret.
    fn secret(&self, form: Form, value: Range<usize>) -> Option<&str> {
        let content = &self.text[value];
        let is_number = match form {
            Form::Container => is_all_numbers(content),
            Form::Bare | Form::Quoted => is_number(content),
        };
        let is_secret = match self.kind {
            SecretKind::Plural | SecretKind::Short => !is_number,
            SecretKind::Encoded => false,
            _ => true,
        };
        let is_there = form == Form::Quoted || content.contains(|letter: char| !"[]{} ,;".contains(letter));
        (is_secret && is_there && !content.is_empty() && !is_state(content)).then_some(content)
    }

    /// `Password("…")`, `set_token("…")`.
    fn as_call(&self) -> Option<Range<usize>> {
        let start = self.end + letter_at(self.text, self.end).filter(|letter| letter.char == '(')?.width;
        let is_type = self.text[self.run.start..].starts_with(char::is_uppercase);
        if !is_type && quote_at(self.text, start).is_none() {
            return None;
        }
        let (form, value) = value_at(self.text, start, 0, false);
        let content = self.secret(form, value.clone())?;
        let is_secret = match form {
            Form::Quoted => is_type || self.kind == SecretKind::Password || is_no_word(content),
            Form::Bare => is_no_word(content),
            Form::Container => true,
        };
        is_secret.then_some(value)
    }

    /// `("password", "…")`, as the `Debug` of pairs.
    fn as_tuple(&self) -> Option<Range<usize>> {
        let before = self.before.trim_end_matches(['"', '\'', '\\']);
        if !self.is_quoted || !before.ends_with('(') || before.len() == self.before.len() {
            return None;
        }
        let comma = letter_at(self.text, self.end).filter(|letter| letter.char == ',')?;
        let value = quoted_at(self.text, skip_blanks(self.text, self.end + comma.width))?;
        let behind = &self.text[closing(self.text, value.end)..];
        // The text may be truncated.
        let is_pair = behind.is_empty() || behind.starts_with(')');
        self.secret(Form::Quoted, value.clone()).filter(|_| is_pair).map(|_| value)
    }

    /// `{"name": "DB_PASSWORD", "value": "…"}`, and the same in XML and YAML.
    fn beside_value(&self) -> Option<Range<usize>> {
        let at = skip(self.text, self.end, |letter| letter.char.is_whitespace() || letter.char == ',');
        if !self.is_quoted && !self.text[self.end..at].contains([',', '\n']) {
            return None;
        }
        let at = at + quote_at(self.text, at).unwrap_or_default();
        let key = self.text.get(at..at + "value".len()).filter(|key| key.eq_ignore_ascii_case("value"))?;
        let end = at + key.len();
        let sign = sign_at(self.text, skip_blanks(self.text, end + quote_at(self.text, end).unwrap_or_default()))?;
        let start = skip_blanks(self.text, sign.end);
        let (form, value) = value_at(self.text, start, sign.level, sign.is_equals);
        self.secret(form, value.clone()).map(|_| value)
    }

    /// `<password>…</password>`.
    fn in_element(&self) -> Option<Range<usize>> {
        let before =
            &self.before[ceil_char_boundary(self.before, self.before.len().saturating_sub(MAX_ELEMENT_BYTES))..];
        let before = before.trim_end_matches(|letter: char| letter.is_alphanumeric() || "_-.:".contains(letter));
        if !before.ends_with('<') && !before.ends_with("&lt;") {
            return None;
        }
        let near = &self.text[..floor_char_boundary(self.text, self.run.end + MAX_ELEMENT_BYTES)];
        let bracket = skip(near, self.run.end, |letter| !matches!(letter.char, '<' | '>'));
        let bracket_width = letter_at(near, bracket).filter(|letter| letter.char == '>')?.width;
        if self.text[..bracket].ends_with('/') {
            return None;
        }
        let start = bracket + bracket_width;
        let verbatim = self.text[start..].strip_prefix("<![CDATA[");
        let (start, end) = match verbatim {
            Some(inside) => {
                let start = self.text.len() - inside.len();
                (start, start + inside.find("]]>").unwrap_or(inside.len()))
            }
            None => (start, skip(self.text, start, |letter| letter.char != '<')),
        };
        let content = self.secret(Form::Quoted, start..end)?;
        let is_closed = verbatim.is_some()
            || letter_at(self.text, end)
                .is_some_and(|open| letter_at(self.text, end + open.width).is_some_and(|letter| letter.char == '/'));
        // `<user> <password> <host>` is the usage of a command.
        let is_usage = !is_closed && content.contains(char::is_whitespace);
        (content.contains(char::is_alphanumeric) && !is_usage).then_some(start..end)
    }

    /// `--password …`.
    fn behind_flag(&self) -> Option<Range<usize>> {
        let start = skip_blanks(self.text, self.end);
        if !self.before.ends_with('-') || start == self.end {
            return None;
        }
        let (form, value) = value_at(self.text, start, 0, true);
        let content = self.secret(form, value.clone())?;
        let is_other = form == Form::Bare && (content.starts_with('-') || is_prose(content) || is_label(content));
        (!is_other).then_some(value)
    }

    /// `PASSWORD '…'`, as in SQL.
    fn in_statement(&self) -> Option<Range<usize>> {
        let start = skip_blanks(self.text, self.end);
        let is_statement = self.kind == SecretKind::Password && start > self.end && !self.is_quoted;
        let value = is_statement.then(|| quoted_at(self.text, start))??;
        self.secret(Form::Quoted, value.clone()).map(|_| value)
    }
}

/// The sign between a name and its value.
struct Sign {
    end: usize,
    is_equals: bool,
    /// Number of times it is percent-encoded.
    level: usize,
}

/// Parses `=`, `==`, `=>`, `:=`, `!=`, `:` and the like. Paths (`token::parse`) and addresses (`token://`) have no sign.
fn sign_at(text: &str, at: usize) -> Option<Sign> {
    let first = letter_at(text, at)?;
    let level = first.level;
    let after = at + first.width;
    let next = letter_at(text, after).map(|letter| letter.char);
    let end = skip(text, after, |letter| letter.char == '=' && letter.level == level);
    match first.char {
        // `==` and `=>`, but a base64 value may begin with neither.
        '=' => {
            let arrow = letter_at(text, end).filter(|letter| letter.char == '>').map_or(0, |letter| letter.width);
            Some(Sign { end: end + arrow, is_equals: true, level })
        }
        ':' | '!' | '~' | '?' | '+' if next == Some('=') => Some(Sign { end, is_equals: true, level }),
        ':' if next == Some(':') || text[after..].starts_with("//") => None,
        ':' => Some(Sign { end: after, is_equals: false, level }),
        _ => None,
    }
}

/// Finds a login behind `-u` or `--user`.
pub(super) fn login(position: &Position<'_>) -> Option<Range<usize>> {
    let is_flag = position.text[position.floor..position.run.start].ends_with('-');
    if !is_flag || !["u", "U", "user", "proxy-user"].contains(&&position.text[position.run.clone()]) {
        return None;
    }
    let start = skip(position.text, position.run.end, |letter| matches!(letter.char, ' ' | '='));
    let near = &position.text[..floor_char_boundary(position.text, start + MAX_LOGIN_BYTES)];
    let (form, value) = value_at(near, start, 0, true);
    let (user, password) = position.text[value.clone()].split_once(':')?;
    let is_login = form != Form::Container && !user.is_empty() && !is_number(password) && !is_state(password);
    (is_login && start > position.run.end && !password.is_empty()).then_some(value)
}
