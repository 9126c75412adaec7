//! Who may see what; decided once for a request, before any check runs.

use crate::render::Clearance;

/// To whom the details of checks are shown: messages, data, error text, what blocks a check.
///
/// Whatever is shown here, the full text of a failure is in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShowDetails {
    /// To nobody: names, statuses, causes and times are all that the endpoint tells. The default, because a
    /// health endpoint is often open to the world and error text is not written for it.
    #[default]
    Never,
    /// To everybody who can reach the endpoint.
    Always,
}

impl ShowDetails {
    pub(crate) const fn clearance(self) -> Clearance {
        match self {
            Self::Never => Clearance::Outline,
            Self::Always => Clearance::Details,
        }
    }
}
