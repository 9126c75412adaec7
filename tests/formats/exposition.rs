//! Reads the text of metrics, strictly and from the format's description, to see what a scraper would.

use std::collections::BTreeMap;

/// The value of each sample, by its name and its labels.
#[derive(Debug)]
pub(super) struct Exposition {
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
    /// The type of each family.
    pub(super) types: BTreeMap<String, String>,
}

impl Exposition {
    pub(super) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n') && !text.contains('\r'), "lines end with a line feed alone");
        let mut parsed = Self { samples: Vec::new(), types: BTreeMap::new() };
        for line in text[..text.len() - 1].split('\n') {
            match line.strip_prefix("# ") {
                Some("EOF") => assert!(text.ends_with(&format!("{line}\n"))),
                Some(comment) => {
                    let [keyword, family, rest] = comment.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                        panic!("no comment of the format: {line}");
                    };
                    assert!(matches!(keyword, "HELP" | "TYPE" | "UNIT"), "{line}");
                    if keyword == "TYPE" {
                        let before = parsed.types.insert(family.to_owned(), rest.to_owned());
                        assert_eq!(before, None, "a family stands in one place");
                    }
                }
                None => parsed.samples.push(sample(line)),
            }
        }
        parsed
    }

    /// The one sample of this name whose labels hold these.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let is_it = |found: &BTreeMap<String, String>| {
            labels.iter().all(|(name, value)| found.get(*name).is_some_and(|found| found == value))
        };
        let mut found = self.samples.iter().filter(|(sample, found, _)| sample == name && is_it(found));
        let value = found.next().map(|(_, _, value)| *value);
        assert!(found.next().is_none(), "more than one {name} {labels:?}");
        value
    }

    /// The values that a label has.
    pub(super) fn label_values(&self, label: &str) -> Vec<&str> {
        let mut values: Vec<_> =
            self.samples.iter().filter_map(|(_, labels, _)| labels.get(label).map(String::as_str)).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).expect("a name ends");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, value) = inside.split_once("=\"").expect("a label");
            assert!(is_name(label), "{line}");
            let (value, after) = quoted(value);
            assert_eq!(labels.insert(label.to_owned(), value), None, "a label twice: {line}");
            match after.split_at(1) {
                (",", more) => inside = more,
                ("}", after) => {
                    rest = after;
                    break;
                }
                _ => panic!("neither the next label nor the end: {line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("a value");
    (name.to_owned(), labels, value.parse().unwrap_or_else(|error| panic!("{error}: {line}")))
}

/// Splits a text at the closing quote.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, char @ ('"' | '\\'))) => char,
                other => panic!("nothing that can be escaped: {other:?}"),
            }),
            other => value.push(other),
        }
    }
    panic!("no end of {text:?}");
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
