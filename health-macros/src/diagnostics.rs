//! Collects the mistakes of one declaration, so that one build shows all of them.

use proc_macro2::TokenStream;

/// The mistakes found so far. Dropping them without [`finish`](Diagnostics::finish) panics: a mistake that is not emitted
/// compiles.
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

    /// Keeps the error, or returns the value.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Returns one `compile_error!` for each mistake, or `None` without any. It fits where an item or a statement does.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        let errors = std::mem::take(&mut self.errors);
        (!errors.is_empty()).then(|| errors.into_iter().map(syn::Error::into_compile_error).collect())
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        // A second panic during unwinding would abort the compiler and hide the first.
        assert!(self.finished || std::thread::panicking(), "the diagnostics of a macro were dropped unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_kept() {
        let mut diagnostics = Diagnostics::new();
        let mut two = syn::Error::new(proc_macro2::Span::call_site(), "one");
        two.combine(syn::Error::new(proc_macro2::Span::call_site(), "two"));
        assert_eq!(diagnostics.note::<()>(Err(two)), None);
        assert_eq!(diagnostics.note(Ok(3)), Some(3));
        let errors = diagnostics.finish().unwrap().to_string();
        assert_eq!(errors.matches("compile_error").count(), 2, "{errors}");
    }

    #[test]
    fn no_mistake_yields_no_tokens() {
        assert!(Diagnostics::new().finish().is_none());
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn dropping_unread_diagnostics_panics() {
        drop(Diagnostics::new());
    }
}
