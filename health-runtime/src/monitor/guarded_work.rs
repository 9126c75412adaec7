//! The function of a check, which is dropped without harm.

use std::{ops::Deref, sync::Arc};

use crate::{
    log::{self, Topic},
    mask::mask_credentials,
    model::{CheckSpec, Work},
    runner,
    text::escape_controls,
};

/// Work whose destructor does not panic. The last owner of a removed check may be a stranger, such as a report, and two
/// panics at once would end the process.
#[derive(Debug)]
pub(super) struct GuardedWork {
    spec: Arc<CheckSpec>,
    work: Work,
}

impl GuardedWork {
    pub(super) const fn new(spec: Arc<CheckSpec>, work: Work) -> Self {
        Self { spec, work }
    }

    /// Returns the declaration of the check.
    pub(super) const fn spec(&self) -> &Arc<CheckSpec> {
        &self.spec
    }
}

impl Deref for GuardedWork {
    type Target = Work;

    fn deref(&self) -> &Work {
        &self.work
    }
}

impl Drop for GuardedWork {
    fn drop(&mut self) {
        let work = std::mem::replace(&mut self.work, Work::blocking(|| ()));
        if let Err(panic) = runner::catch(|| drop(work)) {
            let check = self.spec.name().to_owned();
            log::write(Topic::Checks, move || {
                let panic = &*mask_credentials(&panic);
                tracing::error!(check, panic = &*escape_controls(panic), "health check panicked when it was dropped");
            });
        }
    }
}
