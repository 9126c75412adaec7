use std::fmt;

use crate::model::{Group, Level, Levels};

/// What a request asks for, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessRequest {
    /// The caller is shown those of these levels that it may have run, and has to be granted one of them: the one that
    /// it asked for, or any.
    Levels {
        /// What it is called in the audit, unless one level is needed.
        route: &'static str,
        shown: Levels,
        needed: Option<Level>,
        with_info: bool,
        /// Whether checks are run for it, or it tells only what is known.
        is_run: bool,
    },
    /// One check; `None` if there is none of that name.
    Check(Option<Level>),
    /// What is only for those who may have every level run.
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only the OpenAPI document asks for it"))]
    Everything(&'static str),
    Group(Group),
    Info,
}

impl AccessRequest {
    /// The levels that are run for it.
    pub(super) fn levels(self) -> Levels {
        match self {
            Self::Levels { shown, is_run: true, .. } => shown,
            Self::Check(level) => level.map_or(Levels::NONE, Levels::one),
            Self::Levels { .. } | Self::Everything(_) | Self::Group(_) | Self::Info => Levels::NONE,
        }
    }
}

impl fmt::Display for AccessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels { needed: Some(level), .. } => write!(f, "level {level}"),
            Self::Levels { route, needed: None, .. } | Self::Everything(route) => f.write_str(route),
            Self::Check(_) => f.write_str("check"),
            Self::Group(group) => group.fmt(f),
            Self::Info => f.write_str("info"),
        }
    }
}
