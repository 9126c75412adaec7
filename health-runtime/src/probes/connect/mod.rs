//! Probes with a connection of their own: an exchange of a few bytes with a server, and a judgement of its answers. A protocol is
//! one more file.

mod address;
#[cfg(feature = "probe-connect-tls")]
mod certificate;
mod dial;
mod finding;
mod ldap;
mod memcached;
mod mqtt;
mod nats;
mod peer;
mod postgres;
mod redis;
mod resolve;
mod smtp;
#[cfg(feature = "probe-connect-tls")]
mod starttls;
mod tcp;
// TLS, or a type that never encrypts.
#[cfg_attr(not(feature = "probe-connect-tls"), path = "no_tls.rs")]
mod tls;

use std::{net::SocketAddr, time::Duration};

#[cfg(feature = "probe-connect-tls")]
pub use certificate::{CertificateProbe, certificate};
pub use ldap::ldap;
pub use memcached::memcached_at;
pub use mqtt::mqtt;
pub use nats::nats_at;
pub use postgres::postgres_at;
pub use redis::redis_at;
pub use resolve::{ResolveProbe, resolve};
use serde::Serialize;
pub use smtp::smtp;
#[cfg(feature = "probe-connect-tls")]
pub use starttls::StartTls;
pub use tcp::tcp;
use tokio::time::Instant;

use self::{
    address::{HostPort, check_name},
    finding::ServerState,
    peer::{Peer, Talk},
    tls::Encryption,
};
use super::{
    deadline::Deadline,
    lookup::HostLookup,
    probe::{idle_check, judged, probe},
};
use crate::model::{Level, Outcome, Status};

probe! {
    /// The probe of a server over a connection of its own, such as [`probes::tcp`](super::tcp()).
    pub struct ConnectProbe {
        address: String,
        protocol: &'static Protocol,
        encryption: Encryption,
        lookup: HostLookup,
    }

    /// Opens one connection, and closes it.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 3)]` above it.
    /// async fn cache() -> Outcome {
    ///     probes::redis_at("cache.internal").observe().await
    /// }
    /// ```
    task fn observe;
}

/// A protocol: its ports, and its exchange.
#[derive(Debug)]
struct Protocol {
    /// Name for texts.
    name: &'static str,
    /// Port of an address without one; `None` if it has to be written.
    port: Option<u16>,
    tls: TlsBegin,
    /// Returns why an address must not be connected to.
    refuse: fn(&HostPort) -> Option<String>,
    talk: Talk,
}

/// The way in which a protocol begins TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsBegin {
    /// It has none.
    Never,
    /// From the first byte on, at this port.
    AtOnce(u16),
    /// After a request in plain text, at the same port.
    Later,
    /// The same, or from the first byte on, as the user wants it.
    LaterOrFirst,
    /// The one or the other, as the user wants it; the port is that of the first.
    Either(u16),
}

#[track_caller]
fn connect(prefix: &str, address: &str, protocol: &'static Protocol) -> ConnectProbe {
    ConnectProbe {
        check: idle_check(check_name(prefix, address), Level::L3),
        address: address.to_owned(),
        protocol,
        encryption: Encryption::default(),
        lookup: HostLookup::default(),
    }
}

impl ConnectProbe {
    /// Encrypts the connection, and fails if the server's certificate is not valid for the host. A protocol that has a port for
    /// TLS (SMTP 465, LDAP 636, MQTT 8883) uses it where the address has none; PostgreSQL and NATS begin in plain text, as
    /// they want it. Default: no TLS. For a protocol without TLS this is a start-up error.
    #[cfg(feature = "probe-connect-tls")]
    pub fn tls(mut self) -> Self {
        self.encryption.begin_by_protocol();
        self
    }

    /// Encrypts the connection of [`probes::smtp`](smtp()) or [`probes::ldap`](ldap()) at the port for plain text, by a request
    /// (`STARTTLS`), and fails if the server's certificate is not valid for the host. For other protocols it is a start-up error,
    /// see [`tls`](Self::tls).
    #[cfg(feature = "probe-connect-tls")]
    pub fn starttls(mut self) -> Self {
        self.encryption.begin_later();
        self
    }

    /// Encrypts the connection of [`probes::nats_at`](nats_at()) before the server's greeting, which a server with `handshake_first`
    /// in its settings for TLS waits for. For other protocols it is a start-up error, see [`tls`](Self::tls).
    #[cfg(feature = "probe-connect-tls")]
    pub fn tls_first(mut self) -> Self {
        self.encryption.begin_first();
        self
    }

