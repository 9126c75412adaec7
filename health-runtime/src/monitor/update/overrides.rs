//! Settings at deploy time that change while the monitor runs.

use std::{
    path::Path,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use tracing::dispatcher;

use super::{
    super::{engine::Engine, monitor::Monitor},
    apply,
};
use crate::{
    error::{Error, Problem},
    file::{ContentChanges, RereadFile, fingerprint},
    log::{self, Topic},
    overrides::{OverrideLayers, OverrideSource, Overrides, OverridesFile, parse_file, warn_of_unmatched},
};

/// Period in which the file is read. Most of the time it is one small read of memory.
const READ_INTERVAL: Duration = Duration::from_secs(1);

impl Monitor {
    /// Returns the settings at deploy time.
    pub(crate) fn overrides(&self) -> Arc<OverrideLayers> {
        Arc::clone(self.engine.checks().overrides())
    }

    /// Follows the content of a file of settings, on threads of its own: it works without a runtime and beside one that is
    /// blocked, and a disk that hangs takes no other thread. They end with the monitor.
    pub(crate) fn follow_overrides(&self, file: OverridesFile) {
        let engine = Arc::downgrade(&self.engine);
        let subscriber = dispatcher::get_default(Clone::clone);
        let started = RereadFile::start(file.path.clone(), READ_INTERVAL).and_then(|contents| {
            let follow = move || dispatcher::with_default(&subscriber, || follow(&engine, &file, &contents));
            thread::Builder::new().name("health-config".to_owned()).spawn(follow)
        });
        if let Err(error) = started {
            log::write(Topic::Checks, move || {
                tracing::warn!(%error, "changed settings for health checks are not noticed");
            });
        }
    }
}

fn follow(engine: &Weak<Engine>, file: &OverridesFile, contents: &RereadFile) {
    let mut changes = ContentChanges::new(fingerprint(std::slice::from_ref(&file.first)));
    while engine.strong_count() > 0 {
        let content = contents.next();
        let read = fingerprint(std::slice::from_ref(&content));
        if !changes.is_new(&read) {
            continue;
        }
        let Some(engine) = engine.upgrade() else { return };
        let applied =
            parse_file(&content).and_then(|overrides| replace(&engine, overrides).map_err(Error::into_problems));
        match applied {
            Ok(()) => {
                changes.accept(read);
                log_use(&engine, &file.path);
            }
            Err(problems) if changes.reject(read) => log_rejection(&file.path, problems),
            Err(_) => {}
        }
    }
}

/// Replaces the settings of the file, and the checks that they concern. An error changes nothing.
fn replace(engine: &Arc<Engine>, overrides: Overrides) -> Result<(), Error> {
    apply(engine, |draft| draft.override_with(OverrideSource::File, overrides))
}

fn log_use(engine: &Engine, file: &Path) {
    let file = file.display().to_string();
    log::write(Topic::Checks, move || tracing::info!(%file, "health checks use their changed settings"));
    let checks = engine.checks();
    let specs: Vec<_> = checks.iter().map(|check| &*check.spec).collect();
    warn_of_unmatched(OverrideSource::File, checks.overrides(), &specs, &engine.off);
}

fn log_rejection(file: &Path, problems: Vec<Problem>) {
    let file = file.display().to_string();
    log::write(Topic::Checks, move || {
        for problem in problems {
            tracing::warn!(%file, %problem, "changed settings for health checks are not usable; the previous ones stay in use");
        }
    });
}
