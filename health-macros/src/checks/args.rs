//! Reads `#[health_checks(…)]`.

use proc_macro2::TokenStream;
use syn::{Error, Result};

use crate::{
    argument::{Argument, split},
    check,
    diagnostics::Diagnostics,
    keys::Keys,
    runtime_path::RuntimePath,
};

/// The arguments for all checks of a block.
pub(super) struct BlockArgs {
    pub(super) runtime: RuntimePath,
}

impl BlockArgs {
    pub(super) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut keys = Keys::new(["crate"], &[]);
        let mut args = Self { runtime: RuntimePath::default() };
        for tokens in split(input) {
            if let Some(runtime) = diagnostics.note(runtime_path(tokens, &mut keys)) {
                args.runtime = runtime;
            }
        }
        args
    }
}

/// Reads `crate = path`, the only key.
fn runtime_path(tokens: TokenStream, keys: &mut Keys) -> Result<RuntimePath> {
    let argument = Argument::read(tokens, "crate = path::to::health_runtime")?;
    if argument.key != "crate" && check::has_key(&argument.key) {
        let key = &argument.key;
        let message = format!("`{key}` belongs to a single check; write it in the `#[health_check(…)]` of each method");
        return Err(Error::new(key.span(), message));
    }
    keys.admit(&argument.key)?;
    argument.check_end()?;
    argument.runtime_path()
}
