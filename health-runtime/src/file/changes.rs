//! Files that are read again and again: the contents that are worth a try.

/// The contents of files that are in use, and the unusable ones that were read last, by their fingerprints.
#[derive(Debug)]
pub(crate) struct ContentChanges<F> {
    used: F,
    rejected: Rejected<F>,
}

/// Contents that were read last and are not usable.
#[derive(Debug, PartialEq, Eq)]
enum Rejected<F> {
    Nothing,
    Once(F),
    Reported(F),
}

impl<F: PartialEq> ContentChanges<F> {
    /// Starts with the contents in use.
    pub(crate) const fn new(used: F) -> Self {
        Self { used, rejected: Rejected::Nothing }
    }

    /// Returns whether these contents, which were just read, are to be tried.
    pub(crate) fn is_new(&mut self, contents: &F) -> bool {
        if *contents == self.used {
            self.rejected = Rejected::Nothing;
            return false;
        }
        !matches!(&self.rejected, Rejected::Reported(reported) if reported == contents)
    }

    /// Notes that these contents are in use now.
    pub(crate) fn accept(&mut self, contents: F) {
        *self = Self::new(contents);
    }

    /// Notes that these contents are not usable. Returns whether that is to be logged: once, and not the first time, because a
    /// writer may be between two files.
    pub(crate) fn reject(&mut self, contents: F) -> bool {
        let is_second = matches!(&self.rejected, Rejected::Once(first) if *first == contents);
        self.rejected = if is_second { Rejected::Reported(contents) } else { Rejected::Once(contents) };
        is_second
    }
}
