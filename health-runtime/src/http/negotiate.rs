//! Content negotiation: the format of a response.

use axum::http::HeaderMap;

use super::{
    accept::Accept,
    query::{Query, RequestedView, View},
};
use crate::render::Format;

/// The formats that a resource offers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Formats {
    /// The format for requests without a preference.
    pub(super) own: &'static Format,
    offers: fn(&Format) -> bool,
    keeps_own: bool,
}

impl Formats {
    /// A resource with one representation.
    pub(super) const fn only(own: &'static Format) -> Self {
        Self::new(own, |_| false)
    }

    /// The formats of reports.
    pub(super) const fn reports(own: &'static Format) -> Self {
        Self::new(own, Format::shows_reports)
    }

    /// The formats of numbers.
    #[cfg(feature = "metrics")]
    pub(super) const fn numbers(own: &'static Format) -> Self {
        Self::new(own, |format| !format.shows_reports())
    }

    /// Every format.
    pub(super) const fn all(own: &'static Format) -> Self {
        Self::new(own, |_| true)
    }

    const fn new(own: &'static Format, offers: fn(&Format) -> bool) -> Self {
        Self { own, offers, keeps_own: false }
    }

    /// Keeps to its own format for every client that accepts it at all. Probers and their operators count on plain text,
    /// and a browser accepts anything, as do most programs.
    pub(super) const fn keep_own(mut self) -> Self {
        self.keeps_own = true;
        self
    }

    /// Chooses the format that the query names, else the one that `Accept` prefers, else its own. A verdict in a
    /// format that nobody asked for is better than none.
    pub(super) fn negotiate(self, query: &Query, headers: &HeaderMap) -> &'static Format {
        let is_offered = |format: &Format| (self.offers)(format);
        if let Some(format) = query.format.filter(|format| is_offered(format)) {
            return format;
        }
        // JSON alone has the other views.
        if query.options.view.is_some_and(|view| view != RequestedView::Report(View::Native)) {
            return self.own;
        }
        let Some(accept) = Accept::parse(headers) else { return self.own };
        if self.keeps_own && accept.accepts(self.own) {
            return self.own;
        }
        accept.best(self.own, is_offered).unwrap_or(self.own)
    }

    /// Returns the formats that a client may choose from, its own first.
    #[cfg(feature = "openapi")]
    pub(super) fn offered(self) -> Vec<&'static Format> {
        let others = Format::all().filter(|format| *format != self.own);
        [self.own].into_iter().chain(others).filter(|format| (self.offers)(format)).collect()
    }
}
