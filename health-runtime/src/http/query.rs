use std::{borrow::Cow, collections::BTreeSet, time::Duration};

use super::problem::ProblemDetails;
use crate::{
    render::{Format, FormatOption},
    time::parse_duration,
};

/// The shape of a level report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum View {
    /// Statuses, times, causes and details.
    #[default]
    Native,
    /// The data alone.
    Values,
}

/// Maximum number of unknown names that are reported.
const MAX_UNMATCHED_NAMES: usize = 8;

/// The view that a query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RequestedView {
    Report(View),
    /// Shares of time and latencies, instead of a report.
    #[cfg(feature = "availability")]
    Availability,
}

/// The fault of an unknown view.
const VIEWS: &str = if cfg!(feature = "availability") {
    "`view` must be `native`, `values` or `availability`"
} else {
    "`view` must be `native` or `values`"
};

/// A parsed query. Unknown keys are ignored, because probers add their own against caches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) options: ViewOptions,
    /// The requested format.
    pub(super) format: Option<&'static Format>,
    /// Without duplicates.
    pub(super) tags: BTreeSet<String>,
    /// Names of checks to leave out.
    pub(super) excluded: BTreeSet<String>,
    /// The first unknown names among those to leave out.
    pub(super) unmatched: BTreeSet<String>,
    pub(super) timeout: Option<Duration>,
}

/// The options of a query that change how an answer looks, and not what it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ViewOptions {
    pub(super) view: Option<RequestedView>,
    pub(super) is_cumulative: bool,
    pub(super) is_verbose: bool,
    /// Whether the script of a page asks only for the part that changes.
    pub(super) is_fragment: bool,
}

impl ViewOptions {
    /// Drops the options that a format ignores, so that no answer is stored twice.
    pub(super) fn retain_supported(self, format: &Format) -> Self {
        Self {
            view: self.view.filter(|_| format.reads(FormatOption::Values)),
            is_verbose: self.is_verbose && format.reads(FormatOption::Verbose),
            is_fragment: self.is_fragment && format.reads(FormatOption::Fragment),
            ..self
        }
    }
}

impl Query {
    /// Parses a query; `is_check` returns whether a check has a name.
    pub(super) fn parse(query: Option<&str>, is_check: impl Fn(&str) -> bool) -> Result<Self, ProblemDetails> {
        let mut parsed = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "view" => {
                    parsed.options.view = Some(match &*value {
                        "native" => RequestedView::Report(View::Native),
                        "values" => RequestedView::Report(View::Values),
                        #[cfg(feature = "availability")]
                        "availability" => RequestedView::Availability,
                        _ => return Err(ProblemDetails::bad_request(VIEWS)),
                    });
                }
                // An unknown format is ignored: a verdict in the wrong format is better than none. A `+` in a name decodes to a
                // space.
                "format" => parsed.format = Format::named(&value.replace(' ', "+")),
                "cumulative" => parsed.options.is_cumulative = flag(&key, &value)?,
                "fragment" => parsed.options.is_fragment = flag(&key, &value)?,
                "verbose" => parsed.options.is_verbose = flag(&key, &value)?,
                "tag" => drop(parsed.tags.insert(value.into_owned())),
                "exclude" => parsed.exclude(value, &is_check),
                "timeout" => parsed.timeout = Some(timeout(&value)?),
                _ => {}
            }
        }
        Ok(parsed)
    }

    fn exclude(&mut self, name: Cow<'_, str>, is_check: impl Fn(&str) -> bool) {
        if is_check(&name) {
            self.excluded.insert(name.into_owned());
        } else if self.unmatched.len() < MAX_UNMATCHED_NAMES {
            self.unmatched.insert(name.into_owned());
        }
    }

    /// Returns the query for the same report as JSON, without its deadline.
    #[cfg(feature = "page")]
    pub(super) fn json_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("format", "json");
        if self.options.is_cumulative {
            query.append_key_only("cumulative");
        }
        query.extend_pairs(self.tags.iter().map(|tag| ("tag", tag)));
        query.extend_pairs(self.excluded.iter().map(|name| ("exclude", name)));
        query.finish()
    }

    /// Returns whether it leaves no check of a level out.
    #[cfg(feature = "availability")]
    pub(super) fn selects_whole_levels(&self) -> bool {
        self.tags.is_empty() && self.excluded.is_empty()
    }

    /// Returns whether other requests are likely to be the same. There are only a few common queries.
    pub(super) fn is_common(&self) -> bool {
        self.tags.is_empty() && self.excluded.is_empty() && self.unmatched.is_empty() && self.timeout.is_none()
    }
}

