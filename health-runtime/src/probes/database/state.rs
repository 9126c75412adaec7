use std::time::Duration;

/// State of a database that answers. The texts are for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseState {
    /// It takes writes.
    Writeable,
    /// It answers. Whether it takes writes is not known.
    Online,
    /// It is configured to take no writes.
    ReadOnly(String),
    /// It follows another server, and takes no writes.
    Replica {
        /// Age of the newest replicated data, if it is known.
        lag: Option<Duration>,
    },
    /// It follows another server, and takes writes all the same.
    WriteableReplica {
        /// Age of the newest replicated data, if it is known.
        lag: Option<Duration>,
    },
    /// Another connection holds the lock for writing.
    Busy(String),
    /// A write fails, although it is not configured to.
    Unwriteable(String),
}

impl DatabaseState {
    pub(super) const fn is_writeable(&self) -> Option<bool> {
        match self {
            Self::Writeable | Self::WriteableReplica { .. } => Some(true),
            Self::Online => None,
            Self::ReadOnly(_) | Self::Replica { .. } | Self::Busy(_) | Self::Unwriteable(_) => Some(false),
        }
    }

    pub(super) const fn lag(&self) -> Option<Duration> {
        match self {
            Self::Replica { lag } | Self::WriteableReplica { lag } => *lag,
            _ => None,
        }
    }
}
