//! Collects every mistake of one declaration, so that one build shows them all.

use proc_macro2::TokenStream;

/// The mistakes found so far. They must be taken out with [`finish`](Diagnostics::finish): one that is dropped
/// before panics, since a mistake that nobody reads is a mistake that compiles.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    finished: bool,
}

impl Diagnostics {
    pub(crate) const fn new() -> Self {
        Self { errors: Vec::new(), finished: false }
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Keeps the error, if it is one, and hands on the value, if there is one.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// One `compile_error!` for each mistake, or `None` when there is none. They are items and statements alike.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        let errors = std::mem::take(&mut self.errors);
        (!errors.is_empty()).then(|| errors.into_iter().map(syn::Error::into_compile_error).collect())
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        // Not while unwinding: a second panic would abort the compiler and hide the first.
        assert!(self.finished || std::thread::panicking(), "the diagnostics of a macro were dropped unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_mistake() {
        let mut diagnostics = Diagnostics::new();
        let mut two = syn::Error::new(proc_macro2::Span::call_site(), "one");
        two.combine(syn::Error::new(proc_macro2::Span::call_site(), "two"));
        assert_eq!(diagnostics.note::<()>(Err(two)), None);
        assert_eq!(diagnostics.note(Ok(3)), Some(3));
        let errors = diagnostics.finish().unwrap().to_string();
        assert_eq!(errors.matches("compile_error").count(), 2, "{errors}");
    }

    #[test]
    fn has_nothing_to_say_without_a_mistake() {
        assert!(Diagnostics::new().finish().is_none());
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn panics_when_dropped_unread() {
        drop(Diagnostics::new());
    }
}
