//! The settings that all receivers share: who sends, and how much.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::probes::http_client::ProbeUrl;

/// The sender of alerts as receivers see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sender {
    pub(super) service: Option<String>,
    pub(super) instance: Option<String>,
    pub(super) endpoint_url: Option<String>,
    /// Whether messages are sent.
    pub(super) shows_details: bool,
}

impl Sender {
    /// Returns the name of the service; empty where [`faults`](Self::faults) reports its absence.
    pub(super) fn service(&self) -> &str {
        self.service.as_deref().unwrap_or_default()
    }

    /// Returns the URL of a check, if that of the endpoint is known.
    pub(super) fn check_url(&self, check: &str) -> Option<String> {
        let base = self.endpoint_url.as_deref()?.trim_end_matches('/');
        Some(format!("{base}/checks/{}", utf8_percent_encode(check, NON_ALPHANUMERIC)))
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        match &self.service {
            None => faults.push(
                "it has no name of the service; write `.service(\"orders\")`, or give the endpoint `build_info`"
                    .to_owned(),
            ),
            Some(name) if name.trim().is_empty() => faults.push("its `service` is blank; write a name".to_owned()),
            Some(_) => {}
        }
        if self.instance.as_ref().is_some_and(|name| name.trim().is_empty()) {
            faults.push("its `instance` is blank; write a name, or leave it out".to_owned());
        }
        if let Some(Err(fault)) = self.endpoint_url.as_deref().map(ProbeUrl::parse) {
            faults.push(fault.replacen("its URL", "its `endpoint_url`", 1));
        }
        if self.endpoint_url.as_ref().is_some_and(|url| url.contains(['?', '#'])) {
            faults.push("its `endpoint_url` has a query or a fragment; write the path alone".to_owned());
        }
        faults
    }
}

/// Gives a receiver with the fields `sender` and `timeout` the settings of both.
macro_rules! sender_settings {
    ($receiver:ident) => {
        impl $receiver {
            /// Sets the name of the service. Default: the name in the build information of the endpoint. Without either, it is
            /// a start-up error.
            pub fn service(mut self, name: impl Into<String>) -> Self {
                self.sender.service = Some(name.into());
                self
            }

            /// Sets the URL of the endpoint's overview as people reach it, such as `https://orders.example.com/health`, for
            /// links to the checks. Default: none. A URL that is not valid is a start-up error.
            pub fn endpoint_url(mut self, url: impl Into<String>) -> Self {
                self.sender.endpoint_url = Some(url.into());
                self
            }

            /// Sends the messages of checks, too. Default: not, because a message may name hosts, tenants and files, and
            /// receivers hand it on to chats and mailboxes. Secrets are masked in any case.
            pub fn details(mut self) -> Self {
                self.sender.shows_details = true;
                self
            }

            /// Sets the longest time for one request. Default: 10 s. Zero is a start-up error.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.timeout = timeout;
                self
            }
        }
    };
}

pub(super) use sender_settings;
