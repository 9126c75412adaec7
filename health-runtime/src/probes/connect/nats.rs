//! Probe of a NATS server over a connection of its own.

use serde::Deserialize;

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const NATS: Protocol = Protocol {
    name: "NATS",
    port: Some(4222),
    tls: TlsBegin::LaterOrFirst,
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

const CONNECT_AND_PING: &[u8] =
    b"CONNECT {\"verbose\":false,\"pedantic\":false,\"name\":\"health-runtime\",\"lang\":\"rust\",\"version\":\"0\"}\r\nPING\r\n";

/// Maximum number of lines before the `PONG`; a server may send news about its cluster.
const MAX_LINES: usize = 10;

/// Checks that a NATS server answers, over a connection of its own: `CONNECT` and `PING`.
///
/// Name `nats_` and the address, level 3; the port is 4222 if the address has none. Data and limits are those of
/// [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it answered `PONG` |
/// | `login_required` | pass | it wants a login; without one, nothing is sent to it |
/// | `tls_required` | pass | it wants TLS; set [`tls`](ConnectProbe::tls) to learn more |
/// | `no_tls` | fail | with [`tls`](ConnectProbe::tls): it has none |
/// | `lame_duck` | warn | it is about to stop, and its clients are moving to other servers |
/// | `no_answer` | fail | as everywhere; also from a server with `handshake_first`, which greets nobody before TLS: write [`tls_first`](ConnectProbe::tls_first) |
/// | `error` | fail | an error, which the message shows, such as `maximum connections exceeded` |
///
/// # The server's log
/// Nothing by default; with `-D` a line for the connection and its end.
#[track_caller]
pub fn nats_at(address: impl AsRef<str>) -> ConnectProbe {
    connect("nats", address.as_ref(), &NATS)
}

/// The part of the server's greeting that counts.
#[derive(Debug, Default, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as NATS sends them")]
#[serde(default)]
struct NatsInfo {
    auth_required: bool,
    tls_required: bool,
    tls_available: bool,
    ldm: bool,
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    let info = info(peer).await?;
    if peer.upgrades() {
        info.offers_tls()?;
        peer.secure().await?;
    } else if info.tls_required && !peer.is_encrypted() {
        return Ok(ServerState {
            state: "tls_required",
            ..ServerState::login_required("answers, and wants TLS, so nothing more is known")
        });
    }
    if info.auth_required {
        return Ok(ServerState::login_required("answers, and wants a login, so nothing more is known"));
    }
    peer.send(CONNECT_AND_PING).await?;
    for _ in 0..MAX_LINES {
        let line = peer.line().await?;
        match line.split(|byte| *byte == b' ').next().unwrap_or_default() {
            b"PONG" if info.ldm => return Ok(ServerState::warn("lame_duck", "is about to stop (lame duck mode)")),
            b"PONG" => return Ok(ServerState::accepting()),
            b"PING" => peer.send(b"PONG\r\n").await?,
            b"+OK" | b"INFO" => {}
            b"-ERR" => return Err(error(&line)),
            _ => return Err(peer.unexpected(&line)),
        }
    }
    Err(peer.unexpected(b"lines without end"))
}

/// Reads the greeting, after which TLS may begin.
///
/// # Errors
/// The server has no TLS.
#[cfg(feature = "probe-connect-tls")]
pub(super) async fn request_tls(peer: &mut Peer) -> Result<(), ServerState> {
    info(peer).await?.offers_tls()
}

impl NatsInfo {
    fn offers_tls(&self) -> Result<(), ServerState> {
        let has_tls = self.tls_required || self.tls_available;
        if has_tls { Ok(()) } else { Err(ServerState::fail("no_tls", "has no TLS")) }
    }
}

async fn info(peer: &mut Peer) -> Result<NatsInfo, ServerState> {
    let line = peer.line().await?;
    match line.strip_prefix(b"INFO ") {
        Some(info) => serde_json::from_slice(info).map_err(|_| peer.unexpected(&line)),
        None if line.starts_with(b"-ERR") => Err(error(&line)),
        None => Err(peer.unexpected(&line)),
    }
}

fn error(line: &[u8]) -> ServerState {
    ServerState::fail("error", format!("answers with an error: {}", excerpt(line)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    #[test]
    fn answers_become_states() {
        for (answer, state) in [
            ("INFO {\"max_payload\":1}\r\nPONG\r\n", "accepting"),
            ("INFO {}\r\n+OK\r\nPING\r\nINFO {}\r\nPONG\r\n", "accepting"),
            ("INFO {\"ldm\":true}\r\nPONG\r\n", "lame_duck"),
            ("INFO {\"auth_required\":true}\r\n", "login_required"),
            ("INFO {\"tls_required\":true}\r\n", "tls_required"),
            ("INFO {}\r\n-ERR 'maximum connections exceeded'\r\n", "error"),
            ("-ERR 'maximum connections exceeded'\r\n", "error"),
            ("INFO {}\r\nMSG a 1 0\r\n", "unexpected_answer"),
            ("INFO 1\r\n", "unexpected_answer"),
            ("INFO {}\r\n", "closed"),
            (&format!("INFO {{}}\r\n{}", "+OK\r\n".repeat(100)), "unexpected_answer"),
        ] {
            assert_eq!(talk_with(NATS.talk, answer.as_bytes()).state, state, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(answer in "(INFO \\{\\}\n)?(INFO |-ERR |PING)?\\PC{0,300}\n", bytes: Vec<u8>) {
            talk_with(NATS.talk, answer.as_bytes());
            talk_with(NATS.talk, &bytes);
        }
    }
}
