//! The value that the author gave to a foreign word, as the value of the key that was meant.

use proc_macro2::TokenStream;
use syn::{Lit, LitStr};

use crate::{duration, source::source};

/// Returns the example of a key with another value, such as `max_age = "10s"`, or `None` if that value does not fit.
pub(crate) fn with_value(example: &str, word: &str, value: &TokenStream) -> Option<String> {
    let literal: Lit = syn::parse2(value.clone()).ok()?;
    let written = source(&literal);
    if let Some((key, _)) = example.split_once('(') {
        return text(&literal).map(|_| format!("{key}({written})"));
    }
    let (key, example) = example.split_once(" = ")?;
    let example: Lit = syn::parse_str(example).ok()?;
    let fitting = match (&example, &literal) {
        (Lit::Int(_), Lit::Int(number)) => {
            let number: u32 = number.base10_parse().ok()?;
            let limit = if key == "level" { 5 } else { u32::MAX };
            (1..=limit).contains(&number).then_some(written)
        }
        (Lit::Str(example), _) if duration::parse(&example.value()).is_ok() => match &literal {
            Lit::Str(text) => duration::parse(&text.value()).is_ok().then_some(written),
            Lit::Int(number) => unit(word).map(|unit| format!("\"{}{unit}\"", number.base10_digits())),
            _ => None,
        },
        (Lit::Str(example), Lit::Str(text)) => {
            let is_url = |text: &LitStr| text.value().contains("://");
            (is_url(example) == is_url(text)).then_some(written)
        }
        _ => None,
    };
    fitting.map(|value| format!("{key} = {value}"))
}

fn text(literal: &Lit) -> Option<&LitStr> {
    if let Lit::Str(text) = literal { Some(text) } else { None }
}

/// Returns the unit of a number under a word of another product.
fn unit(word: &str) -> Option<&'static str> {
    match word {
        // Spring counts in milliseconds.
        "fixed_rate" | "fixed_delay" => Some("ms"),
        word if word.ends_with("_ms") || word.ends_with("_millis") => Some("ms"),
        word if word.ends_with("_seconds") || word.ends_with("_secs") => Some("s"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::with_value;

    #[test]
    fn fitting_values_are_kept() {
        for (example, word, value, meant) in [
            ("max_age = \"1s\"", "ttl", "\"10s\"", Some("max_age = \"10s\"")),
            ("max_age = \"1s\"", "ttl", "\"long\"", None),
            ("max_age = \"1s\"", "ttl", "10", None),
            ("interval = \"30s\"", "period_seconds", "10", Some("interval = \"10s\"")),
            ("interval = \"30s\"", "fixed_rate", "1000", Some("interval = \"1000ms\"")),
            ("tags(\"external\")", "tag", "\"db\"", Some("tags(\"db\")")),
            ("tags(\"external\")", "tag", "db", None),
            ("level = 3", "depth", "2", Some("level = 2")),
            ("level = 3", "depth", "7", None),
            ("failure_threshold = 3", "fall", "7", Some("failure_threshold = 7")),
            ("owner = \"payments\"", "team", "\"web\"", Some("owner = \"web\"")),
            ("runbook = \"https://…\"", "url", "\"https://wiki\"", Some("runbook = \"https://wiki\"")),
            ("runbook = \"https://…\"", "url", "\"wiki\"", None),
            ("flatten", "flat", "true", None),
        ] {
            let found = with_value(example, word, &value.parse().unwrap());
            assert_eq!(found.as_deref(), meant, "{word} = {value}");
        }
    }
}
