//! The OpenAPI document, for the paths, checks and status codes of one endpoint.

mod description;
mod document;
pub(super) mod parameter;
mod security;

pub(super) use description::{Described, Description};
pub(super) use description::{TAG, header};
pub(super) use document::document;
pub(super) use security::{Security, Version};
