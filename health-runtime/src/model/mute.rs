use std::time::SystemTime;

/// A mute: the check counts for nothing at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mute {
    pub(crate) until: Option<SystemTime>,
    pub(crate) why: String,
    pub(crate) by: String,
}

impl Mute {
    /// Returns the end of the mute, on the wall clock; `None` if it lasts as long as the process.
    #[must_use]
    pub const fn until(&self) -> Option<SystemTime> {
        self.until
    }

    /// Returns the reason that was given. Credentials inside URLs are masked.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// Returns the origin: `file:line` of the call to [`Monitor::mute`](crate::Monitor::mute), or `HEALTH_MUTE`.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }
}
