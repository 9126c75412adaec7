use std::sync::Arc;

#[cfg(feature = "openapi")]
use super::requirement::Requirement;
use super::{
    caller::Caller,
    client_certificate::ClientCertificate,
    decision::{Decision, Schemes},
    policy::{ANYTHING, AnyPolicy, Decide},
};
use crate::maybe_ready::MaybeReady;
#[cfg(feature = "openapi")]
use crate::model::Levels;

/// Asks for a client certificate of one of these clients; with another one, or with none, 403.
///
/// ```
/// use health_runtime::access::{Access, CertificateMatcher, client_certificate, public};
///
/// let probers = client_certificate([CertificateMatcher::dns("prober.internal"), CertificateMatcher::uri("spiffe://example.org/prober")]);
/// let access = Access::new().levels(4..=5, public()).levels(1..=3, probers);
/// # let _ = access;
/// ```
///
/// The place has to ask for certificates and verify them: [`Tls::with_optional_clients`](crate::Tls::with_optional_clients)
/// or `with_required_clients`. Whom one of those roots vouches for may still be anybody: authorities vouch for many. A
/// certificate that a proxy speaks of in a header is none.
pub fn client_certificate(clients: impl IntoIterator<Item = CertificateMatcher>) -> AnyPolicy {
    AnyPolicy::new(Certificate { clients: clients.into_iter().collect() })
}

/// What a client's certificate says of it. Names are compared as a whole: no part of one and no wildcard counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CertificateMatcher {
    is: Is,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Is {
    Dns(String),
    Uri(String),
    CommonName(String),
    Sha256(String),
}

impl CertificateMatcher {
    /// A client with this DNS name among the alternative names of its certificate, whatever its case.
    pub fn dns(name: impl Into<String>) -> Self {
        Self { is: Is::Dns(name.into().to_ascii_lowercase()) }
    }

    /// A client with this URI among the alternative names of its certificate, such as a SPIFFE id.
    pub fn uri(uri: impl Into<String>) -> Self {
        Self { is: Is::Uri(uri.into()) }
    }

    /// A client whose certificate has this common name and no other. Certificates with alternative names are better told by
    /// those.
    pub fn common_name(name: impl Into<String>) -> Self {
        Self { is: Is::CommonName(name.into()) }
    }

    /// The client with this one certificate, by its SHA-256 fingerprint: 64 hexadecimal digits, with or without colons.
    pub fn sha256(fingerprint: impl Into<String>) -> Self {
        Self { is: Is::Sha256(fingerprint.into().replace(':', "").to_ascii_lowercase()) }
    }

    fn has(&self, certificate: &ClientCertificate) -> bool {
        match &self.is {
            Is::Dns(name) => certificate.dns_names().contains(name),
            Is::Uri(uri) => certificate.uris().contains(uri),
            Is::CommonName(name) => certificate.common_name() == Some(name),
            Is::Sha256(fingerprint) => certificate.sha256() == fingerprint,
        }
    }

    /// For the audit.
    fn name(&self) -> &str {
        match &self.is {
            Is::Dns(name) | Is::Uri(name) | Is::CommonName(name) | Is::Sha256(name) => name,
        }
    }

    fn fault(&self) -> Option<String> {
        match &self.is {
            Is::Sha256(fingerprint) => {
                let is_one = fingerprint.len() == 64 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
                (!is_one).then(|| {
                    format!("`CertificateMatcher::sha256` needs 64 hexadecimal digits, and got {fingerprint:?}")
                })
            }
            _ => self.name().is_empty().then(|| "`CertificateMatcher` needs a name that is not empty".to_owned()),
        }
    }
}

struct Certificate {
    clients: Vec<CertificateMatcher>,
}

impl Decide for Certificate {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        MaybeReady::ready(match caller.extension::<ClientCertificate>() {
            None => Decision::forbidden().because("there is no client certificate"),
            Some(certificate) => match self.clients.iter().find(|client| client.has(certificate)) {
                Some(client) => Decision { accepted: Schemes::CERTIFICATE, ..Decision::allow().by(client.name()) },
                None => Decision::forbidden().because("the client certificate is of another client"),
            },
        })
    }

    fn faults(&self) -> Vec<String> {
        let none = self.clients.is_empty();
        let none = none.then(|| "`client_certificate` lists no client; use `closed()` if nobody is meant".to_owned());
        none.into_iter().chain(self.clients.iter().filter_map(CertificateMatcher::fault)).collect()
    }

    fn headers(&self) -> Vec<&'static str> {
        vec![ANYTHING]
    }

    #[cfg(feature = "openapi")]
    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::of(Schemes::CERTIFICATE)
    }
}
