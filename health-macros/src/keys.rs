//! The keys of a macro: known, seen, and misspelt.

use std::fmt::Write as _;

use syn::{Ident, Result};

/// Similarity from which a key is suggested, from 0 (nothing in common) to 1 (the same). The runtime has the same number.
const MIN_SIMILARITY: f64 = 0.8;

/// Admits each known key once.
#[derive(Debug)]
pub(crate) struct Keys {
    known: Vec<&'static str>,
    seen: Vec<String>,
    /// The known keys that misspelt ones are closest to.
    meant: Vec<&'static str>,
}

impl Keys {
    pub(crate) fn new(known: impl IntoIterator<Item = &'static str>) -> Self {
        Self { known: known.into_iter().collect(), seen: Vec::new(), meant: Vec::new() }
    }

    /// Returns the index of the key among the known ones, or an error for a key that is unknown or repeated.
    pub(crate) fn admit(&mut self, key: &Ident) -> Result<usize> {
        let name = key.to_string();
        let Some(index) = self.known.iter().position(|known| *known == name) else {
            return Err(syn::Error::new(key.span(), self.unknown(&name)));
        };
        if self.seen.contains(&name) {
            return Err(syn::Error::new(key.span(), format!("`{name}` is given twice; keep one of them")));
        }
        self.seen.push(name);
        Ok(index)
    }

    /// Returns whether the key was given, or misspelt. A misspelt key must not be reported as missing as well.
    pub(crate) fn has_seen(&self, key: &str) -> bool {
        self.seen.iter().any(|seen| seen == key) || self.meant.contains(&key)
    }

    fn unknown(&mut self, name: &str) -> String {
        let mut message = format!("there is no key `{name}`");
        let nearest = self
            .known
            .iter()
            .map(|known| (strsim::jaro_winkler(name, known), *known))
            .filter(|(likeness, _)| *likeness >= MIN_SIMILARITY)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, nearest)) = nearest {
            self.meant.push(nearest);
            let _ = write!(message, "; did you mean `{nearest}`?");
        } else {
            let _ = write!(message, "; known keys are `{}`", self.known.join("`, `"));
        }
        message
    }
}
