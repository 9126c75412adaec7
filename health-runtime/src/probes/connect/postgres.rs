//! Probe of a PostgreSQL server over a connection of its own.

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const POSTGRES: Protocol = Protocol {
    name: "PostgreSQL",
    port: Some(5432),
    tls: TlsBegin::Later,
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Version 3.0, and parameters in pairs. The user and the database exist nearly everywhere; a login that is not known would be
/// logged where connections are trusted.
const STARTUP_MESSAGE: &[u8] =
    b"\0\0\0\x49\0\x03\0\0user\0postgres\0database\0postgres\0application_name\0health-runtime\0\0";

const TERMINATE: &[u8] = b"X\0\0\0\x04";

/// Maximum number of messages before a login is complete; a server sends about twenty.
const MAX_MESSAGES: usize = 100;

/// Checks that a PostgreSQL server accepts connections, over a connection of its own: the start of a login, as `pg_isready` does
/// it, without a password.
///
/// Name `postgres_` and the address, level 3; the port is 5432 if the address has none. A program that has a client asks through
/// it: [`probes::postgres`](crate::probes::postgres()) sees whether the server takes writes as well. Data and limits are those of
/// [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it asked for a password, let the user `postgres` in, or refused that user by its rules |
/// | `starting` | fail | it is starting up or recovering (SQLSTATE 57P03) |
/// | `stopping` | fail | it is shutting down (57P03) |
/// | `unavailable` | fail | 57P03 with a text in another language |
/// | `full` | fail | too many clients (53300) |
/// | `no_tls` | fail | with [`tls`](ConnectProbe::tls): it has none |
/// | `error` | fail | any other error, which the message shows |
///
/// It takes one of the server's `max_connections` for the time of the run.
///
/// # The server's log
/// Nothing if it asks for a password (`scram-sha-256`, `md5`), or trusts and has the user and the database `postgres`. One line
/// `FATAL` where `pg_hba.conf` rejects this host or trusts it and has no such user, and while it is starting, stopping or full.
/// `log_connections` and `log_disconnections` add theirs.
#[track_caller]
pub fn postgres_at(address: impl AsRef<str>) -> ConnectProbe {
    connect("postgres", address.as_ref(), &POSTGRES)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    if peer.upgrades() {
        request_tls(peer).await?;
        peer.secure().await?;
    }
    peer.send(STARTUP_MESSAGE).await?;
    for _ in 0..MAX_MESSAGES {
        let head = peer.bytes(5).await?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let body = match usize::try_from(length).ok().and_then(|length| length.checked_sub(4)) {
            Some(length) if head[0].is_ascii_alphabetic() && length < usize::from(u16::MAX) => {
                peer.bytes(length).await?
            }
            _ => return Err(peer.unexpected(&head)),
        };
        if head[0] == b'Z' {
            // Before, a server takes anything but a password for an error, and logs it.
            peer.farewell = TERMINATE;
        }
        if let Some(finding) = judge(head[0], &body) {
            return Ok(finding);
        }
    }
    Err(peer.unexpected(b"messages without end"))
}

/// Asks for TLS, which may begin then.
///
/// # Errors
/// The server has none.
pub(super) async fn request_tls(peer: &mut Peer) -> Result<(), ServerState> {
    peer.send(&SSL_REQUEST).await?;
    match &*peer.bytes(1).await? {
        b"S" => Ok(()),
        b"N" => Err(ServerState::fail("no_tls", "has no TLS")),
        other => Err(peer.unexpected(other)),
    }
}

/// Judges a message; `None` if others follow.
fn judge(kind: u8, body: &[u8]) -> Option<ServerState> {
    match kind {
        // A method other than 0, which is success.
        b'R' if body != [0; 4] => Some(ServerState::accepting()),
        b'Z' => Some(ServerState::accepting()),
        b'E' => Some(judge_error(body)),
        _ => None,
    }
}

fn judge_error(fields: &[u8]) -> ServerState {
    let field =
        |name: u8| fields.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(&[name])).unwrap_or_default();
    let (code, text) = (field(b'C'), excerpt(field(b'M')));
    match code {
        b"57P03" if text.contains("shutting down") => {
            ServerState::fail("stopping", format!("does not accept logins: {text}"))
        }
        b"57P03" if ["starting up", "recovery", "not yet"].iter().any(|part| text.contains(part)) => {
            ServerState::fail("starting", format!("does not accept logins: {text}"))
        }
        b"57P03" => ServerState::fail("unavailable", format!("does not accept logins: {text}")),
        b"53300" => ServerState::fail("full", format!("has too many clients: {text}")),
        // Rules or passwords; and no such database.
        [b'2', b'8', ..] | b"3D000" => {
            let text = format!("accepts logins, but not the one of this probe: {text}");
            ServerState { text: Some(text), ..ServerState::accepting() }
        }
        _ => ServerState::fail("error", format!("answers with error {}: {text}", excerpt(code))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("a short body").to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    fn error(code: &str, text: &str) -> Vec<u8> {
        message(b'E', format!("SFATAL\0VFATAL\0C{code}\0M{text}\0\0").as_bytes())
    }

    #[test]
    fn startup_message_has_its_length() {
        assert_eq!(STARTUP_MESSAGE.len(), usize::from(STARTUP_MESSAGE[3]));
    }

    #[test]
    fn answers_become_states() {
        let trusted = [message(b'R', &[0; 4]), message(b'S', b"a\0b\0"), message(b'K', &[0; 8]), message(b'Z', b"I")];
        for (answer, state) in [
            (message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"), "accepting"),
            (message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]), "accepting"),
            (trusted.concat(), "accepting"),
            ([message(b'R', &[0; 4]), error("3D000", "database \"postgres\" does not exist")].concat(), "accepting"),
            (error("57P03", "the database system is starting up"), "starting"),
            (error("57P03", "the database system is not yet accepting connections"), "starting"),
            (error("57P03", "the database system is in recovery mode"), "starting"),
            (error("57P03", "the database system is shutting down"), "stopping"),
            (error("57P03", "das Datenbanksystem startet"), "unavailable"),
            (error("53300", "sorry, too many clients already"), "full"),
            (error("28000", "no pg_hba.conf entry for host"), "accepting"),
            (error("08P01", "protocol violation"), "error"),
            (message(b'E', b""), "error"),
            (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), "unexpected_answer"),
            (b"R\0\0\0\0".to_vec(), "unexpected_answer"),
            (b"R\0\0".to_vec(), "closed"),
            (message(b'S', b"").repeat(1_000), "unexpected_answer"),
            (Vec::new(), "closed"),
        ] {
            let finding = talk_with(POSTGRES.talk, &answer);
            assert_eq!(finding.state, state, "{finding:?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(kinds in proptest::collection::vec((any::<u8>(), any::<Vec<u8>>()), 0..9), bytes: Vec<u8>) {
            let answer: Vec<_> = kinds.iter().flat_map(|(kind, body)| message(*kind, body)).collect();
            talk_with(POSTGRES.talk, &answer);
            talk_with(POSTGRES.talk, &bytes);
        }
    }
}
