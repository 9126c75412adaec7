use super::policy::AnyPolicy;
use crate::model::{Group, Levels};

/// A policy, and all that it decides on.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) policy: AnyPolicy,
    pub(super) levels: Levels,
    pub(super) groups: Vec<Group>,
    pub(super) is_for_info: bool,
}
