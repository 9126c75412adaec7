//! Judges the body of a response.

use serde_json::Value;

use crate::{
    model::Status,
    text::{escape_controls, floor_char_boundary},
};

/// Longest part of a reported value that a message shows.
const MAX_SHOWN_BYTES: usize = 64;

/// The body of a response.
pub(super) enum ReceivedBody {
    Whole(Vec<u8>),
    TooLong,
    /// Encoded, although that was not asked for.
    Encoded(String),
}

/// The user's expectations of a body.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedBody {
    values: Vec<ExpectedValue>,
    texts: Vec<String>,
}

/// The statuses of the values at one place in a JSON document.
#[derive(Clone, Debug)]
struct ExpectedValue {
    pointer: String,
    statuses: Vec<(Value, Status)>,
}

/// One reason for the status, as a part of a message.
pub(super) struct Finding {
    pub(super) status: Status,
    pub(super) text: String,
    /// The server has reported it, as opposed to a body that cannot be judged.
    pub(super) is_reported: bool,
}

impl Finding {
    const fn reported(status: Status, text: String) -> Self {
        Self { status, text, is_reported: true }
    }

    const fn unexpected(text: String) -> Self {
        Self { status: Status::Fail, text, is_reported: false }
    }
}

impl ExpectedBody {
    pub(super) fn add_value(&mut self, pointer: String, statuses: Vec<(Value, Status)>) {
        self.values.push(ExpectedValue { pointer, statuses });
    }

    pub(super) fn add_text(&mut self, text: String) {
        self.texts.push(text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.texts.is_empty()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<_> = self.values.iter().flat_map(ExpectedValue::faults).collect();
        faults.extend(
            self.texts
                .iter()
                .any(String::is_empty)
                .then(|| "its expected text is empty, which every body contains".to_owned()),
        );
        faults
    }

    /// Judges a body. Without expectations, a word for health at `/status` counts, if there is one.
    pub(super) fn judge(&self, body: &ReceivedBody) -> Vec<Finding> {
        let body = match body {
            ReceivedBody::Whole(body) => body,
            ReceivedBody::TooLong => return self.unread(", with a body too long to be read"),
            ReceivedBody::Encoded(encoding) => {
                return self.unread(&format!(", with a body in the encoding `{encoding}`, which is not read"));
            }
        };
        let mut findings: Vec<_> = self.texts.iter().filter_map(|text| missing_text(body, text)).collect();
        let document = serde_json::from_slice::<Value>(body);
        match document {
            Ok(document) if self.values.is_empty() => findings.extend(reported_status(&document)),
            Ok(document) => findings.extend(self.values.iter().map(|value| value.judge(&document))),
            Err(_) if self.values.is_empty() => {}
            Err(_) if body.is_empty() => findings.push(Finding::unexpected(", without a body".to_owned())),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let text = format!(", but its body is not valid JSON at line {line}, column {column}");
                findings.push(Finding::unexpected(text));
            }
        }
        findings
    }

    fn unread(&self, text: &str) -> Vec<Finding> {
        let finding = Finding::unexpected(text.to_owned());
        let status = if self.is_empty() { Status::Pass } else { Status::Fail };
        vec![Finding { status, ..finding }]
    }
}

impl ExpectedValue {
    fn judge(&self, document: &Value) -> Finding {
        let pointer = &self.pointer;
        let Some(value) = document.pointer(pointer) else {
            return Finding::unexpected(format!(", but its body has no `{pointer}`"));
        };
        let shown = show(value);
        if let Some((_, status)) = self.statuses.iter().find(|(expected, _)| expected == value) {
            return Finding::reported(*status, format!(", and reports {shown} at `{pointer}`"));
        }
        let expected: Vec<_> = self.statuses.iter().map(|(value, _)| show(value)).collect();
        let text = format!(", and reports {shown} at `{pointer}` instead of {}", expected.join(" or "));
        Finding::reported(Status::Fail, text)
    }

