//! Headers of a request: those of the probe, and the user's, which may be secrets in files.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT},
};

use super::reloaded::Reloaded;
use crate::{file::FileContent, probes::deadline::Deadline};

/// Headers of the connection, which users must not set.
const RESERVED_HEADERS: [&str; 7] =
    ["connection", "content-length", "expect", "proxy-authorization", "te", "transfer-encoding", "upgrade"];

/// The headers of a probe's requests.
#[derive(Clone, Debug)]
pub(crate) struct RequestHeaders {
    /// Sent to any host.
    defaults: HeaderMap,
    /// Sent to the host of the probe's URL alone.
    own: HeaderMap,
    files: Vec<(HeaderName, Reloaded<HeaderValue>)>,
    pub(super) faults: Vec<String>,
}

impl RequestHeaders {
    pub(super) fn new(accept: &'static str) -> Self {
        let mut defaults = HeaderMap::new();
        defaults.insert(ACCEPT, HeaderValue::from_static(accept));
        // Bodies are read as they are, and a speed is measured in bytes of the line.
        defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        defaults.insert(USER_AGENT, HeaderValue::from_static(concat!("health-runtime/", env!("CARGO_PKG_VERSION"))));
        Self { defaults, own: HeaderMap::new(), files: Vec::new(), faults: Vec::new() }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let Some(name) = self.valid_name(name) else { return };
        match sensitive(value) {
            Some(value) => {
                self.own.insert(name, value);
            }
            None => self.faults.push(format!("the value of the header `{name}` is not valid")),
        }
    }

    pub(crate) fn set_basic(&mut self, user: &str, password: &str) {
        self.check_user(user);
        self.set(AUTHORIZATION.as_str(), &basic(user, password));
    }

    fn check_user(&mut self, user: &str) {
        if user.contains(':') {
            self.faults.push("the user of `basic_auth` contains a colon, which ends it (RFC 7617)".to_owned());
        }
    }

    /// Sets the header to the user and the password in a file.
    pub(crate) fn set_basic_file(&mut self, user: &str, path: PathBuf) {
        self.check_user(user);
        let user = user.to_owned();
        self.set_file(AUTHORIZATION.as_str(), path, move |password| basic(&user, password));
    }

    /// Sets a header to a value made of the content of a file.
    pub(crate) fn set_file(
        &mut self,
        name: &str,
        path: PathBuf,
        value_of: impl Fn(&str) -> String + Send + Sync + 'static,
    ) {
        let Some(name) = self.valid_name(name) else { return };
        let header = name.clone();
        let make = move |contents: &[FileContent]| match contents {
            [content] => value_in(content, &value_of)
                .map_err(|fault| vec![format!("`{}`, the file of the header `{header}`, {fault}", content.path)]),
            _ => Err(Vec::new()),
        };
        self.files.push((name, Reloaded::new(vec![path], make)));
    }

    /// Returns the name, and removes any other value of this header.
    fn valid_name(&mut self, name: &str) -> Option<HeaderName> {
        let Ok(name) = name.parse::<HeaderName>() else {
            self.faults.push(format!("`{}` is not a valid name of a header", name.escape_debug()));
            return None;
        };
        if RESERVED_HEADERS.contains(&name.as_str()) {
            self.faults.push(format!("the header `{name}` belongs to the connection and cannot be set"));
            return None;
        }
        self.own.remove(&name);
        self.files.retain(|(other, _)| *other != name);
        Some(name)
    }

    /// Returns the faults of the files, which blocks for at most three seconds for each.
    pub(super) fn file_faults(&self) -> Vec<String> {
        self.files.iter().flat_map(|(_, value)| value.load_at_start().faults).collect()
    }

    /// Returns the user's headers with the present contents of the files. Adds a note for each unusable file.
    ///
    /// # Errors
    /// A file has never been usable.
    pub(super) async fn own(&self, deadline: Deadline, notes: &mut Vec<String>) -> Result<HeaderMap, String> {
        let mut own = self.own.clone();
        for (name, value) in &self.files {
            let (value, note) = value.current(deadline).await.value()?;
            own.insert(name, (*value).clone());
            notes.extend(note);
        }
        Ok(own)
    }

    /// Returns whether the user has set a header.
    pub(super) fn has_own(&self) -> bool {
        !self.own.is_empty() || !self.files.is_empty()
    }

    /// Returns the headers for any host.
    pub(super) const fn defaults(&self) -> &HeaderMap {
        &self.defaults
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Returns the value of a header in a file. White space around it is left out: editors and `echo` end it with a line break.
fn value_in(content: &FileContent, value_of: &impl Fn(&str) -> String) -> Result<HeaderValue, String> {
    let bytes = content.bytes().map_err(|error| format!("cannot be read: {error}"))?;
    let text = str::from_utf8(bytes).map_err(|_| "is not text".to_owned())?.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    sensitive(&value_of(text)).ok_or_else(|| "is not a valid value of a header".to_owned())
}

fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value: HeaderValue = value.parse().ok()?;
    value.set_sensitive(true);
    Some(value)
}
