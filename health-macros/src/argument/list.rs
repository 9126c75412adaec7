//! Values that are lists in parentheses.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Lit, LitChar, LitStr, Path, Result, ext::IdentExt as _};

use super::{Argument, Form, check_separators, split};
use crate::{
    check_path::{CheckPath, CheckReference, misread},
    literal::literal,
    source::source,
};

impl Argument {
    /// Reads `tags("a", "b")`.
    pub(crate) fn words(&self) -> Result<Vec<LitStr>> {
        self.list("\"a\", \"b\"", |tokens| {
            let expected = match syn::parse2::<Path>(tokens.clone()) {
                Ok(path) => {
                    let last = path.segments.last().map(|last| last.ident.unraw().to_string()).unwrap_or_default();
                    format!("`{}` needs quotes; write `{}(\"{last}\")`", source(&path), self.key)
                }
                Err(_) => format!("`{0}` takes texts in quotes; write for example `{0}(\"a\", \"b\")`", self.key),
            };
            let Lit::Str(word) = literal(tokens.clone(), &expected)? else {
                return Err(Error::new_spanned(tokens, expected));
            };
            self.word(word)
        })
    }

    /// Reads `depends_on(db, crate::billing::quota, "name")`.
    pub(crate) fn checks(&self) -> Result<Vec<CheckReference>> {
        self.list("db, \"name\"", |tokens| {
            if let Ok(path) = CheckPath::parse(tokens.clone()) {
                return Ok(CheckReference::Path(path));
            }
            let key = &self.key;
            if let Some(error) = misread(&tokens, |path| format!("{key}({path})")) {
                return Err(error);
            }
            let written = source(&tokens);
            let expected = match syn::parse2::<LitChar>(tokens.clone()) {
                Ok(letter) => format!("`{written}` is a character and not a text; write `{key}(\"{}\")`", letter.value()),
                Err(_) => format!(
                    "`{written}` is neither the path of a check nor a name in quotes; write for example `{key}(db, crate::billing::quota, \
                     \"name\")`"
                ),
            };
            let Lit::Str(word) = literal(tokens.clone(), &expected)? else {
                return Err(Error::new_spanned(tokens, expected));
            };
            self.word(word).map(CheckReference::Name)
        })
    }

    /// Reads the items of a list in parentheses, each of which stands there once.
    fn list<T: ToTokens>(&self, example: &str, read: impl Fn(TokenStream) -> Result<T>) -> Result<Vec<T>> {
        let key = &self.key;
        let example = format!("write for example `{key}({example})`");
        let list = match &self.form {
            Form::List(_, list) => list,
            Form::Equals(_, value) | Form::Colon(_, value) if !value.is_empty() => {
                let meant = source(value);
                let meant =
                    meant.trim_start_matches(['&', ' ']).trim_start_matches("vec!").trim_matches(['[', ']', ' ']);
                return Err(self.error(&format!("`{key}` takes a list in parentheses; write `{key}({meant})`")));
            }
            _ => return Err(self.error(&format!("`{key}` takes a list in parentheses; {example}"))),
        };
        if let Some(TokenTree::Group(group)) = list.clone().into_iter().next()
            && group.delimiter() == Delimiter::Bracket
        {
            let meant = source(&group.stream());
            return Err(Error::new(group.span(), format!("remove the brackets; write `{key}({meant})`")));
        }
        let mut items: Vec<T> = Vec::new();
        let mut errors: Vec<Error> = check_separators(list).err().into_iter().collect();
        for tokens in split(list.clone()) {
            match read(tokens) {
                Ok(item) if items.iter().any(|other| source(other) == source(&item)) => {
                    let shown = source(&item);
                    let message = format!("`{}` stands twice in `{key}`; keep one of them", shown.trim_matches('"'));
                    errors.push(Error::new_spanned(item, message));
                }
                Ok(item) => items.push(item),
                Err(error) => errors.push(error),
            }
        }
        let all = errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        });
        match all {
            Some(errors) => Err(errors),
            None if items.is_empty() => Err(self.error(&format!("`{key}` is empty; leave it out, or {example}"))),
            None => Ok(items),
        }
    }
}
