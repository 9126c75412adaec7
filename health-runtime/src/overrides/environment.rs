//! The settings that the environment of the process names.

use std::{env, path::PathBuf};

use super::{
    layers::{OverrideLayers, OverrideSource},
    read,
    sections::Overrides,
    tree::Tree,
};
use crate::{
    error::Problem,
    file::{FileContent, MAX_FILE_BYTES},
    log::{self, Topic},
    model::CheckSpec,
    text::escape_controls,
};

const LIST_VARIABLE: &str = "HEALTH_CHECKS";
const FILE_VARIABLE: &str = "HEALTH_CONFIG";

/// A file of settings, and its content at the start.
#[derive(Debug)]
pub(crate) struct OverridesFile {
    pub(crate) path: PathBuf,
    pub(crate) first: FileContent,
}

impl OverridesFile {
    /// Reads the file that `HEALTH_CONFIG` names, which blocks for at most three seconds. An empty name is none.
    pub(crate) fn from_environment() -> Option<Self> {
        let path = PathBuf::from(env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty())?);
        let first = FileContent::read_at_start(&path, MAX_FILE_BYTES);
        Some(Self { path, first })
    }
}

/// Reads the settings in a file.
///
/// # Errors
/// All problems of the file.
pub(crate) fn parse_file(content: &FileContent) -> Result<Overrides, Vec<Problem>> {
    let problem = |fault| Problem::InvalidOverrides { origin: format!("`{}`", content.path), fault };
    let tree = content.bytes().and_then(|bytes| {
        serde_json::from_slice::<Tree>(bytes).map_err(|error| format!("it is not valid JSON: {error}"))
    });
    let tree = tree.map_err(|fault| vec![problem(fault)])?;
    read::sections(tree).map_err(|faults| faults.into_iter().map(problem).collect())
}

/// Reads the settings in `HEALTH_CHECKS`.
///
/// # Errors
/// All problems of the list.
pub(crate) fn parse_list() -> Result<Overrides, Vec<Problem>> {
    let problem = |fault| Problem::InvalidOverrides { origin: OverrideSource::Environment.as_str().to_owned(), fault };
    match env::var(LIST_VARIABLE) {
        Ok(list) => read::list(&list).map_err(|faults| faults.into_iter().map(problem).collect()),
        Err(env::VarError::NotPresent) => Ok(Overrides::default()),
        Err(env::VarError::NotUnicode(_)) => Err(vec![problem("it is not valid UTF-8".to_owned())]),
    }
}

/// Logs the settings of a source whose names and tags no check has: one file may serve several versions of a service.
pub(crate) fn warn_of_unmatched(
    source: OverrideSource,
    layers: &OverrideLayers,
    specs: &[&CheckSpec],
    off: &[CheckSpec],
) {
    for unmatched in layers.unmatched(specs, off).into_iter().filter(|unmatched| unmatched.source == source) {
        let (source, problem) = (source.as_str(), escape_controls(&unmatched.fault).into_owned());
        log::write(Topic::Checks, move || {
            tracing::warn!(source, problem, "setting for health checks has no effect");
        });
    }
}
