//! One argument of an attribute: a key, and a value in one of three forms.

use std::time::Duration;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Error, Ident, Lit, LitStr, Result, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream, Parser as _},
    token,
};

use crate::{duration, runbook, runtime_path::RuntimePath};

const MISSING_COMMA: &str = "a `,` is missing before this";

/// `key`, `key = value` or `key(value)`.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    form: Form,
    /// Tokens after the value, where none belong.
    rest: TokenStream,
}

/// The form of an argument, with the tokens of its value.
enum Form {
    Absent,
    Equals(Token![=], TokenStream),
    List(token::Paren, TokenStream),
}

/// Splits at the commas first, so that an argument with a mistake does not hide the mistakes of the next.
pub(crate) fn split(input: TokenStream) -> Vec<TokenStream> {
    let mut arguments = vec![TokenStream::new()];
    for token in input {
        match (&token, arguments.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => arguments.push(TokenStream::new()),
            (_, Some(last)) => last.extend([token]),
            (_, None) => {}
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> Result<Self> {
        let key = Ident::parse_any(input)
            .map_err(|error| Error::new(error.span(), "a key is missing; write for example `level = 5`"))?;
        let form = if input.peek(Token![=]) {
            Form::Equals(input.parse()?, input.parse()?)
        } else if input.peek(token::Paren) {
            let list;
            let parentheses = parenthesized!(list in input);
            Form::List(parentheses, list.parse()?)
        } else {
            Form::Absent
        };
        Ok(Self { key, form, rest: input.parse()? })
    }
}

impl Argument {
    /// Returns an error if tokens follow the value.
    pub(crate) fn check_end(&self) -> Result<()> {
        match (&self.form, self.rest.clone().into_iter().next()) {
            (_, None) => Ok(()),
            (Form::Absent, Some(token @ TokenTree::Literal(_))) => {
                Err(Error::new_spanned(token, "a `=` is missing before this"))
            }
            (Form::Absent, Some(TokenTree::Punct(colon))) if colon.as_char() == ':' => {
                Err(Error::new(colon.span(), "`:` is not valid here; write `=`"))
            }
            (_, Some(token)) => Err(Error::new_spanned(token, MISSING_COMMA)),
        }
    }

    /// Reads `level = 5`.
    pub(crate) fn level(&self) -> Result<u8> {
        const EXPECTED: &str =
            "not a valid level; write a number from `1` (the whole ship) to `5` (cheap and always safe)";
        match self.literal("level = 5", EXPECTED)? {
            Lit::Int(number) if number.suffix().is_empty() => number
                .base10_parse()
                .ok()
                .filter(|level| (1..=5).contains(level))
                .ok_or_else(|| Error::new(number.span(), EXPECTED)),
            other => Err(Error::new_spanned(other, EXPECTED)),
        }
    }

    /// Reads `failure_threshold = 3`.
    pub(crate) fn count(&self) -> Result<u32> {
        let expected = format!("`{0}` takes a whole number from 1 upwards; write for example `{0} = 3`", self.key);
        match self.literal(&format!("{} = 3", self.key), &expected)? {
            Lit::Int(number) if number.suffix().is_empty() => {
                number.base10_parse().ok().filter(|count| *count > 0).ok_or_else(|| Error::new(number.span(), expected))
            }
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `name = "…"`.
    pub(crate) fn text(&self, example: &str) -> Result<LitStr> {
        let example = format!("{} = \"{example}\"", self.key);
        let expected = format!("`{}` takes a text in quotes; write for example `{example}`", self.key);
        match self.literal(&example, &expected)? {
            Lit::Str(text) => self.word(text),
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `runbook = "https://…"`.
    pub(crate) fn runbook(&self) -> Result<LitStr> {
        let url = self.text("https://wiki.example.com/orders")?;
        match runbook::fault(&url.value()) {
            None => Ok(url),
            Some(fault) => Err(Error::new(url.span(), format!("the runbook {fault}"))),
        }
    }

    /// Reads `timeout = "2s"`.
    pub(crate) fn duration(&self) -> Result<Duration> {
        let example = format!("{} = \"2s\"", self.key);
        match self.literal(&example, "a duration is a text in quotes; write for example `\"2s\"`")? {
            Lit::Str(text) => duration::parse(&text.value()).map_err(|message| Error::new(text.span(), message)),
            Lit::Int(number) => Err(Error::new(
                number.span(),
                format!("a duration needs quotes and a unit; write `\"{}s\"`", number.base10_digits()),
            )),
            other => Err(Error::new_spanned(other, "a duration is a text in quotes; write for example `\"2s\"`")),
        }
    }

    /// Reads `timeout = "2s"`, and refuses zero.
    pub(crate) fn duration_above_zero(&self) -> Result<Duration> {
        let duration = self.duration()?;
        match &self.form {
            Form::Equals(_, value) if duration.is_zero() => {
                Err(Error::new_spanned(value, format!("`{}` cannot be zero; write for example `\"2s\"`", self.key)))
            }
            _ => Ok(duration),
        }
    }

    /// Reads `critical = false`.
    pub(crate) fn boolean(&self) -> Result<bool> {
        let expected = format!("`{}` takes `true` or `false`, without quotes", self.key);
        match self.literal(&format!("{} = false", self.key), &expected)? {
            Lit::Bool(boolean) => Ok(boolean.value),
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `liveness`, or `liveness = true`.
    pub(crate) fn flag(&self) -> Result<bool> {
        let expected = format!("`{0}` takes no value; write `{0}` alone", self.key);
        match &self.form {
            Form::Absent => Ok(true),
            Form::Equals(..) => match self.literal(&self.key.to_string(), &expected)? {
                Lit::Bool(boolean) => Ok(boolean.value),
                other => Err(Error::new_spanned(other, expected)),
            },
            Form::List(..) => Err(Error::new(self.key.span(), expected)),
        }
    }

    /// Reads `depends_on("a", "b")`.
    pub(crate) fn words(&self) -> Result<Vec<LitStr>> {
        let example = format!("write for example `{}(\"a\", \"b\")`", self.key);
        let Form::List(_, list) = &self.form else {
            return Err(self.error(&format!("`{}` takes a list in parentheses; {example}", self.key)));
        };
        let mut words: Vec<LitStr> = Vec::new();
        let mut errors: Vec<Error> = Vec::new();
        for tokens in split(list.clone()) {
            match self.word_of_list(tokens, &words) {
                Ok(word) => words.push(word),
                Err(error) => errors.push(error),
            }
        }
        let all = errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        });
        match all {
            Some(errors) => Err(errors),
            None if words.is_empty() => {
                Err(self.error(&format!("`{}` is empty; leave it out, or {example}", self.key)))
            }
            None => Ok(words),
        }
    }

    fn word_of_list(&self, tokens: TokenStream, before: &[LitStr]) -> Result<LitStr> {
        let expected = format!("`{0}` takes texts in quotes; write for example `{0}(\"a\", \"b\")`", self.key);
        let Lit::Str(word) = literal(tokens.clone(), &expected)? else {
            return Err(Error::new_spanned(tokens, expected));
        };
        let word = self.word(word)?;
        if before.iter().any(|other| other.value() == word.value()) {
            let message = format!("`{}` stands twice in `{}`; keep one of them", word.value(), self.key);
            return Err(Error::new(word.span(), message));
        }
        Ok(word)
    }

    /// Reads `crate = path`.
    pub(crate) fn runtime_path(&self) -> Result<RuntimePath> {
        match &self.form {
            Form::Equals(_, value) => alone.parse2(value.clone()),
            Form::Absent | Form::List(..) => {
                Err(self.error("`crate` takes a path; write for example `crate = ::health_runtime`"))
            }
        }
    }

    fn word(&self, text: LitStr) -> Result<LitStr> {
        let value = text.value();
        if value.trim().is_empty() {
            return Err(Error::new(
                text.span(),
                format!("`{}` cannot take an empty text; fill it in, or remove it", self.key),
            ));
        }
        if value.contains(char::is_control) {
            let message = format!("`{}` cannot take control characters, such as a line break; remove them", self.key);
            return Err(Error::new(text.span(), message));
        }
        Ok(text)
    }

    /// Returns the literal after the `=`.
    fn literal(&self, example: &str, expected: &str) -> Result<Lit> {
        match &self.form {
            Form::Equals(equals, value) if value.is_empty() => {
                Err(Error::new(equals.span, format!("the value is missing; write for example `{example}`")))
            }
            Form::Equals(_, value) => literal(value.clone(), expected),
            Form::Absent | Form::List(..) => {
                Err(self.error(&format!("`{}` takes a value after `=`; write for example `{example}`", self.key)))
            }
        }
    }

    /// Returns an error on the whole argument.
    fn error(&self, message: &str) -> Error {
        let key = &self.key;
        match &self.form {
            Form::Absent => Error::new(key.span(), message),
            Form::Equals(equals, value) => Error::new_spanned(quote!(#key #equals #value), message),
            Form::List(parentheses, list) => {
                let mut argument = quote!(#key);
                parentheses.surround(&mut argument, |inner| inner.extend(list.clone()));
                Error::new_spanned(argument, message)
            }
        }
    }
}

/// Parses a literal and nothing else.
fn literal(tokens: TokenStream, expected: &str) -> Result<Lit> {
    let parse = |input: ParseStream| match input.parse::<Lit>() {
        Ok(literal) => end(input).map(|()| literal),
        Err(_) => Err(Error::new_spanned(input.parse::<TokenStream>()?, expected)),
    };
    parse.parse2(tokens)
}

/// Parses a value and nothing else.
fn alone<T: Parse>(input: ParseStream) -> Result<T> {
    let value = input.parse()?;
    end(input).map(|()| value)
}

/// Returns an error if tokens follow; the likely mistake is a missing comma.
fn end(input: ParseStream) -> Result<()> {
    if input.is_empty() { Ok(()) } else { Err(input.error(MISSING_COMMA)) }
}
