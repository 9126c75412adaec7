use std::time::SystemTime;

/// That a check counts for nothing at present, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    pub(crate) until: Option<SystemTime>,
    pub(crate) why: String,
    pub(crate) by: String,
}

impl Mute {
    /// Until when, on the wall clock; `None` as long as the process lives.
    #[must_use]
    pub const fn until(&self) -> Option<SystemTime> {
        self.until
    }

    /// What was said for it. Credentials inside URLs are masked.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// Who muted it: `file:line` of the call to [`Monitor::mute`](crate::Monitor::mute), or `HEALTH_MUTE`.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }
}