    fn faults(&self) -> Vec<String> {
        let pointer = &self.pointer;
        let mut faults = Vec::new();
        if !pointer.starts_with('/') {
            faults.push(format!("`{pointer}` is not a valid JSON pointer; write `/{pointer}`"));
        }
        if pointer.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            faults.push(format!("`{pointer}` is not a valid JSON pointer; write `~0` for `~`, and `~1` for `/`"));
        }
        if self.statuses.is_empty() {
            faults.push(format!("no value is expected at `{pointer}`; give `json` at least one with its status"));
        }
        for (index, (value, status)) in self.statuses.iter().enumerate() {
            if self.statuses[..index].iter().any(|(other, before)| other == value && before != status) {
                faults.push(format!("{} at `{pointer}` has two statuses", show(value)));
            }
        }
        faults
    }
}

fn missing_text(body: &[u8], text: &str) -> Option<Finding> {
    let is_there = text.is_empty() || body.windows(text.len()).any(|part| part == text.as_bytes());
    (!is_there).then(|| Finding::unexpected(format!(", but its body does not contain `{text}`")))
}

/// Returns the status that a service reports, in the words of the health+json draft and its aliases, of Spring and of .NET.
fn reported_status(document: &Value) -> Option<Finding> {
    let status = match document.get("status")?.as_str()?.to_ascii_lowercase().as_str() {
        "pass" | "ok" | "up" | "healthy" => Status::Pass,
        "warn" | "degraded" => Status::Warn,
        "fail" | "error" | "down" | "unhealthy" | "out_of_service" => Status::Fail,
        _ => return None,
    };
    Some(Finding::reported(status, format!(", and reports `{status}`")))
}

