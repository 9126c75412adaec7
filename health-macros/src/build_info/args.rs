//! Reads `#[build_info(…)]`, each value on its own.

use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Meta, Result};

use crate::{
    argument::{Argument, check_separators, split},
    diagnostics::Diagnostics,
    keys::{ForeignWords, Keys, advice, key},
    runtime_path::RuntimePath,
};

const ATTRIBUTE: &str = "build_info";

const KNOWN_KEYS: [&str; 3] = ["repo", "name", "crate"];

const FOREIGN_WORDS: &[ForeignWords] = &[
    key("repo = \"abc/api\"", &["repository", "url", "git", "source", "homepage", "scm", "project"]),
    key("name = \"api\"", &["title", "service", "app", "application", "id"]),
    key("crate = path::to::health_runtime", &["crate_path", "runtime", "path"]),
    advice("the version is that of the package: `version` in `Cargo.toml`", &["version", "release", "tag"]),
    advice(
        "the revision is read from git, or from the variable `GIT_REVISION` at compile time",
        &["revision", "commit", "sha", "hash", "branch", "dirty"],
    ),
    advice(
        "the build date is that of the compilation, or of the variable `SOURCE_DATE_EPOCH`",
        &["date", "build_date", "built_at", "timestamp", "time"],
    ),
    advice("the environment is that of the process: set the variable `APP_ENV`", &["environment", "env", "stage"]),
];

/// The values; `None` for an absent or unreadable one.
#[derive(Default)]
pub(super) struct BuildInfoArgs {
    pub(super) runtime: RuntimePath,
    pub(super) repo: Option<LitStr>,
    pub(super) name: Option<LitStr>,
}

impl BuildInfoArgs {
    pub(super) fn parse(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        let mut keys = Keys::new(KNOWN_KEYS, FOREIGN_WORDS);
        for attribute in ours(&input.attrs) {
            diagnostics.note(args.read(attribute, &mut keys));
        }
        diagnostics.note(args.runtime.check());
        for misplaced in inner_attributes(&input.data).into_iter().flat_map(ours) {
            let message = "`#[build_info(…)]` does not belong here; put it on the type, beside the derive";
            diagnostics.push(Error::new_spanned(misplaced, message));
        }
        args
    }

    fn read(&mut self, attribute: &Attribute, keys: &mut Keys) -> Result<()> {
        let Meta::List(list) = &attribute.meta else {
            return Err(Error::new_spanned(
                &attribute.meta,
                "`build_info` takes keys in parentheses; write for example `build_info(repo = \"abc/api\")`",
            ));
        };
        let arguments = split(list.tokens.clone()).into_iter().map(|tokens| {
            let argument = Argument::read(&tokens, |_| "repo = \"abc/api\"".to_owned())?;
            keys.admit(&argument.key)?;
            argument.check_end()?;
            self.set(&argument)
        });
        let errors = check_separators(&list.tokens).err().into_iter().chain(arguments.filter_map(Result::err));
        errors.reduce(combined).map_or(Ok(()), Err)
    }

    fn set(&mut self, argument: &Argument) -> Result<()> {
        match argument.key.to_string().as_str() {
            "repo" => self.repo = Some(argument.text("abc/api")?),
            "name" => self.name = Some(argument.text("api")?),
            "crate" => self.runtime = argument.runtime_path()?,
            key => unreachable!("`{key}` is known and has no meaning"),
        }
        Ok(())
    }
}

fn combined(mut all: Error, error: Error) -> Error {
    all.combine(error);
    all
}

fn ours(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident(ATTRIBUTE))
}

/// Returns the attributes of fields and variants, where the compiler accepts `build_info` as well.
fn inner_attributes(data: &Data) -> Vec<&[Attribute]> {
    fn of_fields(fields: &Fields) -> impl Iterator<Item = &[Attribute]> {
        fields.iter().map(|field| field.attrs.as_slice())
    }
    match data {
        Data::Struct(item) => of_fields(&item.fields).collect(),
        Data::Union(item) => item.fields.named.iter().map(|field| field.attrs.as_slice()).collect(),
        Data::Enum(item) => item
            .variants
            .iter()
            .flat_map(|variant| std::iter::once(variant.attrs.as_slice()).chain(of_fields(&variant.fields)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FOREIGN_WORDS, KNOWN_KEYS};
    use crate::keys::assert_foreign_words;

    #[test]
    fn suggested_keys_exist_and_foreign_words_stand_once() {
        assert_foreign_words(FOREIGN_WORDS, &KNOWN_KEYS);
    }
}
