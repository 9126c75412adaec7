use super::view::Visibility;

/// To whom the details of checks are shown: messages, data, error text, what blocks a check.
///
/// Together with [`Access`](crate::access::Access), which says who may have which levels run: if this is not set, its
/// policies say who sees details; set, it outweighs them, for all whom they let in.
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
    pub(crate) fn apply(self, visibility: Visibility) -> Visibility {
        match self {
            Self::Never => visibility.without_details(),
            Self::Always => visibility.with_details(),
        }
    }
}
