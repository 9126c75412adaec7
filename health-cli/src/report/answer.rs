//! Judges a response: a report of some shape, or an explanation of what came in its place.

use serde_json::Value;

use super::{Report, json, text};
use crate::{
    client::HttpAnswer,
    failure::{Failure, FailureKind},
    status::Status,
    target::Target,
    text::{printable, printable_value},
};

/// Reads a response.
///
/// # Errors
/// The response is not a report: it refuses the caller, leads elsewhere, or is a page.
pub(crate) fn read_answer(answer: &HttpAnswer, target: &Target, has_credentials: bool) -> Result<Report, Failure> {
    let code = answer.code;
    let media_type = answer.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = String::from_utf8_lossy(&answer.body);
    let json = media_type.contains("json").then(|| serde_json::from_str(&body).map(printable_value).ok()).flatten();
    let detail =
        json.as_ref().and_then(|json: &Value| json.get("detail")?.as_str()).map(|detail| format!(": {detail}"));
    let detail = detail.unwrap_or_default();
    match code {
        401 | 403 => return Err(refused(answer, target, has_credentials, &detail)),
        300..=399 => {
            let location = answer.header("location");
            // A query may hold a secret.
            let location = location.split(['?', '#']).next().unwrap_or_default();
            let advice = match location {
                "" => String::new(),
                location => format!(" to {location}; write the URL to which it leads"),
            };
            return Err(Failure::not_a_report(format!("{target} answers {code}, a redirect{advice}")));
        }
        _ => {}
    }
    let is_problem = media_type == "application/problem+json";
    if let Some(report) = json.as_ref().filter(|_| !is_problem).and_then(|json| json::read(json, &media_type)) {
        return Ok(with_code(report, code));
    }
    match &*media_type {
        _ if code == 429 => Err(Failure::not_a_report(format!(
            "{target} limits requests from this address (429){detail}; ask it less often"
        ))),
        "application/problem+json" => Err(Failure::not_a_report(format!("{target} answers {code}{detail}"))),
        "text/plain" | "" if code != 404 && code != 405 => {
            let status = if (200..300).contains(&code) { Status::Pass } else { Status::Fail };
            let mut report = text::read(&body, status);
            if status == Status::Fail && report.cause.is_none() && report.checks.is_empty() {
                report.cause = Some(format!("status code {code}"));
            }
            Ok(report)
        }
        "text/html" | "application/xhtml+xml" => Err(Failure::not_a_report(format!(
            "{target} answers {code} with a web page, which is not a health report; is this the path of a health endpoint?"
        ))),
        media_type if media_type.contains("json") => Err(Failure::not_a_report(format!(
            "{target} answers {code} with JSON that has no status, so it is not a health report; is this the path of a \
             health endpoint?"
        ))),
        "" | "text/plain" => Err(Failure::not_a_report(format!("{target} answers {code}"))),
        media_type => Err(Failure::not_a_report(format!(
            "{target} answers {code} with a body of the media type `{media_type}`, which is not a health report"
        ))),
    }
}

/// Counts the status code in: a pass that comes with an error code contradicts itself.
fn with_code(mut report: Report, code: u16) -> Report {
    if report.status == Status::Pass && code >= 400 {
        report.status = Status::Fail;
        report.cause = Some(format!("its status code is {code}, although it reports a pass"));
    }
    report
}

fn refused(answer: &HttpAnswer, target: &Target, has_credentials: bool, detail: &str) -> Failure {
    let code = answer.code;
    let challenges = answer.header("www-authenticate").to_ascii_lowercase();
    let options = [
        ("basic", "`--basic USER`"),
        ("bearer", "`--bearer`"),
        ("accesskey", "`--access-key ID`"),
        ("hmac-sha256", "`--signed ID`"),
    ];
    let options: Vec<_> =
        options.into_iter().filter(|(scheme, _)| challenges.contains(scheme)).map(|(_, option)| option).collect();
    let advice = match (has_credentials, &*options) {
        (_, []) => String::new(),
        (false, options) => format!("; it takes {}, with the secret in `--secret-file FILE`", options.join(" or ")),
        (true, options) => format!("; it takes {}", options.join(" or ")),
    };
    let message = match (has_credentials, code) {
        (true, 401) => format!("{target} refuses these credentials ({code}){detail}{advice}"),
        (true, _) => format!("{target} knows these credentials, but they may not see this ({code}){detail}"),
        (false, _) => format!("{target} asks for credentials ({code}){detail}{advice}"),
    };
    Failure::new(FailureKind::Refused, printable(&message))
}