/// Returns a value for a message: a scalar, cut if it is long.
fn show(value: &Value) -> String {
    let text = match value {
        Value::Array(_) => return "an array".to_owned(),
        Value::Object(_) => return "an object".to_owned(),
        Value::String(text) => escape_controls(text).into_owned(),
        scalar => scalar.to_string(),
    };
    match floor_char_boundary(&text, MAX_SHOWN_BYTES) {
        end if end < text.len() => format!("`{}…`", &text[..end]),
        _ => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judge(expected: &ExpectedBody, body: &str) -> Vec<(Status, String)> {
        let findings = expected.judge(&ReceivedBody::Whole(body.as_bytes().to_vec()));
        findings.into_iter().map(|finding| (finding.status, finding.text)).collect()
    }

    fn value(pointer: &str, statuses: &[(Value, Status)]) -> ExpectedBody {
        let mut expected = ExpectedBody::default();
        expected.add_value(pointer.to_owned(), statuses.to_vec());
        expected
    }

    #[test]
    fn words_for_health_are_parsed() {
        for (body, status) in [
            (r#"{"status":"pass"}"#, Some(Status::Pass)),
            (r#" {"status": "UP", "components": {}} "#, Some(Status::Pass)),
            (r#"{"status":"Ok"}"#, Some(Status::Pass)),
            (r#"{"status":"warn"}"#, Some(Status::Warn)),
            (r#"{"status":"Degraded"}"#, Some(Status::Warn)),
            (r#"{"status":"DOWN"}"#, Some(Status::Fail)),
            (r#"{"status":"error"}"#, Some(Status::Fail)),
            (r#"{"status":"OUT_OF_SERVICE"}"#, Some(Status::Fail)),
            (r#"{"status":"active"}"#, None),
            (r#"{"status":200}"#, None),
            (r#"{"health":"fail"}"#, None),
            (r#""fail""#, None),
            (r#"{"status":"fail""#, None),
            ("fail", None),
            ("", None),
        ] {
            let findings = judge(&ExpectedBody::default(), body);
            assert_eq!(findings.first().map(|(status, _)| *status), status, "{body}");
        }
    }

    #[test]
    fn values_are_compared_by_type_and_content() {
        let long = "x".repeat(100);
        let statuses = [
            (json!("green"), Status::Pass),
            (json!("yellow"), Status::Warn),
            (json!(true), Status::Pass),
            (json!(0), Status::Fail),
            (json!(null), Status::Warn),
        ];
        let expected = value("/a~1b/1", &statuses);
        for (reported, status, text) in [
            (json!("green"), Status::Pass, ", and reports `green` at `/a~1b/1`"),
            (json!("yellow"), Status::Warn, ", and reports `yellow` at `/a~1b/1`"),
            (json!(true), Status::Pass, ", and reports `true` at `/a~1b/1`"),
            (json!(0), Status::Fail, ", and reports `0` at `/a~1b/1`"),
            (json!(null), Status::Warn, ", and reports `null` at `/a~1b/1`"),
            (json!("Green"), Status::Fail, "reports `Green` at `/a~1b/1` instead of `green` or `yellow` or `true`"),
            (json!("true"), Status::Fail, "reports `true` at `/a~1b/1` instead of"),
            (json!([1]), Status::Fail, "reports an array at"),
            (json!({ "a": 1 }), Status::Fail, "reports an object at"),
            (json!("a\nb"), Status::Fail, r"reports `a\nb` at"),
            (json!(long), Status::Fail, "xxx…` at"),
        ] {
            let findings = judge(&expected, &json!({ "a/b": [0, reported] }).to_string());
            let [(found, message)] = findings.as_slice() else { panic!("{findings:?}") };
            assert!(*found == status && message.contains(text), "{message}");
        }
        for (body, text) in [
            ("{}", ", but its body has no `/a~1b/1`"),
            ("[", ", but its body is not valid JSON at line 1, column 1"),
            ("<html>", ", but its body is not valid JSON at line 1, column 1"),
            ("", ", without a body"),
        ] {
            assert_eq!(judge(&expected, body), [(Status::Fail, text.to_owned())]);
        }
    }

    #[test]
    fn every_expectation_has_a_finding() {
        let mut expected = value("/a", &[(json!(1), Status::Pass)]);
        expected.add_value("/b".to_owned(), vec![(json!(1), Status::Warn)]);
        expected.add_text("needle".to_owned());
        let findings = judge(&expected, r#"{"a":1,"b":1,"status":"fail"}"#);
        let statuses: Vec<_> = findings.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [Status::Fail, Status::Pass, Status::Warn], "{findings:?}");
        assert!(findings[0].1.ends_with("does not contain `needle`"));
        assert_eq!(judge(&expected, r#"{"a":1,"b":1,"c":"a needle"}"#).len(), 2);
    }

    #[test]
    fn unreadable_body_fails_only_if_it_is_expected() {
        for body in [ReceivedBody::TooLong, ReceivedBody::Encoded("gzip".to_owned())] {
            assert_eq!(ExpectedBody::default().judge(&body)[0].status, Status::Pass);
            assert_eq!(value("/a", &[(json!(1), Status::Pass)]).judge(&body)[0].status, Status::Fail);
        }
    }

    #[test]
    fn invalid_expectations_are_faults() {
        for (pointer, statuses, part) in [
            ("status", vec![(json!(1), Status::Pass)], "write `/status`"),
            ("", vec![(json!(1), Status::Pass)], "not a valid JSON pointer"),
            ("/a~2", vec![(json!(1), Status::Pass)], "`~0` for `~`"),
            ("/a", vec![], "no value is expected at `/a`"),
            ("/a", vec![(json!(1), Status::Pass), (json!(1), Status::Warn)], "`1` at `/a` has two statuses"),
        ] {
            let faults = value(pointer, &statuses).faults();
            assert!(faults.len() == 1 && faults[0].contains(part), "{faults:?}");
        }
        assert_eq!(value("", &[]).faults().len(), 2);
    }
}
