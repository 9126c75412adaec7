//! The keys of a macro: known, seen, misspelt, and named as in other products.

use proc_macro2::TokenStream;
use syn::{Error, Ident, Result};

use crate::{source::source, suggestion::with_value};

/// Similarity from which a key is suggested, from 0 (nothing in common) to 1 (the same). The runtime has the same number.
const MIN_SIMILARITY: f64 = 0.8;

/// The keys that take a list.
const LISTS: [&str; 7] = ["tags", "depends_on", "checks", "state", "crates", "enable", "enable_crates"];

/// Words that authors try, in snake case: from Spring, ASP.NET, Kubernetes, or plain English.
#[derive(Debug)]
pub(crate) struct ForeignWords {
    pub(crate) words: &'static [&'static str],
    pub(crate) remedy: Remedy,
}

/// The text to write instead of a foreign word.
#[derive(Debug)]
pub(crate) enum Remedy {
    /// A key, with an example of its value.
    Key(&'static str),
    /// Something other than a key.
    Advice(&'static str),
    /// One of these keys, which the value names, or else the advice.
    KeyOfValue(&'static [&'static str], &'static str),
    /// This text beside one of the values, or else the advice.
    KeyOfValues(&'static str, &'static [&'static str], &'static str),
}

/// Returns words for a key, with an example of its value.
pub(crate) const fn key(example: &'static str, words: &'static [&'static str]) -> ForeignWords {
    ForeignWords { words, remedy: Remedy::Key(example) }
}

/// Returns words for something other than a key.
pub(crate) const fn advice(advice: &'static str, words: &'static [&'static str]) -> ForeignWords {
    ForeignWords { words, remedy: Remedy::Advice(advice) }
}

/// Returns words for keys that their value names, with something to write for another value.
pub(crate) const fn key_of_value(
    keys: &'static [&'static str],
    advice: &'static str,
    words: &'static [&'static str],
) -> ForeignWords {
    ForeignWords { words, remedy: Remedy::KeyOfValue(keys, advice) }
}

/// Returns words for a key that one of the values means, with something to write for another value.
pub(crate) const fn key_of_values(
    key: &'static str,
    values: &'static [&'static str],
    advice: &'static str,
    words: &'static [&'static str],
) -> ForeignWords {
    ForeignWords { words, remedy: Remedy::KeyOfValues(key, values, advice) }
}

/// Fails unless every suggested key exists, and every word stands once and is not a key.
#[cfg(test)]
pub(crate) fn assert_foreign_words(foreign: &[ForeignWords], known: &[&str]) {
    let mut words = std::collections::HashSet::new();
    for foreign in foreign {
        if let Remedy::Key(example) | Remedy::KeyOfValues(example, ..) = foreign.remedy {
            let name = example.split([' ', '(', ':']).next();
            assert!(known.iter().any(|key| Some(*key) == name), "{example}");
        }
        for word in foreign.words {
            assert!(words.insert(word), "`{word}` stands twice");
            assert!(!known.contains(word), "`{word}` is a key");
        }
    }
}

/// Admits each known key once.
#[derive(Debug)]
pub(crate) struct Keys {
    known: Vec<&'static str>,
    foreign: &'static [ForeignWords],
    seen: Vec<String>,
    /// The known keys that misspelt ones are closest to.
    meant: Vec<&'static str>,
}

impl Keys {
    pub(crate) fn new(known: impl IntoIterator<Item = &'static str>, foreign: &'static [ForeignWords]) -> Self {
        Self { known: known.into_iter().collect(), foreign, seen: Vec::new(), meant: Vec::new() }
    }

    /// Returns the index of the key among the known ones, or an error for a key that is unknown or repeated.
    pub(crate) fn admit(&mut self, key: &Ident) -> Result<usize> {
        self.admit_with(key, None)
    }

    /// Like [`admit`](Self::admit). The advice for a foreign word keeps the written value if it fits the key that was meant.
    pub(crate) fn admit_with(&mut self, key: &Ident, value: Option<&TokenStream>) -> Result<usize> {
        let name = key.to_string();
        let Some(index) = self.known.iter().position(|known| *known == name) else {
            return Err(Error::new(key.span(), self.unknown(&name, value)));
        };
        if self.seen.contains(&name) {
            let advice = if LISTS.contains(&name.as_str()) { "write one list" } else { "keep one of them" };
            return Err(Error::new(key.span(), format!("`{name}` is given twice; {advice}")));
        }
        self.seen.push(name);
        Ok(index)
    }

    /// Returns whether the key was given, or misspelt. A misspelt key must not be reported as missing as well.
    pub(crate) fn has_seen(&self, key: &str) -> bool {
        self.seen.iter().any(|seen| seen == key) || self.meant.contains(&key)
    }

    fn unknown(&mut self, name: &str, value: Option<&TokenStream>) -> String {
        let word = snake_case(name);
        let foreign = self.foreign.iter().find(|foreign| foreign.words.contains(&word.as_str()));
        match foreign.map(|foreign| &foreign.remedy) {
            Some(Remedy::Advice(advice)) => {
                // `levels` is a misspelt `level` all the same.
                self.meant.extend(self.nearest(&word));
                format!("there is no key `{name}`; {advice}")
            }
            Some(Remedy::KeyOfValue(keys, advice)) => match value.and_then(|value| named_keys(keys, value)) {
                Some(named) => format!("there is no key `{name}`; write `{named}`"),
                None => format!("there is no key `{name}`; {advice}"),
            },
            Some(Remedy::KeyOfValues(key, values, advice)) => {
                let is_known = value.is_some_and(|value| named_keys(values, value).is_some());
                if is_known {
                    format!("there is no key `{name}`; write `{key}`")
                } else {
                    format!("there is no key `{name}`; {advice}")
                }
            }
            Some(Remedy::Key(example)) => {
                self.meant.extend(example.split([' ', ':', '(']).next());
                match value.and_then(|value| with_value(example, &word, value)) {
                    Some(meant) => format!("there is no key `{name}`; write `{meant}`"),
                    None => format!("there is no key `{name}`; did you mean `{example}`?"),
                }
            }
            None => match self.nearest(&word) {
                Some(nearest) => {
                    self.meant.push(nearest);
                    format!("there is no key `{name}`; did you mean `{nearest}`?")
                }
                None if self.known.len() == 1 => {
                    format!("there is no key `{name}`; the only key is `{}`", self.known[0])
                }
                None => format!("there is no key `{name}`; known keys are `{}`", self.known.join("`, `")),
            },
        }
    }

    fn nearest(&self, word: &str) -> Option<&'static str> {
        let similarities = self.known.iter().map(|known| (strsim::jaro_winkler(word, known), *known));
        let similar = similarities.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY);
        similar.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, known)| known)
    }
}

/// Returns the keys in a value such as `"readiness", "startup"`; `None` if it names anything else.
fn named_keys(keys: &[&str], value: &TokenStream) -> Option<String> {
    let value = source(value);
    let named: Vec<&str> = value.split([',', '|']).map(|word| word.trim_matches([' ', '"', '[', ']', '&'])).collect();
    named.iter().all(|word| keys.contains(word)).then(|| named.join(", "))
}

/// Returns `failure_threshold` for `failureThreshold`.
fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn camel_case_becomes_snake_case() {
        for (name, word) in
            [("periodSeconds", "period_seconds"), ("TTL", "t_t_l"), ("Max_Age", "max_age"), ("tag", "tag")]
        {
            assert_eq!(snake_case(name), word);
        }
    }
}
