//! Probe of a memcached server over a connection of its own.

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const MEMCACHED: Protocol = Protocol {
    name: "memcached",
    port: Some(11_211),
    tls: TlsBegin::AtOnce(11_211),
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

/// Checks that a memcached server answers, over a connection of its own: `version`, then `quit`.
///
/// Name `memcached_` and the address, level 3; the port is 11211 if the address has none. Data and limits are those of
/// [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it answered its version |
/// | `login_required` | pass | it wants a login (`CLIENT_ERROR unauthenticated`) |
/// | `full` | fail | it has too many connections |
/// | `error` | fail | any other error, which the message shows |
///
/// # The server's log
/// Nothing; with `-v` and more, a line for the connection and each command.
#[track_caller]
pub fn memcached_at(address: impl AsRef<str>) -> ConnectProbe {
    connect("memcached", address.as_ref(), &MEMCACHED)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    peer.send(b"version\r\n").await?;
    let answer = peer.line().await?;
    let finding = judge(&answer).ok_or_else(|| peer.unexpected(&answer))?;
    peer.farewell = b"quit\r\n";
    Ok(finding)
}

fn judge(answer: &[u8]) -> Option<ServerState> {
    let said = excerpt(answer);
    match said.split(' ').next().unwrap_or_default() {
        "VERSION" => Some(ServerState::accepting()),
        "CLIENT_ERROR" if said.contains("unauthenticated") => {
            Some(ServerState::login_required("answers, and wants a login, so nothing more is known"))
        }
        "ERROR" if said.contains("Too many open connections") => {
            Some(ServerState::fail("full", "has too many connections"))
        }
        "ERROR" | "CLIENT_ERROR" | "SERVER_ERROR" => {
            Some(ServerState::fail("error", format!("answers with an error: {said}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    #[test]
    fn answers_become_states() {
        for (answer, state) in [
            ("VERSION 1.6.18\r\n", "accepting"),
            ("CLIENT_ERROR unauthenticated\r\n", "login_required"),
            ("ERROR Too many open connections\r\n", "full"),
            ("ERROR\r\n", "error"),
            ("SERVER_ERROR out of memory\r\n", "error"),
            ("VERSIONS\r\n", "unexpected_answer"),
            ("+PONG\r\n", "unexpected_answer"),
            ("VERSION 1.6", "closed"),
        ] {
            assert_eq!(talk_with(MEMCACHED.talk, answer.as_bytes()).state, state, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(answer in "(VERSION |ERROR |CLIENT_ERROR )?\\PC{0,300}\n", bytes: Vec<u8>) {
            talk_with(MEMCACHED.talk, answer.as_bytes());
            talk_with(MEMCACHED.talk, &bytes);
        }
    }
}
