//! Encodings. Each is a pure function of a [`ReportView`], one file each: none of them ever sees a report
//! that was not redacted for its reader.

mod info;
mod json;
mod text;
mod values;
mod view;

pub(crate) use info::{Links, info, overview};
pub(crate) use json::{check, group, levels};
pub(crate) use text::group as text_group;
pub(crate) use values::values;
pub(crate) use view::{Clearance, ReportView, Sight};
