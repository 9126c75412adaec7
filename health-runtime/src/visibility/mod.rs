//! The visibility of the fields of a check's data.
//!
//! [`wrappers`] say it, and [`serializer`] turns data into what each kind of callers sees. In between stand serializers of
//! others, such as serde's for `#[serde(flatten)]`, so a wrapper tells how deep it is in others by [`nesting`], and leaves no
//! mark in what is serialized.

mod nesting;
mod parts;
mod serializer;
#[cfg(test)]
mod tests;
mod wrappers;

pub(crate) use parts::Seen;
pub(crate) use serializer::serialize;
pub use wrappers::{Public, Secret};
