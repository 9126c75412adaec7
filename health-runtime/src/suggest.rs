//! "Did you mean": the known name that is most similar to an unknown one.

/// Similarity from which a name is suggested, from 0 (nothing in common) to 1 (the same). The macros have the same
/// number.
const MIN_SIMILARITY: f64 = 0.8;

/// Comparisons for one list of typos: each takes some microseconds.
const MAX_COMPARISONS: usize = 50_000;

/// Suggestions for a list of typos, up to a number of comparisons.
pub(crate) struct Suggestions<'a> {
    names: Vec<&'a str>,
    comparisons_left: usize,
}

impl<'a> Suggestions<'a> {
    pub(crate) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { names: names.into_iter().collect(), comparisons_left: MAX_COMPARISONS }
    }

    /// Returns the most similar name other than `except`. `None` also if too few comparisons are left: all names are
    /// compared or none, so that no suggestion depends on their order.
    pub(crate) fn nearest(&mut self, wanted: &str, except: Option<&str>) -> Option<String> {
        self.comparisons_left = self.comparisons_left.checked_sub(self.names.len())?;
        nearest(wanted, self.names.iter().copied().filter(|name| Some(*name) != except))
    }
}

/// Returns the most similar name, if one is similar enough.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    names
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        // The name decides between two of the same similarity, so that the message is the same at each start.
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name.to_owned())
}
