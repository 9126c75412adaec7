//! Reads `#[health_checks(…)]`.

use proc_macro2::TokenStream;
use syn::{Error, Result};

use crate::{
    argument::{Argument, check_separators, split},
    check,
    diagnostics::Diagnostics,
    keys::Keys,
    runtime_path::RuntimePath,
};

/// Returns the path of the runtime for all checks of a block.
pub(super) fn runtime(input: TokenStream, diagnostics: &mut Diagnostics) -> RuntimePath {
    let mut keys = Keys::new(["crate"], &[]);
    diagnostics.note(check_separators(&input));
    let paths = split(input).into_iter().filter_map(|tokens| diagnostics.note(runtime_path(&tokens, &mut keys)));
    paths.last().unwrap_or_default()
}

/// Reads `crate = path`, the only key.
fn runtime_path(tokens: &TokenStream, keys: &mut Keys) -> Result<RuntimePath> {
    let argument = Argument::read(tokens, |_| "crate = path::to::health_runtime".to_owned())?;
    if argument.key != "crate" && check::has_key(&argument.key) {
        let key = &argument.key;
        let message = format!("`{key}` belongs to a single check; write it in the `#[health_check(…)]` of each method");
        return Err(Error::new(key.span(), message));
    }
    keys.admit(&argument.key)?;
    argument.check_end()?;
    argument.runtime_path()
}
