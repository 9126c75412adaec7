//! One request to a receiver.

use std::time::{Duration, SystemTime};

use hyper::{Method, StatusCode};

use super::backoff::retry_after;
use crate::{
    mask::mask_credentials,
    probes::{
        deadline::Deadline,
        http_client::{HttpClient, StreamedResponse},
    },
    text::escape_controls,
};

/// Sends requests to one receiver, each on a connection of its own.
#[derive(Debug)]
pub(super) struct Post {
    client: HttpClient,
    timeout: Duration,
    /// Origin of the receiver, for messages: the path of a webhook may be a secret.
    pub(super) receiver: String,
    path: String,
}

/// A request that was not accepted.
#[derive(Debug)]
pub(super) struct Failure {
    /// The text for operators, without secrets.
    pub(super) problem: String,
    /// The status code, if there was a response.
    pub(super) code: Option<StatusCode>,
    /// The pause that the receiver asks for.
    pub(super) retry_after: Option<Duration>,
}

impl Post {
    pub(super) fn new(client: &HttpClient, content_type: &str, timeout: Duration) -> Self {
        let mut client = client.clone();
        client.method = Ok(Method::POST);
        client.headers.set("content-type", content_type);
        let url = client.url().map(ToString::to_string).unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { receiver: format!("{scheme}://{authority}"), path: path.to_owned(), client, timeout }
    }

    /// Sends a body with these headers in addition. A response's body is not read.
    ///
    /// # Errors
    /// There was no response within the timeout, or its status code is not 2xx. A redirect is not followed.
    pub(super) async fn send(&self, body: String, headers: &[(&str, &str)]) -> Result<(), Failure> {
        let mut client = self.client.clone();
        client.body = body;
        for (name, value) in headers {
            client.headers.set(name, value);
        }
        let response = match client.send(Deadline::new(self.timeout)).await {
            Ok(response) if response.status.is_success() => return Ok(()),
            response => response,
        };
        Err(match response {
            Ok(response) => Failure {
                problem: self.describe(&self.summary(&response)),
                code: Some(response.status),
                retry_after: retry_after(&response.headers, SystemTime::now()),
            },
            Err(problem) => Failure { problem: self.describe(&problem), code: None, retry_after: None },
        })
    }

    /// Returns the text about a response. Not its own: the target of a redirect may repeat a secret path in another form.
    fn summary(&self, StreamedResponse { status, remarks, .. }: &StreamedResponse) -> String {
        let redirect = if status.is_redirection() { ", a redirect, which is not followed" } else { "" };
        format!("{} answered {status}{redirect}{remarks}", self.receiver)
    }

    /// Returns a text without the path.
    fn describe(&self, problem: &str) -> String {
        let problem = if self.path.len() > 1 { problem.replace(&self.path, "/…") } else { problem.to_owned() };
        escape_controls(&mask_credentials(&problem)).into_owned()
    }
}

/// Returns the faults of a client, the files included, which blocks.
pub(super) fn faults(client: &HttpClient, timeout: Duration) -> Vec<String> {
    let mut faults = client.faults();
    faults.extend(client.file_faults());
    if timeout.is_zero() {
        faults.push("its timeout is zero; set a longer one, such as 10 s".to_owned());
    }
    faults
}
