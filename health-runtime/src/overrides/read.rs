//! Reads settings: their sections, keys and values. Every fault is found at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    sections::{Overrides, Values},
    tree::Tree,
};
use crate::{
    model::{Level, SETTINGS, Setting, SettingKind, SettingValue},
    suggest::nearest,
    time::parse_duration,
};

/// Keys of a declaration that nothing replaces at deploy time.
const DECLARED_KEYS: [&str; 17] = [
    "access",
    "depends_on",
    "description",
    "display",
    "fleet",
    "flatten",
    "group",
    "groups",
    "level",
    "liveness",
    "name",
    "off",
    "owner",
    "readiness",
    "runbook",
    "startup",
    "tags",
];

pub(super) const SECTIONS: [&str; 5] = ["checks", "tags", "levels", "deadlines", "status_codes"];
pub(super) const DEADLINES: [&str; 2] = ["levels", "groups"];
pub(super) const STATUS_CODES: [&str; 4] = ["pass", "warn", "fail", "draining"];

/// Maximum number of characters of a faulty text that a message repeats.
const MAX_QUOTED_CHARACTERS: usize = 60;

/// Reads sections with their settings.
///
/// # Errors
/// All faults, each with the place of the setting.
pub(super) fn sections(tree: Tree) -> Result<Overrides, Vec<String>> {
    let mut reader = Reader::default();
    let overrides = reader.sections(tree);
    if reader.faults.is_empty() { Ok(overrides) } else { Err(reader.faults) }
}

/// Reads a list such as `billing.interval=1m, legacy.enabled=false`.
///
/// # Errors
/// All faults, each with the place of the setting.
pub(super) fn list(text: &str) -> Result<Overrides, Vec<String>> {
    let mut reader = Reader::default();
    let mut sections: BTreeMap<&str, Vec<(String, Tree)>> = BTreeMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let setting =
            entry.split_once('=').and_then(|(path, value)| Some((path.trim().rsplit_once('.')?, value.trim())));
        let Some(((subject, key), value)) = setting else {
            reader.fault(&quote(entry), "is not a setting; write for example `billing.interval=1m`");
            continue;
        };
        let (subject, key) = (subject.trim(), key.trim());
        let value = (key.to_owned(), Tree::Text(value.to_owned()));
        let is_report_key = |section: &str, keys: &[&str]| subject == section && keys.contains(&key);
        let (section, name) = if let Some(tag) = subject.strip_prefix("tag:") {
            ("tags", tag)
        } else if let Some(level) = subject.strip_prefix("level:") {
            ("levels", level)
        } else if is_report_key("deadlines", &DEADLINES) {
            sections.entry("deadlines").or_default().push(value);
            continue;
        } else if is_report_key("status_codes", &STATUS_CODES) {
            sections.entry("status_codes").or_default().push(value);
            continue;
        } else {
            ("checks", subject)
        };
        let named = sections.entry(section).or_default();
        match named.iter_mut().find(|(other, _)| other == name) {
            Some((_, Tree::Map(values))) => values.push(value),
            _ => named.push((name.to_owned(), Tree::Map(vec![value]))),
        }
    }
    let sections = sections.into_iter().map(|(section, named)| (section.to_owned(), Tree::Map(named)));
    let overrides = reader.sections(Tree::Map(sections.collect()));
    if reader.faults.is_empty() { Ok(overrides) } else { Err(reader.faults) }
}

