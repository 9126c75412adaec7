//! Encodings. Each is a pure function of a [`ReportView`], one file each: none of them ever sees a report
//! that was not redacted for its reader. Which there are stands in `table.rs`.

mod context;
#[cfg(feature = "events")]
pub(crate) mod event;
mod format;
mod info;
mod json;
mod table;
mod text;
mod values;
mod view;
mod wire;

pub(crate) use context::{Context, Links, Subject};
pub(crate) use format::Format;
pub(crate) use info::info;
pub(crate) use table::{FORMAT_COUNT, FormatId};
#[cfg(feature = "events")]
pub(crate) use view::ChangeView;
pub(crate) use view::{Clearance, ReportView};
