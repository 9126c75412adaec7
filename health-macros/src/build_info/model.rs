//! The constant to generate for a type. Every rule is about one value, so `args` has checked them all.

use syn::{DeriveInput, Generics, Ident, LitStr};

use super::args::BuildInfoArgs;
use crate::runtime_path::RuntimePath;

pub(super) struct BuildInfoModel {
    pub(super) runtime: RuntimePath,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    /// `None` for the repository of the package.
    pub(super) repo: Option<LitStr>,
    /// `None` for the name of the package.
    pub(super) name: Option<LitStr>,
}

impl BuildInfoModel {
    pub(super) fn new(args: BuildInfoArgs, input: DeriveInput) -> Self {
        let BuildInfoArgs { runtime, repo, name } = args;
        let DeriveInput { ident, generics, .. } = input;
        Self { runtime, ident, generics, repo, name }
    }
}