/// Parses `?verbose`, `?verbose=true`, `?verbose=1` and their opposites.
fn flag(key: &str, value: &str) -> Result<bool, ProblemDetails> {
    match value {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ProblemDetails::bad_request(format!(
            "`{key}` is a flag: leave its value out, or write `true` or `false`"
        ))),
    }
}

fn timeout(value: &str) -> Result<Duration, ProblemDetails> {
    match parse_duration(value) {
        Ok(Duration::ZERO) => Err(ProblemDetails::bad_request("`timeout` cannot be zero; write for example `500ms`")),
        Ok(timeout) => Ok(timeout),
        Err(fault) => Err(ProblemDetails::bad_request(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name of one letter belongs to a check.
    fn parse(query: Option<&str>) -> Result<Query, ProblemDetails> {
        Query::parse(query, |name| name.len() == 1)
    }

    #[test]
    fn every_key_is_parsed() {
        let query = "view=values&format=text&cumulative&verbose=1&tag=a&tag=b%20c&exclude=x&exclude=nobody&exclude=y&timeout=1s%20500ms";
        let parsed = parse(Some(query)).expect("a good query");
        assert_eq!(
            parsed,
            Query {
                options: ViewOptions {
                    view: Some(RequestedView::Report(View::Values)),
                    is_cumulative: true,
                    is_verbose: true,
                    is_fragment: false
                },
                format: Some(Format::TEXT),
                tags: ["a".into(), "b c".into()].into(),
                excluded: ["x".into(), "y".into()].into(),
                unmatched: ["nobody".into()].into(),
                timeout: Some(Duration::from_millis(1500)),
            }
        );
        assert!(!parsed.is_common());
    }

    #[cfg(feature = "availability")]
    #[test]
    fn last_view_counts() {
        let view = |query| parse(Some(query)).expect("a good query").options.view;
        assert_eq!(view("view=values&view=availability"), Some(RequestedView::Availability));
        assert_eq!(view("view=availability&view=values"), view("view=values"));
    }

    #[test]
    fn duplicates_count_once() {
        let repeated = format!("{}&{}", "exclude=b&exclude=a&".repeat(3_000), "tag=x&".repeat(3_000));
        let parsed = parse(Some(&repeated)).expect("a good query");
        assert_eq!(parsed, parse(Some("exclude=a&exclude=b&tag=x")).expect("a good query"));
        assert_eq!((parsed.excluded.len(), parsed.tags.len()), (2, 1));
    }

    #[test]
    fn ignored_options_are_dropped() {
        let view = Some(RequestedView::Report(View::Values));
        let all = ViewOptions { view, is_cumulative: true, is_verbose: true, is_fragment: true };
        let none = ViewOptions { is_cumulative: true, ..ViewOptions::default() };
        for format in Format::all() {
            let expected = match format.name {
                "json" => ViewOptions { view, ..none },
                "text" => ViewOptions { is_verbose: true, ..none },
                "html" => ViewOptions { is_fragment: true, ..none },
                _ => none,
            };
            assert_eq!(all.retain_supported(format), expected, "{}", format.name);
        }
    }

    #[test]
    fn unknown_keys_and_formats_are_ignored() {
        for query in [None, Some(""), Some("_=17"), Some("format=yaml"), Some("&&=&%zz"), Some("verbose=false")] {
            assert_eq!(parse(query).expect("a good query"), Query::default(), "{query:?}");
        }
    }

    #[test]
    fn invalid_values_are_refused() {
        for query in [
            "view=",
            "view=xml",
            "verbose=yes",
            "timeout=2",
            "timeout=0s",
            "timeout=-1s",
            "timeout=99999999999999999999s",
        ] {
            assert!(parse(Some(query)).is_err(), "{query}");
        }
    }
}
