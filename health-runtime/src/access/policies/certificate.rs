//! Client certificates, and the policy that matches them.

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

use crate::{
    access::{
        caller::Caller,
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating, VARY_ANY},
        requirement::Requirement,
        schemes::{Carrier, Scheme, SchemePart},
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

const CERTIFICATE: &Scheme =
    &Scheme::new("certificate", &[SchemePart { name: "clientCertificate", carrier: Carrier::ClientCertificate }]);

/// Asks for a client certificate that one of these matches; else 403.
///
/// ```
/// use health_runtime::{Level, access::{Access, CertificateMatcher, client_certificate, public}};
///
/// let probers = client_certificate([CertificateMatcher::dns("prober.internal"), CertificateMatcher::uri("spiffe://example.org/prober")]);
/// let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, probers);
/// # let _ = access;
/// ```
///
/// The server has to request certificates and verify them:
/// [`Tls::with_optional_clients`](crate::Tls::with_optional_clients) or `with_required_clients`. A root vouches for
/// many clients, so list the ones you mean. A certificate in a header from a proxy does not count.
pub fn client_certificate(clients: impl IntoIterator<Item = CertificateMatcher>) -> AnyPolicy {
    AnyPolicy::new(ByCertificate { clients: clients.into_iter().collect() })
}

/// Matches the certificate of a client. Names are compared as a whole, without wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CertificateMatcher {
    identifier: Identifier,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identifier {
    Dns(String),
    Uri(String),
    CommonName(String),
    Sha256(String),
}

impl CertificateMatcher {
    /// Matches a DNS name among the alternative names, case-insensitively.
    pub fn dns(name: impl Into<String>) -> Self {
        Self { identifier: Identifier::Dns(name.into().to_ascii_lowercase()) }
    }

    /// Matches a URI among the alternative names, such as a SPIFFE id.
    pub fn uri(uri: impl Into<String>) -> Self {
        Self { identifier: Identifier::Uri(uri.into()) }
    }

    /// Matches a certificate with this common name and no other. If a certificate has alternative names, prefer those.
    pub fn common_name(name: impl Into<String>) -> Self {
        Self { identifier: Identifier::CommonName(name.into()) }
    }

    /// Matches one certificate by its SHA-256 fingerprint: 64 hexadecimal digits, with or without colons.
    pub fn sha256(fingerprint: impl Into<String>) -> Self {
        Self { identifier: Identifier::Sha256(fingerprint.into().replace(':', "").to_ascii_lowercase()) }
    }

    fn has(&self, certificate: &ClientCertificate) -> bool {
        match &self.identifier {
            Identifier::Dns(name) => certificate.dns_names().contains(name),
            Identifier::Uri(uri) => certificate.uris().contains(uri),
            Identifier::CommonName(name) => certificate.common_name() == Some(name),
            Identifier::Sha256(fingerprint) => certificate.sha256() == fingerprint,
        }
    }

    /// Returns the identity for the audit.
    fn name(&self) -> &str {
        match &self.identifier {
            Identifier::Dns(name) | Identifier::Uri(name) | Identifier::CommonName(name) | Identifier::Sha256(name) => {
                name
            }
        }
    }

    fn fault(&self) -> Option<String> {
        match &self.identifier {
            Identifier::Sha256(fingerprint) => {
                let is_one = fingerprint.len() == 64 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
                (!is_one).then(|| {
                    format!("`CertificateMatcher::sha256` needs 64 hexadecimal digits, and got {fingerprint:?}")
                })
            }
            _ => self.name().is_empty().then(|| "`CertificateMatcher` needs a name that is not empty".to_owned()),
        }
    }
}

struct ByCertificate {
    clients: Vec<CertificateMatcher>,
}

impl Decide for ByCertificate {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        MaybeReady::ready(match caller.extension::<ClientCertificate>() {
            None => Decision::forbidden().because("there is no client certificate"),
            Some(certificate) => match self.clients.iter().find(|client| client.has(certificate)) {
                Some(client) => Decision::allow().by(client.name()).with_scheme(CERTIFICATE),
                None => Decision::forbidden().because("the client certificate belongs to another client"),
            },
        })
    }

    fn faults(&self) -> Vec<String> {
        let none = self.clients.is_empty();
        let none = none.then(|| "`client_certificate` lists no client; to admit nobody, use `closed()`".to_owned());
        none.into_iter().chain(self.clients.iter().filter_map(CertificateMatcher::fault)).collect()
    }

    fn headers(&self) -> Vec<&'static str> {
        vec![VARY_ANY]
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(CERTIFICATE)
    }

    fn operating(&self) -> Operating {
        Operating::Grantable
    }
}

/// The certificate of a client, which has proved to own it and for which one of the roots vouches.
///
/// Requests to an address with client certificates ([`Tls`](crate::Tls)) carry it as an extension.
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
    parsed: Arc<ParsedCertificate>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct ParsedCertificate {
    subject: String,
    common_name: Option<String>,
    dns_names: Vec<String>,
    uris: Vec<String>,
    email_addresses: Vec<String>,
    sha256: String,
    expires: Option<SystemTime>,
}

impl ClientCertificate {
    /// Parses a certificate. If it is not readable, it has no names, but still a fingerprint.
    pub(crate) fn new(der: &[u8]) -> Self {
        let parsed = match X509Certificate::from_der(der) {
            Ok(([], certificate)) => ParsedCertificate::new(&certificate),
            _ => ParsedCertificate::default(),
        };
        Self { parsed: Arc::new(ParsedCertificate { sha256: hex(&Sha256::digest(der)), ..parsed }) }
    }

    pub(crate) fn expires(&self) -> Option<SystemTime> {
        self.parsed.expires
    }

    /// Returns the whole subject, such as `CN=prober, O=Example`, in the order of the certificate. It is for people,
    /// because it can be written in several ways.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.parsed.subject
    }

    /// Returns the common name of the subject, if there is exactly one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.parsed.common_name.as_deref()
    }

    /// Returns the DNS names among the alternative names, in lower case, with wildcards as they are.
    #[must_use]
    pub fn dns_names(&self) -> &[String] {
        &self.parsed.dns_names
    }

    /// Returns the URIs among the alternative names, such as a SPIFFE id.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.parsed.uris
    }

    /// Returns the e-mail addresses among the alternative names.
    #[must_use]
    pub fn email_addresses(&self) -> &[String] {
        &self.parsed.email_addresses
    }

    /// Returns the SHA-256 fingerprint of the certificate: 64 hexadecimal digits in lower case, as `openssl x509
    /// -fingerprint -sha256` shows it, without colons.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.parsed.sha256
    }
}

impl ParsedCertificate {
    fn new(certificate: &X509Certificate<'_>) -> Self {
        let subject = certificate.subject();
        let mut parsed = Self {
            subject: subject.to_string(),
            common_name: common_name(subject),
            expires: not_after(certificate),
            ..Self::default()
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => parsed.dns_names.push(name.to_ascii_lowercase()),
                GeneralName::URI(uri) => parsed.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(address) => parsed.email_addresses.push((*address).to_owned()),
                _ => {}
            }
        }
        parsed
    }
}

fn not_after(certificate: &X509Certificate<'_>) -> Option<SystemTime> {
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Programs disagree on which of two names counts.
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