/// Reads the text of a setting by its key.
type ReadSetting = fn(&str, &str) -> Result<(&'static str, SettingValue), String>;

#[derive(Default)]
struct Reader {
    faults: Vec<String>,
}

impl Reader {
    fn fault(&mut self, place: &str, fault: &str) {
        self.faults.push(format!("{place} {fault}"));
    }

    fn sections(&mut self, tree: Tree) -> Overrides {
        let mut read = Overrides::default();
        for (section, tree) in self.map("the document", tree) {
            match section.as_str() {
                "checks" => read.checks = self.named(tree, &section, str::to_owned),
                "tags" => read.tags = self.named(tree, &section, |name| format!("tag:{name}")),
                "levels" => {
                    for (name, values) in self.named(tree, &section, |name| format!("level:{name}")) {
                        match name.parse::<Level>() {
                            Ok(level) => _ = read.levels.insert(level, values),
                            Err(error) => {
                                self.fault(&quote(&format!("level:{name}")), &format!("names no level: {error}"));
                            }
                        }
                    }
                }
                "deadlines" => read.deadlines = self.values(tree, &section, deadline),
                "status_codes" => read.status_codes = self.values(tree, &section, status_code),
                _ => {
                    let advice = unknown_section(&section, &tree);
                    self.fault(&quote(&section), &format!("is not a section of settings; {advice}"));
                }
            }
        }
        read
    }

    /// Reads the settings of checks by names, tags or levels.
    fn named(&mut self, tree: Tree, section: &str, place: fn(&str) -> String) -> BTreeMap<String, Values> {
        let entries = self.map(&quote(section), tree);
        entries
            .into_iter()
            .map(|(name, tree)| {
                let values = self.values(tree, &place(&name), check_setting);
                (name, values)
            })
            .collect()
    }

    /// Reads settings by their keys.
    fn values(&mut self, tree: Tree, place: &str, read: ReadSetting) -> Values {
        let mut values = Values::new();
        for (key, tree) in self.map(&quote(place), tree) {
            let place = quote(&format!("{place}.{key}"));
            let text = match tree {
                Tree::Nothing => continue,
                Tree::Text(text) => text,
                Tree::Map(_) | Tree::List => {
                    self.fault(&place, "is not a single value; write for example `\"3s\"`");
                    continue;
                }
            };
            match read(&key, &text) {
                Ok((key, value)) => _ = values.insert(key, value),
                Err(fault) => self.fault(&place, &fault),
            }
        }
        values
    }

    /// Returns the entries of a map. Names that stand twice are a fault.
    fn map(&mut self, place: &str, tree: Tree) -> Vec<(String, Tree)> {
        let entries = match tree {
            Tree::Map(entries) => entries,
            Tree::Nothing => Vec::new(),
            Tree::Text(_) | Tree::List => {
                let example = r#"{ "checks": { "billing": { "interval": "1m" } } }"#;
                self.fault(place, &format!("is not a map of names; write for example `{example}`"));
                Vec::new()
            }
        };
        let mut names = BTreeSet::new();
        for (name, _) in &entries {
            if !names.insert(name) {
                self.faults.push(format!("{place} has {} twice; keep one of them", quote(name)));
            }
        }
        entries
    }
}

/// Reads a setting of checks.
fn check_setting(key: &str, text: &str) -> Result<(&'static str, SettingValue), String> {
    let Some(setting) = Setting::find(key) else {
        if DECLARED_KEYS.contains(&key) {
            return Err("is part of the declaration, which nothing replaces at deploy time; change the code".to_owned());
        }
        return Err(unknown_key(key, &SETTINGS.each_ref().map(|setting| setting.key)));
    };
    Ok((setting.key, value(setting.kind(), text)?))
}

/// Reads the time that reports have.
fn deadline(key: &str, text: &str) -> Result<(&'static str, SettingValue), String> {
    let key = known(key, &DEADLINES)?;
    match value(SettingKind::Time, text)? {
        SettingValue::Time(time) if time.is_zero() => {
            Err("is zero, so that no check could answer; use a longer one".to_owned())
        }
        time => Ok((key, time)),
    }
}

fn status_code(key: &str, text: &str) -> Result<(&'static str, SettingValue), String> {
    let key = known(key, &STATUS_CODES)?;
    let code = text.trim().parse().ok().filter(|code| is_report_code(*code));
    let fault =
        || format!("is {}, which is not a valid status code for a report; use one from 200 to 599", quote(text));
    Ok((key, SettingValue::Count(code.ok_or_else(fault)?.into())))
}

/// Returns whether a report may have this status code. 1xx responses are not final, and 204 and 304 cannot have a body.
pub(crate) const fn is_report_code(code: u16) -> bool {
    matches!(code, 200..=599) && !matches!(code, 204 | 304)
}

fn value(kind: SettingKind, text: &str) -> Result<SettingValue, String> {
    let text = text.trim();
    match kind {
        SettingKind::Flag => match text {
            "true" => Ok(SettingValue::Flag(true)),
            "false" => Ok(SettingValue::Flag(false)),
            _ => Err(format!("is {}, which is not valid; write `true` or `false`", quote(text))),
        },
        SettingKind::Count => text
            .parse()
            .map(SettingValue::Count)
            .map_err(|_| format!("is {}, which is not a valid number of results; write for example `3`", quote(text))),
        SettingKind::Time => parse_duration(text).map(SettingValue::Time).map_err(|_| {
            format!("is {}, which is not a valid duration; write for example `500ms`, `2s` or `1m 30s`", quote(text))
        }),
    }
}

fn known(key: &str, keys: &[&'static str]) -> Result<&'static str, String> {
    keys.iter().find(|known| **known == key).copied().ok_or_else(|| unknown_key(key, keys))
}

fn unknown_key(key: &str, keys: &[&str]) -> String {
    match nearest(key, keys.iter().copied()) {
        Some(meant) => format!("is not a setting; did you mean `{meant}`?"),
        None => format!("is not a setting; write one of `{}`", keys.join("`, `")),
    }
}

fn unknown_section(section: &str, tree: &Tree) -> String {
    let is_check = matches!(tree, Tree::Map(entries) if entries.iter().any(|(key, _)| Setting::find(key).is_some()));
    match nearest(section, SECTIONS.into_iter()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if is_check => {
            format!("settings of a check stand under `checks`: write `{{ \"checks\": {{ {section:?}: … }} }}`")
        }
        None => format!("write one of `{}`", SECTIONS.join("`, `")),
    }
}

/// Quotes a text, whose end is left out if it is long.
fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
