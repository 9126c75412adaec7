//! One argument of an attribute: a key, and a value in one of three forms.

mod calculated;
mod level;
mod list;

use std::time::Duration;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Error, Ident, Lit, LitStr, Path, Result, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream, Parser as _},
    token,
};

use self::calculated::{doubled, is_calculated, negated};
pub(crate) use self::level::meant_level;
use crate::{
    duration, label,
    literal::{end, literal, unexpected},
    runbook,
    runtime_path::RuntimePath,
    source::source,
};

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
    /// A mistake, read like the `=` that was meant.
    Colon(Token![:], TokenStream),
    List(token::Paren, TokenStream),
}

/// Splits at the commas first, so that an argument with a mistake does not hide the mistakes of the next. A `;` for a `,` ends
/// an argument as well; [`check_separators`] reports it.
pub(crate) fn split(input: TokenStream) -> Vec<TokenStream> {
    let mut arguments = vec![TokenStream::new()];
    for token in input {
        let is_separator = matches!(&token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';'));
        match arguments.last_mut() {
            Some(last) if !is_separator => last.extend([token]),
            _ => arguments.push(TokenStream::new()),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

/// Returns an error for each `;` between arguments, which a `,` was meant to be.
pub(crate) fn check_separators(input: &TokenStream) -> Result<()> {
    let tokens = input.clone().into_iter();
    let wrong = tokens.filter(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'));
    let errors = wrong.map(|token| Error::new_spanned(&token, unexpected(&token)));
    let all = errors.reduce(|mut all, error| {
        all.combine(error);
        all
    });
    all.map_or(Ok(()), Err)
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> Result<Self> {
        let key = Ident::parse_any(input)?;
        if input.peek(Token![::]) {
            return Err(Error::new(key.span(), "a path is a value"));
        }
        let form = if input.peek(Token![=]) {
            Form::Equals(input.parse()?, input.parse()?)
        } else if input.peek(Token![:]) && !input.peek(Token![::]) {
            Form::Colon(input.parse()?, input.parse()?)
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
    /// Reads an argument. The example is for the message about a missing key.
    pub(crate) fn read(tokens: &TokenStream, example: impl Fn(&TokenStream) -> String) -> Result<Self> {
        if let Some(key) = negated(tokens) {
            return Err(Error::new_spanned(
                tokens,
                format!("`{}` is not a key; write `{key} = false`", source(tokens)),
            ));
        }
        let parsed = syn::parse2(tokens.clone());
        parsed.map_err(|error| Error::new(error.span(), format!("a key is missing; write `{}`", example(tokens))))
    }

    /// Returns an error if tokens follow the value.
    pub(crate) fn check_end(&self) -> Result<()> {
        let Some(token) = self.rest.clone().into_iter().next() else { return Ok(()) };
        if let (Form::Absent, TokenTree::Literal(_)) = (&self.form, &token) {
            return Err(Error::new_spanned(
                &token,
                format!("a `=` is missing before this; write `{} = {token}`", self.key),
            ));
        }
        Err(Error::new_spanned(&token, unexpected(&token)))
    }

    /// Reads `level = levels::DEEP`: the path of a constant. A single word in lower case, or `L3`, is meant to be a literal.
    pub(crate) fn constant(&self) -> Option<Path> {
        let Form::Equals(_, value) = &self.form else { return None };
        let path = Path::parse_mod_style.parse2(value.clone()).ok()?;
        let is_meant_literally = |word: &Ident| {
            let word = word.to_string();
            !word.starts_with(char::is_uppercase) || meant_level(&word).is_some()
        };
        (!path.get_ident().is_some_and(is_meant_literally) && !level::is_misnamed(&path)).then_some(path)
    }

    /// Reads `failure_threshold = 3`.
    pub(crate) fn count(&self) -> Result<u32> {
        let expected = if self.constant().is_some() {
            format!("`{0}` cannot be a constant; write the number, for example `{0} = 3`", self.key)
        } else {
            format!("`{0}` takes a whole number from 1 upwards; write for example `{0} = 3`", self.key)
        };
        match self.literal(&format!("{} = 3", self.key), &expected)? {
            Lit::Int(number) if number.base10_digits() == "0" => {
                let message = format!("`{0}` cannot be zero; write `{0} = 1`, the default", self.key);
                Err(Error::new(number.span(), message))
            }
            Lit::Int(number) if number.suffix().is_empty() => {
                number.base10_parse().map_err(|_| Error::new(number.span(), expected))
            }
            Lit::Str(text) if text.value().parse::<u32>().is_ok_and(|count| count > 0) => {
                let message = format!("`{0}` takes a number without quotes; write `{0} = {1}`", self.key, text.value());
                Err(Error::new(text.span(), message))
            }
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `name = "…"`.
    pub(crate) fn text(&self, example: &str) -> Result<LitStr> {
        let key = &self.key;
        let value = self.value(&format!("{key} = \"{example}\""))?;
        let written = source(&value);
        let expected = if written.contains('!') {
            format!("`{key}` cannot be a macro; write the text itself, for example `{key} = \"{example}\"`")
        } else if self.constant().is_some() {
            format!("`{key}` cannot be a constant; write the text itself, for example `{key} = \"{example}\"`")
        } else {
            let example = if syn::parse2::<Ident>(value.clone()).is_ok() { &written } else { example };
            format!("`{key}` takes a text in quotes; write for example `{key} = \"{example}\"`")
        };
        match literal(value, &expected)? {
            Lit::Str(text) => self.word(text),
            other => Err(Error::new_spanned(
                &other,
                format!("`{key}` takes a text in quotes; write `{key} = \"{}\"`", source(&other)),
            )),
        }
    }

    /// Reads `owner = "payments"`.
    pub(crate) fn label(&self, example: &str) -> Result<LitStr> {
        let text = self.text(example)?;
        match label::fault(&text.value()) {
            None => Ok(text),
            Some(fault) => Err(Error::new(text.span(), format!("`{}` {fault}", self.key))),
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
        let key = &self.key;
        let example = self.duration_example();
        let value = self.value(&example)?;
        let written = source(&value);
        // A text with a call behind it has only too much.
        let is_calculated = is_calculated(&value) && !written.starts_with('"');
        let expected = match duration::of_call(&written) {
            None if is_calculated => format!(
                "`{key}` cannot be calculated here; write a text such as `{example}`, or the path of a constant of the type `Duration`"
            ),
            Some(meant) => format!("a duration is a text in quotes; write `{key} = \"{meant}\"`"),
            None if syn::parse2::<Ident>(value.clone()).is_ok() => format!(
                "`{written}` is neither a text in quotes nor a constant, whose name has capital letters; write for example `{example}`"
            ),
            None => format!("a duration is a text in quotes, or the path of a constant; write for example `{example}`"),
        };
        if is_calculated {
            return Err(Error::new_spanned(value, expected));
        }
        match literal(value, &expected)? {
            Lit::Str(text) => duration::parse(&text.value()).map_err(|message| Error::new(text.span(), message)),
            number @ (Lit::Int(_) | Lit::Float(_)) => Err(Error::new(number.span(), without_quotes(&source(&number)))),
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `timeout = "2s"`, and refuses zero.
    pub(crate) fn duration_above_zero(&self) -> Result<Duration> {
        if let Form::Equals(_, value) = &self.form {
            let is_zero = match syn::parse2::<Lit>(value.clone()) {
                Ok(Lit::Int(number)) => number.base10_digits() == "0",
                Ok(Lit::Str(_)) => self.duration()?.is_zero(),
                _ => false,
            };
            if is_zero {
                let message = format!("`{}` cannot be zero; write for example `{}`", self.key, self.duration_example());
                return Err(Error::new_spanned(value, message));
            }
        }
        self.duration()
    }

    /// Returns the key with a literal for a value that the macro cannot evaluate.
    fn example(&self) -> String {
        match self.key.to_string().as_str() {
            "level" => "level = 3".to_owned(),
            key => format!("{key} = false"),
        }
    }

    fn duration_example(&self) -> String {
        let key = &self.key;
        let example = match key.to_string().as_str() {
            "degraded_after" => "300ms",
            "interval" => "10s",
            "retry_interval" => "5s",
            "stale_after" => "95s",
            "hold" => "60s",
            _ => "2s",
        };
        format!("{key} = \"{example}\"")
    }

    /// Returns the tokens of the value, in any form.
    pub(crate) fn written(&self) -> Option<&TokenStream> {
        match &self.form {
            Form::Absent => None,
            Form::Equals(_, value) | Form::Colon(_, value) | Form::List(_, value) => Some(value),
        }
    }

    /// Reads `critical = false`.
    pub(crate) fn boolean(&self) -> Result<bool> {
        let key = &self.key;
        if let Form::Absent = &self.form {
            let message = format!(
                "a check is `{key}` by default; remove this, or write `{key} = false` if a failure is only a warning"
            );
            return Err(self.error(&message));
        }
        if let Form::Equals(_, value) = &self.form
            && is_calculated(value)
        {
            return Err(self.calculated(value));
        }
        let expected = if self.constant().is_some() {
            format!("`{key}` cannot be a constant; write `{key} = true` or `{key} = false`")
        } else {
            format!("`{key}` takes `true` or `false`, without quotes; write for example `{key} = false`")
        };
        match self.literal(&format!("{key} = false"), &expected)? {
            Lit::Bool(boolean) => Ok(boolean.value),
            other => Err(Error::new_spanned(other, expected)),
        }
    }

    /// Reads `liveness`, or `liveness = true`.
    pub(crate) fn flag(&self) -> Result<bool> {
        let expected = format!("`{0}` takes `true`, `false` or no value; write `{0}`", self.key);
        match &self.form {
            Form::Absent => Ok(true),
            Form::Equals(_, value) if is_calculated(value) => Err(self.calculated(value)),
            Form::Equals(..) => match self.literal(&self.key.to_string(), &expected)? {
                Lit::Bool(boolean) => Ok(boolean.value),
                other => Err(Error::new_spanned(other, expected)),
            },
            Form::Colon(..) | Form::List(..) => Err(self.error(&expected)),
        }
    }

    /// Reads `crate = path`.
    pub(crate) fn runtime_path(&self) -> Result<RuntimePath> {
        let path = |input: ParseStream| {
            let path = input.parse()?;
            end(input).map(|()| path)
        };
        path.parse2(self.value("crate = ::health_runtime")?)
    }

    fn word(&self, text: LitStr) -> Result<LitStr> {
        let value = text.value();
        if value.trim().is_empty() {
            return Err(Error::new(
                text.span(),
                format!("`{}` cannot take a blank text; fill it in, or remove it", self.key),
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
        self.value(example).and_then(|value| literal(value, expected))
    }

    /// Returns the tokens after the `=`.
    fn value(&self, example: &str) -> Result<TokenStream> {
        match &self.form {
            Form::Equals(equals, value) if value.is_empty() => {
                Err(Error::new(equals.span, format!("the value is missing; write for example `{example}`")))
            }
            Form::Equals(equals, value) => match doubled(value) {
                Some(rest) => {
                    let meant = format!("{} = {}", self.key, source(&rest));
                    Err(Error::new(equals.span, format!("`==` is not valid here; write `{meant}`")))
                }
                None => Ok(value.clone()),
            },
            Form::List(_, list) if syn::parse2::<Lit>(list.clone()).is_ok() => {
                Err(self.error(&format!("`{0}` takes a value after `=`; write `{0} = {1}`", self.key, source(list))))
            }
            Form::Colon(colon, value) => {
                let meant = format!("{} = {}", self.key, source(value));
                Err(Error::new(colon.span, format!("`:` is not valid here; write `{meant}`")))
            }
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
            Form::Colon(colon, value) => Error::new_spanned(quote!(#key #colon #value), message),
            Form::List(parentheses, list) => {
                let mut argument = quote!(#key);
                parentheses.surround(&mut argument, |inner| inner.extend(list.clone()));
                Error::new_spanned(argument, message)
            }
        }
    }
}

fn without_quotes(number: &str) -> String {
    if number == "0" {
        "a duration needs quotes and a unit; write `\"0s\"`".to_owned()
    } else if duration::parse(number).is_ok_and(|duration| !duration.is_zero()) {
        format!("a duration needs quotes; write `\"{number}\"`")
    } else {
        let number = number.replace('_', "");
        format!("a duration needs quotes and a unit; write for example `\"{number}s\"` or `\"{number}ms\"`")
    }
}
