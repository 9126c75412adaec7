use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    prelude::{FromDer, X509Name},
};

/// The certificate that a client has proved to own, and that one of the roots vouches for.
///
/// Requests to a place with client certificates ([`Tls`](crate::Tls)) carry it as an extension.
///
/// ```
/// use axum::{Extension, Router, routing::get};
/// use health_runtime::access::ClientCertificate;
///
/// let whoami = get(async |client: Option<Extension<ClientCertificate>>| match client {
///     Some(Extension(client)) => client.subject().to_owned(),
///     None => "nobody".to_owned(),
/// });
/// let router: Router = Router::new().route("/whoami", whoami);
/// # let _ = router;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    facts: Arc<Facts>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    subject: String,
    common_name: Option<String>,
    dns_names: Vec<String>,
    uris: Vec<String>,
    email_addresses: Vec<String>,
    sha256: String,
    expires: Option<SystemTime>,
}

impl ClientCertificate {
    /// One whose names cannot be read has none, and its fingerprint all the same.
    pub(crate) fn new(der: &[u8]) -> Self {
        let facts = match X509Certificate::from_der(der) {
            Ok(([], certificate)) => Facts::new(&certificate),
            _ => Facts::default(),
        };
        Self { facts: Arc::new(Facts { sha256: hex(&Sha256::digest(der)), ..facts }) }
    }

    pub(crate) fn expires(&self) -> Option<SystemTime> {
        self.facts.expires
    }

    /// The whole subject, such as `CN=prober, O=Example`, in the order of the certificate; for people, because it can be written in several ways.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// The common name of the subject, if there is one and no more.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.facts.common_name.as_deref()
    }

    /// The DNS names among the subject's alternative names, in lower case. A wildcard stands here as it is.
    #[must_use]
    pub fn dns_names(&self) -> &[String] {
        &self.facts.dns_names
    }

    /// The URIs among the subject's alternative names, such as a SPIFFE id.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.facts.uris
    }

    /// The e-mail addresses among the subject's alternative names.
    #[must_use]
    pub fn email_addresses(&self) -> &[String] {
        &self.facts.email_addresses
    }

    /// The SHA-256 fingerprint of the certificate: 64 hexadecimal digits in lower case, as
    /// `openssl x509 -fingerprint -sha256` shows it, without colons.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.facts.sha256
    }
}

impl Facts {
    fn new(certificate: &X509Certificate<'_>) -> Self {
        let subject = certificate.subject();
        let mut facts = Self {
            subject: subject.to_string(),
            common_name: common_name(subject),
            expires: not_after(certificate),
            ..Self::default()
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => facts.dns_names.push(name.to_ascii_lowercase()),
                GeneralName::URI(uri) => facts.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(address) => facts.email_addresses.push((*address).to_owned()),
                _ => {}
            }
        }
        facts
    }
}

fn not_after(certificate: &X509Certificate<'_>) -> Option<SystemTime> {
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Of two, nobody knows which one another program would go by.
fn common_name(subject: &X509Name<'_>) -> Option<String> {
    let mut names = subject.iter_common_name();
    let only = names.next()?;
    if names.next().is_some() { None } else { only.as_str().ok().map(str::to_owned) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
