use std::{borrow::Cow, collections::BTreeSet, time::Duration};

use super::{problem::ProblemDetails, target::Target};
use crate::{render::FormatId, time::parse_duration};

/// What a level report looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum View {
    /// Statuses, times, causes, details: the native shape.
    #[default]
    Native,
    /// Just the data.
    Values,
}

/// How many names that no check has are kept to be reported, however many a stranger sends.
const MAX_UNMATCHED_NAMES: usize = 8;

/// A query, understood. Keys that are not known are left alone: probers add their own against caches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) shape: Shape,
    /// The encoding that it asks for.
    pub(super) format: Option<FormatId>,
    /// Each once, however often it is said.
    pub(super) tags: BTreeSet<String>,
    /// Names of checks.
    pub(super) excluded: BTreeSet<String>,
    /// Names that no check has, of which the first few are reported.
    pub(super) unmatched: BTreeSet<String>,
    pub(super) timeout: Option<Duration>,
}

/// What a query says of the looks of an answer, and nothing of what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) view: Option<View>,
    pub(super) is_cumulative: bool,
    pub(super) is_verbose: bool,
    /// Only what changes of a page, for its script.
    pub(super) is_fragment: bool,
}

impl Shape {
    /// What of it makes a difference there, so that no answer is stored twice.
    pub(super) fn there(self, target: &Target, format: FormatId) -> Self {
        let is_of_levels = matches!(target, Target::Levels | Target::Level(_));
        Self {
            view: self.view.filter(|_| is_of_levels && format == FormatId::JSON),
            is_cumulative: self.is_cumulative && matches!(target, Target::Level(_)),
            is_verbose: self.is_verbose && format == FormatId::TEXT,
            is_fragment: self.is_fragment && format.is_page(),
        }
    }
}

impl Query {
    /// Reads a query; `is_check` says whether a check has a name.
    pub(super) fn parse(query: Option<&str>, is_check: impl Fn(&str) -> bool) -> Result<Self, ProblemDetails> {
        let mut parsed = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "view" => {
                    parsed.shape.view = Some(match &*value {
                        "native" => View::Native,
                        "values" => View::Values,
                        _ => return Err(ProblemDetails::bad_request("`view` is `native` or `values`")),
                    });
                }
                // One that is not known leaves it to `Accept` and the route: a verdict in the wrong encoding beats none.
                // And a `+` in a name is written as it is, where a query has it for a space.
                "format" => parsed.format = FormatId::named(&value.replace(' ', "+")),
                "cumulative" => parsed.shape.is_cumulative = flag(&key, &value)?,
                "fragment" => parsed.shape.is_fragment = flag(&key, &value)?,
                "verbose" => parsed.shape.is_verbose = flag(&key, &value)?,
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

    /// What asks for the same as JSON, where this much of the shape makes a difference. Without the time it may take.
    #[cfg(feature = "page")]
    pub(super) fn as_json(&self, shape: Shape) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("format", "json");
        if shape.is_cumulative {
            query.append_key_only("cumulative");
        }
        query.extend_pairs(self.tags.iter().map(|tag| ("tag", tag)));
        query.extend_pairs(self.excluded.iter().map(|name| ("exclude", name)));
        query.finish()
    }

    /// Whether the answer is one that others will ask for, too: there are but a few of these.
    pub(super) fn is_common(&self) -> bool {
        self.tags.is_empty() && self.excluded.is_empty() && self.unmatched.is_empty() && self.timeout.is_none()
    }
}

/// `?verbose`, `?verbose=true`, `?verbose=1` and their opposites.
fn flag(key: &str, value: &str) -> Result<bool, ProblemDetails> {
    match value {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ProblemDetails::bad_request(format!(
            "`{key}` is a flag: leave its value out, or say `true` or `false`"
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
    use crate::model::Level;

    /// Every name of one letter is that of a check.
    fn parse(query: Option<&str>) -> Result<Query, ProblemDetails> {
        Query::parse(query, |name| name.len() == 1)
    }

    #[test]
    fn every_key_is_understood() {
        let query = "view=values&format=text&cumulative&verbose=1&tag=a&tag=b%20c&exclude=x&exclude=nobody&exclude=y&timeout=1s%20500ms";
        let parsed = parse(Some(query)).expect("a good query");
        assert_eq!(
            parsed,
            Query {
                shape: Shape { view: Some(View::Values), is_cumulative: true, is_verbose: true, is_fragment: false },
                format: Some(FormatId::TEXT),
                tags: ["a".into(), "b c".into()].into(),
                excluded: ["x".into(), "y".into()].into(),
                unmatched: ["nobody".into()].into(),
                timeout: Some(Duration::from_millis(1500)),
            }
        );
        assert!(!parsed.is_common());
    }

    #[test]
    fn what_is_said_twice_is_said_once() {
        let repeated = format!("{}&{}", "exclude=b&exclude=a&".repeat(3_000), "tag=x&".repeat(3_000));
        let parsed = parse(Some(&repeated)).expect("a good query");
        assert_eq!(parsed, parse(Some("exclude=a&exclude=b&tag=x")).expect("a good query"));
        assert_eq!((parsed.excluded.len(), parsed.tags.len()), (2, 1));
    }

    #[test]
    fn words_without_a_meaning_there_store_no_answer_of_their_own() {
        let everything = Shape { view: Some(View::Values), is_cumulative: true, is_verbose: true, is_fragment: true };
        let none = Shape::default();
        let check = Target::Check("db".to_owned());
        for format in FormatId::all() {
            let of_check = everything.there(&check, format);
            let expected = match format.format().name {
                "text" => Shape { is_verbose: true, ..none },
                "html" => Shape { is_fragment: true, ..none },
                _ => none,
            };
            assert_eq!(of_check, expected, "{}", format.format().name);
        }
        let of_levels = Shape { view: Some(View::Values), ..none };
        assert_eq!(everything.there(&Target::Levels, FormatId::JSON), of_levels);
        let of_level = Shape { is_cumulative: true, ..of_levels };
        assert_eq!(everything.there(&Target::Level(Level::L3), FormatId::JSON), of_level);
    }

    #[test]
    fn what_is_not_known_changes_nothing() {
        for query in [None, Some(""), Some("_=17"), Some("format=yaml"), Some("&&=&%zz"), Some("verbose=false")] {
            assert_eq!(parse(query).expect("a good query"), Query::default(), "{query:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
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
