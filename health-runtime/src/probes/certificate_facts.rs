//! Facts about a certificate, and the judgement of its dates.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, time::ASN1Time};

use crate::{
    model::Status,
    text::{escape_controls, floor_char_boundary},
    time::timestamp_seconds,
};

/// Remaining validity from which on a certificate warns. Authorities renew after two thirds of 90 days, so it is overdue then.
pub(crate) const DEFAULT_WARN_WITHIN: Duration = Duration::from_secs(21 * SECONDS_PER_DAY);

const SECONDS_PER_DAY: u64 = 24 * 3600;

/// Maximum number of names that are shown.
const MAX_NAMES: usize = 20;

/// Maximum number of bytes that are shown of a name.
const MAX_NAME_BYTES: usize = 200;

/// Facts about a certificate, as data of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CertificateFacts {
    names: Vec<String>,
    issuer: String,
    valid_from: String,
    valid_until: String,
    #[serde(skip)]
    start: SystemTime,
    #[serde(skip)]
    end: SystemTime,
}

impl CertificateFacts {
    /// Parses a certificate.
    ///
    /// # Errors
    /// It is not a valid certificate; the text is for a person.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|error| format!("its certificate cannot be read: {error}"))?;
        let validity = certificate.validity();
        let (start, end) = (time(validity.not_before), time(validity.not_after));
        Ok(Self {
            names: names(&certificate),
            issuer: shown(&certificate.issuer().to_string()),
            valid_from: timestamp_seconds(start),
            valid_until: timestamp_seconds(end),
            start,
            end,
        })
    }

    /// Returns the first and the last moment at which the certificate is valid.
    #[cfg(feature = "server-tls")]
    pub(crate) fn dates(&self) -> (&str, &str) {
        (&self.valid_from, &self.valid_until)
    }

    /// Returns the names that the certificate is for.
    #[cfg(feature = "probe-connect-tls")]
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the full days until the end; below zero after it.
    pub(crate) fn days_left(&self, now: SystemTime) -> i64 {
        match self.end.duration_since(now) {
            Ok(left) => days(left),
            Err(past) => -1 - days(past.duration()),
        }
    }

    /// Judges the dates. The text is for a person.
    pub(crate) fn judge(&self, now: SystemTime, warn_within: Duration) -> (Status, Option<String>) {
        let Self { valid_from, valid_until, .. } = self;
        if now < self.start {
            return (Status::Fail, Some(format!("its certificate is not valid before {valid_from}")));
        }
        match self.end.duration_since(now) {
            Err(_) => (Status::Fail, Some(format!("its certificate expired at {valid_until}"))),
            Ok(left) if left <= warn_within => {
                let text = match days(left) {
                    0 => "in less than a day".to_owned(),
                    1 => "in 1 day".to_owned(),
                    days => format!("in {days} days"),
                };
                (Status::Warn, Some(format!("its certificate expires {text}, at {valid_until}")))
            }
            Ok(_) => (Status::Pass, None),
        }
    }
}

fn days(time: Duration) -> i64 {
    i64::try_from(time.as_secs() / SECONDS_PER_DAY).unwrap_or(i64::MAX)
}

/// Returns a time of a certificate, which may be before 1970.
fn time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if time.timestamp() < 0 { epoch.checked_sub(seconds) } else { epoch.checked_add(seconds) };
    time.unwrap_or(epoch)
}

/// Returns the alternative names for a server; the common name if there are none.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let alternative = alternative.iter().flat_map(|names| &names.value.general_names);
    let mut names: Vec<_> = alternative.filter_map(name).take(MAX_NAMES).collect();
    if names.is_empty() {
        let common = certificate.subject().iter_common_name();
        names.extend(common.filter_map(|name| name.as_str().ok()).map(shown).take(1));
    }
    names
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(shown(name)),
        GeneralName::IPAddress(bytes) => {
            let address: Option<IpAddr> = match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from),
                _ => <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from),
            };
            address.map(|address| address.to_string())
        }
        _ => None,
    }
}

/// Returns a text of a certificate, whose author may be anybody, for a person.
fn shown(text: &str) -> String {
    let text = escape_controls(text);
    text[..floor_char_boundary(&text, MAX_NAME_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts(start: SystemTime, end: SystemTime) -> CertificateFacts {
        let [names, issuer] = [Vec::new(), Vec::<String>::new()];
        CertificateFacts {
            names,
            issuer: issuer.concat(),
            valid_from: timestamp_seconds(start),
            valid_until: timestamp_seconds(end),
            start,
            end,
        }
    }

    #[test]
    fn dates_become_statuses() {
        let second = Duration::from_secs(1);
        let day = second * 24 * 3600;
        let now = SystemTime::UNIX_EPOCH + day * 20_000;
        for (start, end, status, text, left) in [
            (now - day, now + day * 90, Status::Pass, "", 90),
            (now, now + day * 21 + second, Status::Pass, "", 21),
            (now - day, now + day * 21, Status::Warn, "expires in 21 days, at 2024-10-25T00:00:00Z", 21),
            (now - day, now + day * 2 - second, Status::Warn, "expires in 1 day, at ", 1),
            (now - day, now, Status::Warn, "expires in less than a day, at ", 0),
            (now - day, now - second, Status::Fail, "its certificate expired at 2024-10-03T23:59:59Z", -1),
            (now - day, now - day, Status::Fail, "expired at ", -2),
            (now + second, now + day, Status::Fail, "is not valid before 2024-10-04T00:00:01Z", 1),
        ] {
            let facts = facts(start, end);
            let (found, message) = facts.judge(now, DEFAULT_WARN_WITHIN);
            assert_eq!((found, facts.days_left(now)), (status, left), "{message:?}");
            assert!(message.unwrap_or_default().contains(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(bytes: Vec<u8>) {
            prop_assert!(CertificateFacts::parse(&bytes).is_err());
        }
    }
}