    /// Trusts the certificate authorities in this PEM text, besides those that this host trusts. May be called more than once.
    /// A text without a valid certificate is a start-up error, and so is a connection that is not encrypted.
    #[cfg(feature = "probe-connect-tls")]
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.encryption.roots.add(pem.as_ref());
        self
    }

    /// Returns whether TLS begins with the first byte.
    fn is_encrypted_at_once(&self) -> bool {
        let begins_by_protocol = matches!(self.protocol.tls, TlsBegin::AtOnce(_) | TlsBegin::Either(_));
        let Self { encryption, .. } = self;
        encryption.starts_first() || encryption.is_wanted() && !encryption.starts_later() && begins_by_protocol
    }

    fn target(&self) -> Result<HostPort, String> {
        let port = match self.protocol.tls {
            TlsBegin::AtOnce(port) | TlsBegin::Either(port) if self.is_encrypted_at_once() => Some(port),
            _ => self.protocol.port,
        };
        HostPort::parse(&self.address, port)
    }

    fn faults(&self) -> Vec<String> {
        let target = self.target();
        let refused = target.as_ref().ok().and_then(self.protocol.refuse);
        let has_no_tls = self.encryption.is_wanted() && self.protocol.tls == TlsBegin::Never;
        let has_no_tls = has_no_tls.then(|| format!("{} has no TLS, so `tls` has no effect", self.protocol.name));
        let cannot_start_later = self.encryption.starts_later() && !matches!(self.protocol.tls, TlsBegin::Either(_));
        let cannot_start_first = self.encryption.starts_first() && self.protocol.tls != TlsBegin::LaterOrFirst;
        let lacked = match (cannot_start_later, cannot_start_first) {
            _ if has_no_tls.is_some() => None,
            (true, _) => Some("starttls"),
            (_, true) => Some("tls_first"),
            (false, false) => None,
        };
        let lacked = lacked.map(|setting| format!("{} has no `{setting}`; write `tls`", self.protocol.name));
        let faults = [target.err(), refused, has_no_tls, lacked, self.encryption.fault()];
        faults.into_iter().flatten().collect()
    }

    async fn look(&self, deadline: Deadline) -> Result<ServerAnswer, String> {
        let target = self.target()?;
        let start = Instant::now();
        let mut answer = ServerAnswer { target: target.to_string(), ..ServerAnswer::default() };
        answer.finding = match self.open(&target, deadline).await {
            Ok((mut peer, socket)) => {
                answer.socket = Some(socket);
                answer.connect_time = Some(start.elapsed());
                let finding = self.ask(&mut peer).await;
                answer.answer_time = Some(start.elapsed());
                peer.leave().await;
                finding
            }
            Err(finding) => finding,
        };
        Ok(answer)
    }

    async fn open(&self, target: &HostPort, deadline: Deadline) -> Result<(Peer, SocketAddr), ServerState> {
        let addresses = dial::resolve(&self.lookup, target, deadline).await?;
        let (stream, socket) = dial::connect(&addresses, deadline).await?;
        let local = stream.local_addr().ok().map(|local| local.ip());
        let encryption = self.encryption.clone();
        let mut peer = Peer::new(Box::new(stream), deadline, self.protocol.name, target.server_name(), encryption);
        peer.local = local;
        Ok((peer, socket))
    }

    async fn ask(&self, peer: &mut Peer) -> ServerState {
        if self.is_encrypted_at_once()
            && let Err(finding) = peer.secure().await
        {
            return finding;
        }
        (self.protocol.talk)(peer).await.unwrap_or_else(|finding| finding)
    }

    #[expect(clippy::unused_self, reason = "called by `probe!`")]
    fn judge(&self, answer: ServerAnswer) -> Outcome {
        let ServerState { state, status, text } = answer.finding;
        let data = ConnectData {
            state,
            address: answer.socket.map(|socket| socket.to_string()),
            connect_ms: answer.connect_time.map(milliseconds),
            answer_ms: answer.answer_time.map(milliseconds),
        };
        let message = text.map(|text| format!("{} {text}", answer.target));
        match (status, message) {
            (Status::Pass, Some(message)) => judged(status, data, None).with_message(message),
            (_, message) => judged(status, data, message),
        }
    }
}

/// Facts about a server and the time that it took.
struct ServerAnswer {
    target: String,
    socket: Option<SocketAddr>,
    /// Time of the name lookup and the connection.
    connect_time: Option<Duration>,
    /// Time of these and the exchange.
    answer_time: Option<Duration>,
    finding: ServerState,
}

impl Default for ServerAnswer {
    fn default() -> Self {
        Self {
            target: String::new(),
            socket: None,
            connect_time: None,
            answer_time: None,
            finding: ServerState::accepting(),
        }
    }
}

#[derive(Serialize)]
struct ConnectData {
    state: &'static str,
    address: Option<String>,
    connect_ms: Option<f64>,
    answer_ms: Option<f64>,
}

/// Returns milliseconds with one decimal.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}
