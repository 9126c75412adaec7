use std::fmt;

use crate::model::{Group, Level, Levels};

/// The part of a request that access decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessRequest {
    /// Shows the granted ones of these levels. At least one has to be granted: the needed one, or any.
    Levels {
        /// The name in the audit, unless one level is needed.
        route: &'static str,
        shown: Levels,
        needed: Option<Level>,
        with_info: bool,
        /// Whether it runs checks, or shows stored results only.
        is_run: bool,
    },
    /// One check; `None` if no check has that name.
    Check(Option<Level>),
    /// The right to operate one check; `None` if no check has that name.
    Operate {
        level: Option<Level>,
        /// Whether the check is run.
        is_run: bool,
    },
    /// Needs every level.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only the OpenAPI document asks for it"))]
    Everything(&'static str),
    Group(Group),
    Info,
}

impl AccessRequest {
    /// Returns the levels that are run for it.
    pub(super) fn levels(self) -> Levels {
        match self {
            Self::Levels { shown, is_run: true, .. } => shown,
            Self::Check(level) | Self::Operate { level, is_run: true } => level.map_or(Levels::NONE, Levels::one),
            Self::Levels { .. } | Self::Operate { .. } | Self::Everything(_) | Self::Group(_) | Self::Info => {
                Levels::NONE
            }
        }
    }
}

impl fmt::Display for AccessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels { needed: Some(level), .. } => write!(f, "level {level}"),
            Self::Levels { route, needed: None, .. } | Self::Everything(route) => f.write_str(route),
            Self::Check(_) => f.write_str("check"),
            Self::Operate { .. } => f.write_str("operate"),
            Self::Group(group) => group.fmt(f),
            Self::Info => f.write_str("info"),
        }
    }
}
