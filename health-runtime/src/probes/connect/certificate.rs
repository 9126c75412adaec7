//! Probe of the certificate that a server shows.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

use super::{
    address::{HostPort, check_name, is_host},
    dial,
    finding::{ServerState, excerpt},
    peer::Peer,
    starttls::StartTls,
    tls::{Encryption, Roots},
};
use crate::{
    byte_stream::ByteStream,
    model::{Level, Outcome, Status},
    probes::{
        certificate_facts::{CertificateFacts, DEFAULT_WARN_WITHIN},
        deadline::Deadline,
        lookup::HostLookup,
        probe::{idle_check, judged, probe, text_with_sources},
    },
    sync::{Mutex, lock},
};

probe! {
    /// The probe of [`probes::certificate`](certificate()).
    pub struct CertificateProbe {
        address: String,
        starttls: Option<StartTls>,
        server_name: Option<String>,
        warn_within: Duration,
        roots: Roots,
        lookup: HostLookup,
    }

    /// Reads the certificate once.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 3)]` above it.
    /// async fn certificate() -> Outcome {
    ///     probes::certificate("shop.example.com").observe().await
    /// }
    /// ```
    task fn observe;
}

/// Checks the certificate that a TLS server shows: its dates, and whether a client would trust it.
///
/// Name `certificate_` and the address, level 3; the port is 443 if the address has none. TLS begins with the first byte, as for
/// HTTPS, LDAPS, SMTPS or AMQPS; [`starttls`](CertificateProbe::starttls) is for servers that begin in plain text. One run a day is
/// enough, so give it a long [`interval`](CertificateProbe::interval).
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::certificate("shop.example.com")).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// | data | |
/// |---|---|
/// | `names` | DNS names and IP addresses that it is for, at most 20 |
/// | `issuer` | name of the authority that signed it |
/// | `valid_from`, `valid_until` | its dates in RFC 3339, in UTC |
/// | `days_left` | full days until it expires, below zero afterwards |
/// | `is_trusted` | whether a client that verifies it connects |
///
/// The certificate is read without verifying it, so that the data are there also if it has expired, and verified apart, against
/// the authorities of this host and [`root_certificates`](CertificateProbe::root_certificates).
///
/// | | status |
/// |---|---|
/// | it has expired, is not valid yet, is for another name, or no trusted authority vouches for it (which an incomplete chain looks like) | fail |
/// | it, or an authority between it and the root, expires within 21 days (see [`warn_within`](CertificateProbe::warn_within)) | warn |
/// | otherwise | pass |
/// | no connection, no answer, no TLS: as [`probes::tcp`](super::tcp()) words them; `days_left` and `is_trusted` are `null`, the others are missing | fail |
///
/// A server that wants a certificate of its client is judged as well, because it shows its own first. Revocation is not checked.
///
/// # The server's log
/// A client that connects and sends no request. Most servers log nothing of it by default. With
/// [`starttls`](CertificateProbe::starttls) Postfix and slapd write the lines of [`probes::smtp`](super::smtp()) and
/// [`probes::ldap`](super::ldap()), and PostgreSQL and NATS none.
///
/// # Start-up errors
/// An invalid address or server name; no authority that this host trusts.
#[track_caller]
pub fn certificate(address: impl AsRef<str>) -> CertificateProbe {
    let address = address.as_ref();
    CertificateProbe {
        check: idle_check(check_name("certificate", address), Level::L3),
        address: address.to_owned(),
        starttls: None,
        server_name: None,
        warn_within: DEFAULT_WARN_WITHIN,
        roots: Roots::default(),
        lookup: HostLookup::default(),
    }
}

impl CertificateProbe {
    /// Asks for TLS in plain text first, as this protocol does it, at the port for plain text. Default: TLS begins with the first
    /// byte.
    ///
    /// ```
    /// use health_runtime::probes::{self, StartTls};
    ///
    /// let mail = probes::certificate("mail.internal:587").starttls(StartTls::Smtp);
    /// let database = probes::certificate("db.internal").starttls(StartTls::Postgres); // 5432
    /// # let _ = (mail, database);
    /// ```
    pub fn starttls(mut self, protocol: StartTls) -> Self {
        self.starttls = Some(protocol);
        self
    }

    /// Asks for the certificate of this name (SNI), and expects it to be for this name. Default: the host of the address.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Sets the remaining validity from which on it warns. Default: 21 days.
    pub fn warn_within(mut self, validity: Duration) -> Self {
        self.warn_within = validity;
        self
    }

