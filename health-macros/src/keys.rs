//! Which keys a macro takes, and which of them were seen.

use std::fmt::Write as _;

use syn::{Ident, Result};

/// Similarity from which a key is suggested, from 0 (nothing in common) to 1 (the same). The runtime has the same number.
const MIN_SIMILARITY: f64 = 0.8;

/// Admits each known key once.
#[derive(Debug)]
pub(crate) struct Keys {
    known: Vec<&'static str>,
    seen: Vec<String>,
    /// What misspelt keys were probably meant to be.
    meant: Vec<&'static str>,
}

impl Keys {
    pub(crate) fn new(known: impl IntoIterator<Item = &'static str>) -> Self {
        Self { known: known.into_iter().collect(), seen: Vec::new(), meant: Vec::new() }
    }

    /// Returns the index of the key, or an error for a key that is not known, or there already.
    pub(crate) fn admit(&mut self, key: &Ident) -> Result<usize> {
        let name = key.to_string();
        let Some(index) = self.known.iter().position(|known| *known == name) else {
            return Err(syn::Error::new(key.span(), self.unknown(&name)));
        };
        if self.seen.contains(&name) {
            return Err(syn::Error::new(key.span(), format!("`{name}` is given twice: keep one of them")));
        }
        self.seen.push(name);
        Ok(index)
    }

    /// Whether the key was given, or misspelt: then saying that it is missing would be a second error for
    /// one mistake.
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
