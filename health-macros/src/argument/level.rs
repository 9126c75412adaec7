//! The value of `level`.

use syn::{Error, Lit, Path, Result};

use super::{Argument, calculated::is_calculated};
use crate::{literal::literal, source::source};

/// The variants of `Level`.
const LEVELS: [&str; 5] = ["L1", "L2", "L3", "L4", "L5"];

impl Argument {
    /// Reads `level = 5`.
    pub(crate) fn level(&self) -> Result<u8> {
        let value = self.value("level = 5")?;
        let written = source(&value);
        if written.contains("..") {
            return Err(Error::new_spanned(value, "a check has one level; write for example `level = 3`"));
        }
        if self.constant().is_none() && is_calculated(&value) && meant_level(&written).is_none() {
            return Err(self.calculated(&value));
        }
        let advice = match meant_level(&written) {
            Some(level) => format!("write `level = {level}`"),
            None => "write a number from `1` (the deepest checks) to `5` (the cheapest checks)".to_owned(),
        };
        let expected = format!("`{written}` is not a valid level; {advice}");
        match literal(value, &expected)? {
            Lit::Int(number) if number.suffix().is_empty() => {
                let level = number.base10_parse().ok().filter(|level| (1..=5).contains(level));
                level.ok_or_else(|| Error::new(number.span(), expected))
            }
            other => Err(Error::new_spanned(other, expected)),
        }
    }
}

/// Returns whether the path names a variant that `Level` does not have, such as `Level::Three`.
pub(super) fn is_misnamed(path: &Path) -> bool {
    let path = source(path);
    let Some((ty, variant)) = path.rsplit_once("::") else { return false };
    ty == "Level" && !LEVELS.contains(&variant) && meant_level(variant).is_some()
}

/// Returns the level that was meant by `"3"`, `L3`, `Level::L3`, `3u8`, `3.0` or `three`.
pub(crate) fn meant_level(written: &str) -> Option<u8> {
    let word = written.trim_matches(['"', '(', ')']).rsplit("::").next()?;
    let spelt_out = ["one", "two", "three", "four", "five"].iter().position(|number| word.eq_ignore_ascii_case(number));
    if let Some(index) = spelt_out {
        return u8::try_from(index + 1).ok();
    }
    let word = word.trim_start_matches('L');
    let (digit, rest) = word.split_at_checked(1)?;
    let is_whole = matches!(rest, "" | ".0") || rest.starts_with(['u', 'i']);
    digit.parse().ok().filter(|level| is_whole && (1..=5).contains(level))
}