    /// Trusts the certificate authorities in this PEM text, besides those that this host trusts. May be called more than once. A
    /// text without a valid certificate is a start-up error.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.add(pem.as_ref());
        self
    }

    fn target(&self) -> Result<HostPort, String> {
        HostPort::parse(&self.address, Some(self.starttls.map_or(443, StartTls::port)))
    }

    fn faults(&self) -> Vec<String> {
        let name = self.server_name.as_deref().filter(|name| !is_host(name));
        let name = name.map(|name| format!("`{}` is not a valid name of a server", name.escape_debug()));
        [self.target().err(), name, self.roots.store().err()].into_iter().flatten().collect()
    }

    /// A failure is a fact, because its outcome has data too.
    async fn look(&self, deadline: Deadline) -> Result<(HostPort, Result<ShownCertificate, ServerState>), String> {
        let target = self.target()?;
        let shown = self.read(&target, deadline).await;
        Ok((target, shown))
    }

    async fn read(&self, target: &HostPort, deadline: Deadline) -> Result<ShownCertificate, ServerState> {
        let addresses = dial::resolve(&self.lookup, target, deadline).await?;
        let (stream, _) = dial::connect(&addresses, deadline).await?;
        let local = stream.local_addr().ok().map(|local| local.ip());
        let protocol = self.starttls.map_or("TLS", StartTls::name);
        let mut peer = Peer::new(Box::new(stream), deadline, protocol, "", Encryption::default());
        peer.local = local;
        let shown = self.shake_hands(target, &mut peer).await;
        peer.leave().await;
        shown
    }

    async fn shake_hands(&self, target: &HostPort, peer: &mut Peer) -> Result<ShownCertificate, ServerState> {
        let failed = |text: String| ServerState::fail("tls_failed", text);
        let name = self.server_name.as_deref().unwrap_or_else(|| target.server_name()).to_owned();
        let name = ServerName::try_from(name).map_err(|error| failed(format!("has no valid name: {error}")))?;
        let recorder = Arc::new(Recorder::new(&self.roots, self.warn_within).map_err(failed)?);
        let config = recorder.config().map_err(|error| failed(text_with_sources(&error)))?;
        if let Some(starttls) = self.starttls {
            starttls.request(peer).await?;
        }
        let handshake = |stream| async {
            let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
            stream.map(|stream| Box::new(stream) as ByteStream)
        };
        // Until the handshake ends, nothing proves that it has the key of its certificate.
        let ended = peer.begin_tls(handshake).await?;
        let shown = lock(&recorder.shown).take();
        match (shown, ended) {
            (Some(_), Err(error)) if is_own_refusal(&error) => Err(failed(format!(
                "does not prove that it has the key of its certificate: {}",
                text_with_sources(&error)
            ))),
            // A server that wants a certificate of the client ends the handshake.
            (Some(shown), _) => Ok(shown),
            (None, Ok(())) => Err(failed("shows no certificate".to_owned())),
            (None, Err(error)) => Err(failed(format!("fails in TLS: {}", text_with_sources(&error)))),
        }
    }

    fn judge(&self, (target, shown): (HostPort, Result<ShownCertificate, ServerState>)) -> Outcome {
        let now = SystemTime::now();
        let (status, text, data) = match shown {
            Ok(ShownCertificate { facts: Ok(facts), trust, future_trust }) => {
                let (mut status, mut text) = facts.judge(now, self.warn_within);
                if status != Status::Fail
                    && let Err(error) = &trust
                {
                    (status, text) = (Status::Fail, Some(describe(error, &facts)));
                } else if status == Status::Pass && future_trust.is_err() {
                    let days = self.warn_within.as_secs() / (24 * 3600);
                    text = Some(format!("an authority in the chain of its certificate expires within {days} days"));
                    status = Status::Warn;
                }
                let data = CertificateData {
                    days_left: Some(facts.days_left(now)),
                    is_trusted: Some(trust.is_ok()),
                    facts: Some(facts),
                };
                (status, text.map(|text| format!("{target}: {text}")), data)
            }
            Ok(ShownCertificate { facts: Err(fault), .. }) => {
                (Status::Fail, Some(format!("{target}: {fault}")), CertificateData::default())
            }
            Err(finding) => {
                let text = finding.text.unwrap_or_default();
                (Status::Fail, Some(format!("{target} {text}")), CertificateData::default())
            }
        };
        judged(status, data, text)
    }
}

#[derive(Default, Serialize)]
struct CertificateData {
    #[serde(flatten)]
    facts: Option<CertificateFacts>,
    days_left: Option<i64>,
    is_trusted: Option<bool>,
}

/// A certificate that a server showed.
#[derive(Debug)]
struct ShownCertificate {
    facts: Result<CertificateFacts, String>,
    /// Whether a client that verifies it connects now.
    trust: Result<(), TlsError>,
    /// The same, when it will be too late to act.
    future_trust: Result<(), TlsError>,
}

/// Records the certificate of a server and its verification, and lets the handshake go on.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    warn_within: Duration,
    shown: Mutex<Option<ShownCertificate>>,
}

impl Recorder {
    fn new(roots: &Roots, warn_within: Duration) -> Result<Self, String> {
        let roots = Arc::new(roots.store()?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::new(ring::default_provider())).build();
        let verifier = verifier.map_err(|error| text_with_sources(&error))?;
        Ok(Self { verifier, warn_within, shown: Mutex::default() })
    }

    fn config(self: &Arc<Self>) -> Result<ClientConfig, TlsError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(self) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        Ok(config)
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verify = |time| {
            let verified =
                self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, time);
            verified.map(drop)
        };
        let future = Duration::from_secs(now.as_secs()).saturating_add(self.warn_within);
        *lock(&self.shown) = Some(ShownCertificate {
            facts: CertificateFacts::parse(end_entity),
            trust: verify(now),
            future_trust: verify(UnixTime::since_unix_epoch(future)),
        });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Returns whether this client ended the handshake, and not the server.
fn is_own_refusal(error: &std::io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<TlsError>());
    error.is_some_and(|error| !matches!(error, TlsError::AlertReceived(_)))
}

/// Describes why a certificate is not trusted.
fn describe(error: &TlsError, facts: &CertificateFacts) -> String {
    match error {
        // A trusted authority of the same name may have another key.
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "no trusted authority vouches for its certificate, or its chain is incomplete".to_owned()
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            format!("its certificate is for other names: {}", facts.names().join(", "))
        }
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "an authority in the chain of its certificate has expired".to_owned()
        }
        error => format!("its certificate is not trusted: {}", excerpt(text_with_sources(error).as_bytes())),
    }
}
