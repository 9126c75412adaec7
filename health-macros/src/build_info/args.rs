//! Reads `#[build_info(…)]`, each value on its own.

use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Meta, Result};

use crate::{
    argument::{Argument, split},
    diagnostics::Diagnostics,
    keys::Keys,
    runtime_path::RuntimePath,
};

const ATTRIBUTE: &str = "build_info";

const KNOWN_KEYS: [&str; 3] = ["repo", "name", "crate"];

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
        let mut keys = Keys::new(KNOWN_KEYS);
        for attribute in ours(&input.attrs) {
            diagnostics.note(args.read(attribute, &mut keys));
        }
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
            let argument: Argument = syn::parse2(tokens)?;
            keys.admit(&argument.key)?;
            argument.check_end()?;
            self.set(&argument)
        });
        arguments.filter_map(Result::err).reduce(combined).map_or(Ok(()), Err)
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
