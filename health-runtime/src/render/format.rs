//! What an encoding is. Which there are stands in [`table`](super::table).

use super::{context::Context, view::ReportView};

/// An encoding of reports.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `?format=` calls it.
    pub(crate) name: &'static str,
    /// Its media type with its parameters, as `Content-Type` has it.
    pub(crate) media_type: &'static str,
    /// A pure function: the same view and context give the same bytes.
    pub(crate) render: fn(&ReportView<'_>, &Context<'_>) -> Vec<u8>,
}

impl Format {
    /// The media type without its parameters.
    pub(crate) fn essence(&self) -> &'static str {
        self.media_type.split_once(';').map_or(self.media_type, |(essence, _)| essence)
    }

    /// The `version` among its parameters, which tells encodings of one media type apart.
    pub(crate) fn version(&self) -> Option<&'static str> {
        let (_, from) = self.media_type.split_once("version=")?;
        from.split(';').next()
    }
}
