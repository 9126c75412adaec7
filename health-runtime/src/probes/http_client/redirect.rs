//! The requests to which redirects lead.

use hyper::{HeaderMap, Method, StatusCode, header::LOCATION};

use super::url::{ProbeUrl, redact_location};
use crate::probes::probe::excerpt;

/// One request of a run.
#[derive(Clone)]
pub(super) struct Hop {
    pub(super) url: ProbeUrl,
    pub(super) method: Method,
    pub(super) sends_body: bool,
}

/// A redirect in a response.
pub(super) struct Redirect<'a> {
    status: StatusCode,
    location: &'a [u8],
}

impl<'a> Redirect<'a> {
    pub(super) fn of(status: StatusCode, headers: &'a HeaderMap) -> Option<Self> {
        let location = headers.get(LOCATION).filter(|_| status.is_redirection())?;
        Some(Self { status, location: location.as_bytes() })
    }

    /// Returns the request that follows `hop`.
    ///
    /// # Errors
    /// The redirect must not be followed; the text is the reason.
    pub(super) fn follow(&self, hop: &Hop) -> Result<Hop, String> {
        let location = str::from_utf8(self.location).ok();
        let url = location.and_then(|location| hop.url.join(location).ok());
        let url = url.ok_or("it is not a valid `http://` or `https://` URL without credentials")?;
        if hop.url.is_secure() && !url.is_secure() {
            return Err("it is not encrypted".to_owned());
        }
        let (method, sends_body) = match self.status {
            // As browsers do (RFC 9110, section 15.4), and as a 303 requires.
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                let is_safe = hop.method == Method::HEAD || hop.method == Method::GET;
                (if is_safe { hop.method.clone() } else { Method::GET }, false)
            }
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => (hop.method.clone(), hop.sends_body),
            status => return Err(format!("{} offers a choice", status.as_u16())),
        };
        Ok(Hop { url, method, sends_body })
    }

    /// Names the redirect for a person, without secrets.
    pub(super) fn describe(&self) -> String {
        let location = str::from_utf8(self.location).ok().and_then(redact_location);
        location.map_or_else(
            || "a redirect to an invalid URL".to_owned(),
            |location| format!("a redirect to {}", excerpt(&location)),
        )
    }
}
