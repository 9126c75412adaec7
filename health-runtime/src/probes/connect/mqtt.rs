//! Probe of an MQTT broker over a connection of its own.

use super::{ConnectProbe, Protocol, TlsBegin, connect, finding::ServerState, peer::Peer};

const MQTT: Protocol = Protocol {
    name: "MQTT",
    port: Some(1883),
    tls: TlsBegin::AtOnce(8883),
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

/// Version 3.1.1, a clean session, one minute of silence, and no client identifier, so that no other client is replaced.
const CONNECT: [u8; 14] = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 0];

const PING: [u8; 2] = [0xc0, 0];
const PING_ANSWER: [u8; 2] = [0xd0, 0];
const DISCONNECT: &[u8] = &[0xe0, 0];

/// Kind of the answer to [`CONNECT`].
const CONNECT_ANSWER: u8 = 0x20;

/// Checks that an MQTT broker answers, over a connection of its own: `CONNECT` in version 3.1.1, `PINGREQ`, `DISCONNECT`.
///
/// Name `mqtt_` and the address, level 3; the port is 1883 if the address has none, and 8883 with [`tls`](ConnectProbe::tls). It
/// connects without a login, subscribes to nothing and publishes nothing. The broker gives it a client identifier, so that it
/// never replaces another client. Data and limits are those of [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it answered the ping |
/// | `login_required` | pass | it wants a login, or a client identifier of its choice |
/// | `unavailable` | fail | it says that it is not available (return code 3) |
/// | `other_version` | fail | it does not speak version 3.1.1 |
///
/// # The server's log
/// Mosquitto writes three lines for each run: `New connection from …`, `New client connected …` and `Client … disconnected.`,
/// and `connection_messages false` keeps it from that.
#[track_caller]
pub fn mqtt(address: impl AsRef<str>) -> ConnectProbe {
    connect("mqtt", address.as_ref(), &MQTT)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    peer.send(&CONNECT).await?;
    let head = peer.bytes(2).await?;
    let (kind, length) = (head[0], usize::from(head[1]));
    if kind != CONNECT_ANSWER || !(2..128).contains(&length) {
        return Err(peer.unexpected(&head));
    }
    let body = peer.bytes(length).await?;
    if let Some(finding) = judge(body[1]) {
        return Ok(finding);
    }
    peer.farewell = DISCONNECT;
    peer.send(&PING).await?;
    let answer = peer.bytes(2).await?;
    if answer == PING_ANSWER { Ok(ServerState::accepting()) } else { Err(peer.unexpected(&answer)) }
}

/// Judges a return code; `None` if the broker accepts.
fn judge(code: u8) -> Option<ServerState> {
    Some(match code {
        0 => return None,
        2 => {
            ServerState::login_required("answers, and refuses clients without an identifier, so nothing more is known")
        }
        4 | 5 => ServerState::login_required("answers, and wants a login, so nothing more is known"),
        3 => ServerState::fail("unavailable", "says that it is not available"),
        code => ServerState::fail("other_version", format!("does not speak version 3.1.1 (return code {code})")),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    #[test]
    fn answers_become_states() {
        for (answer, state) in [
            (&[0x20, 2, 0, 0, 0xd0, 0][..], "accepting"),
            (&[0x20, 2, 0, 5], "login_required"),
            (&[0x20, 2, 0, 4], "login_required"),
            (&[0x20, 2, 0, 2], "login_required"),
            (&[0x20, 2, 0, 3], "unavailable"),
            (&[0x20, 2, 0, 1], "other_version"),
            // MQTT 5: unsupported protocol version, without properties.
            (&[0x20, 3, 0, 0x84, 0], "other_version"),
            (&[0x20, 2, 0, 0], "closed"),
            (&[0x20, 2, 0, 0, 0x30, 0], "unexpected_answer"),
            (&[0x20, 0], "unexpected_answer"),
            (&[0x20, 0x82, 1], "unexpected_answer"),
            (b"HTTP", "unexpected_answer"),
        ] {
            assert_eq!(talk_with(MQTT.talk, answer).state, state, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(bytes: Vec<u8>, code: u8) {
            talk_with(MQTT.talk, &bytes);
            talk_with(MQTT.talk, &[&[0x20, 2, 0, code], &*bytes].concat());
        }
    }
}
