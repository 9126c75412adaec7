use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::super::paths::Paths;
use crate::{access::Authorizer, build_info::BuildMetadata, model::CheckSpec};

/// The endpoint that a document describes.
#[derive(Clone, Copy)]
pub(in crate::http) struct Described<'a> {
    pub(in crate::http) paths: &'a Paths,
    pub(in crate::http) codes: &'a BTreeSet<StatusCode>,
    pub(in crate::http) checks: &'a [&'a CheckSpec],
    pub(in crate::http) build: Option<&'a BuildMetadata>,
    pub(in crate::http) authorizer: Option<&'a Authorizer>,
}
