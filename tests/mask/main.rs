//! Masking of secrets in messages, panics and data, with texts that must not change. The corpora are in this folder.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{Check, Level, Monitor, Outcome, Selection};
use health_tests::monitor;
use proptest::{
    prelude::{ProptestConfig, proptest},
    prop_assert, prop_assert_eq, prop_oneof,
    strategy::Strategy,
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// A check with a text in its message and data, and its report.
struct Said {
    runtime: Runtime,
    monitor: Monitor,
    text: Arc<Mutex<String>>,
}

impl Said {
    fn new() -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let says = Arc::clone(&text);
        let check = Check::new("says", Level::L1, move || {
            let text = says.lock().expect("no panic").clone();
            async move { Outcome::warn(text.clone()).with_data(json!([text])) }
        });
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, monitor: monitor([check.max_age(Duration::ZERO)]), text }
    }

    /// Returns the text as a report shows it.
    fn shown(&self, text: &str) -> String {
        text.clone_into(&mut self.text.lock().expect("no panic"));
        let report = self.runtime.block_on(self.monitor.report(&Selection::everything()));
        let result = report.result("says").expect("a result");
        let message = result.message().expect("a message").to_owned();
        assert_eq!(result.data(), Some(&json!([message])), "data and messages are masked alike");
        message
    }
}

fn lines(corpus: &str) -> impl Iterator<Item = String> {
    let lines = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines.map(|line| line.replace('·', "").replace('⏎', "\n"))
}

/// Returns the texts of the corpus, with their secret parts.
fn secrets() -> Vec<(String, Vec<String>)> {
    let secrets =
        |line: &str| line.split('⟦').skip(1).filter_map(|part| Some(part.split_once('⟧')?.0.to_owned())).collect();
    lines(include_str!("secrets.txt")).map(|line| (line.replace(['⟦', '⟧'], ""), secrets(&line))).collect()
}

/// Returns a part of a secret that is left, even one word of several.
fn survivor<'a>(text: &str, secrets: &'a [String], masked: &str) -> Option<&'a str> {
    let around = secrets.iter().fold(text.to_owned(), |text, secret| text.replacen(secret.as_str(), "", 1));
    let pieces = secrets.iter().flat_map(|secret| secret.split(|letter: char| !letter.is_alphanumeric()));
    let pieces = pieces.filter(|piece| piece.len() > 1 && !around.contains(piece));
    secrets.iter().map(String::as_str).chain(pieces).find(|piece| masked.contains(piece))
}

#[test]
fn secrets_of_the_corpus_are_masked() {
    let said = Said::new();
    let corpus = secrets();
    assert!(corpus.len() >= 145, "{} shapes", corpus.len());
    for (text, secrets) in corpus {
        assert!(!secrets.is_empty(), "{text} marks no secret");
        let masked = said.shown(&text);
        assert_eq!(survivor(&text, &secrets, &masked), None, "{text:?} became {masked:?}");
        assert_eq!(said.shown(&masked), masked, "{text:?} is masked differently a second time");
    }
}

#[test]
fn innocent_texts_of_the_corpus_are_unchanged() {
    let said = Said::new();
    let corpus: Vec<_> = lines(include_str!("innocent.txt")).collect();
    assert!(corpus.len() >= 60, "{} texts", corpus.len());
    for text in corpus {
        assert_eq!(said.shown(&text), text);
    }
}

#[test]
fn keys_that_become_equal_keep_their_values() {
    let check = Check::new("pools", Level::L1, || async {
        Outcome::pass().with_data(json!({ "redis://ada:a1b2@h": 1, "redis://bob:c3d4@h": 2 }))
    });
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let monitor = monitor([check]);
    let report = runtime.block_on(monitor.report(&Selection::everything()));
    let data = report.result("pools").and_then(|result| result.data()).and_then(Value::as_object).expect("an object");
    assert_eq!(json!(data), json!({ "redis://***@h": 1, "redis://***@h (2)": 2 }));
}

/// Texts made of the pieces that rules use, in any order. A quote in front of a secret is closed, because otherwise it would
/// close at the secret's own quote.
fn surroundings(is_open: bool) -> impl Strategy<Value = String> {
    const CLOSED: &[&str] = &[
        "a b ",
        "a: ",
        "a=b ",
        "a=b;",
        "token=",
        "token: ",
        "no password: ",
        "--token ",
        "Bearer ",
        "Basic ",
        "://",
        "://a:b ",
        "a/b@",
        "a:b@tcp(",
        "eyJ",
        "ghp_",
        "%3D",
        "%25",
        "&amp;",
        "&",
        ";",
        ",",
        ")",
        "]",
        "}",
        "<password>",
        "cookie=a; ",
        "***",
        "-----BEGIN ",
        "pass=3 ",
        "\u{85}",
        "\u{3000}",
        "@",
        "=",
    ];
    const OPEN: &[&str] =
        &["\"", "'", "\\", "{", "[", "(", "password=\"", "token: Some(\"", "-----BEGIN PRIVATE KEY-----\nMIIEvQABCD"];
    let piece = prop_oneof![
        proptest::sample::select(CLOSED).prop_map(str::to_owned),
        proptest::sample::select(if is_open { OPEN } else { CLOSED }).prop_map(str::to_owned),
        if is_open { ".{0,8}" } else { "[a-zA-Z0-9 .:=é@/-]{0,8}" },
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_survives_in_any_surroundings(before in surroundings(false), after in surroundings(true)) {
        let said = Said::new();
        for (text, secrets) in secrets() {
            let all = format!("{before}\n{text}\n{after}");
            let masked = said.shown(&all);
            // Words of a secret may surround it.
            let whole = secrets.iter().filter(|secret| secret.len() > 3);
            let left: Vec<_> = whole.filter(|secret| !after.contains(*secret) && masked.contains(*secret)).collect();
            prop_assert!(left.is_empty(), "{:?} of {:?} is left in {:?}", left, all, masked);
        }
    }

    #[test]
    fn masking_never_panics_and_is_idempotent(texts in proptest::collection::vec(surroundings(true), 64)) {
        let said = Said::new();
        for text in texts {
            let masked = said.shown(&text);
            prop_assert_eq!(said.shown(&masked), masked, "{:?}", text);
        }
    }
}
