//! Disclosure of a check's data: who sees which of its fields.
//!
//! Users mark fields with [`markers`], and [`serializer`] splits the data into what callers with details see and what everybody
//! sees. Foreign serializers stand in between, such as serde's for `#[serde(flatten)]`, so a marker reports itself through
//! [`nesting`], and leaves no trace in the serialized data.

mod markers;
mod nesting;
mod serializer;
mod split;
#[cfg(test)]
mod tests;

pub use markers::{Public, Secret};
pub(crate) use serializer::split;
pub(crate) use split::SplitData;
