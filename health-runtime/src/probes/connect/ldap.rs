//! Probe of a directory server over a connection of its own.

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const LDAP: Protocol = Protocol {
    name: "LDAP",
    port: Some(389),
    tls: TlsBegin::Either(636),
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

/// Message 1: a simple bind in version 3, without name and password.
const BIND: [u8; 14] = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];

/// Message 2: a search for the entry without name itself (`objectClass=*`), one entry at most, attribute `1.1`, which is none.
const SEARCH: &[u8] =
    b"\x30\x2a\x02\x01\x02\x63\x25\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x01\x02\x01\x00\x01\x01\x00\
    \x87\x0bobjectClass\x30\x05\x04\x031.1";

/// Message 3.
const UNBIND: &[u8] = &[0x30, 5, 2, 1, 3, 0x42, 0];

/// Message 4: an extended request by the name of `StartTLS` (RFC 4511, section 4.14).
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x04\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

const BIND_ANSWER: u8 = 0x61;
const EXTENDED_ANSWER: u8 = 0x78;
const SEARCH_END: u8 = 0x65;

/// Maximum number of messages before the end of the search; one is usual.
const MAX_MESSAGES: usize = 10;

/// Checks that a directory server answers, over a connection of its own: an anonymous bind, a search for the root entry (root DSE)
/// without its attributes, and an unbind.
///
/// Name `ldap_` and the address, level 3; the port is 389 if the address has none, and 636 with [`tls`](ConnectProbe::tls). At port
/// 389 [`starttls`](ConnectProbe::starttls) encrypts the connection. Data and limits are those of [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it answered the search |
/// | `login_required` | pass | it refuses anonymous clients (result 8, 13, 48, 50 or 53) |
/// | `unavailable` | fail | it is busy or not available (result 51 or 52) |
/// | `no_tls` | fail | with [`starttls`](ConnectProbe::starttls): it refuses TLS, or has none |
/// | `error` | fail | any other result, which the message shows |
///
/// # The server's log
/// slapd writes nothing by default (`none`), and at level `stats` a line for each of connection, bind, search and unbind, and
/// their results, and for `StartTLS`.
#[track_caller]
pub fn ldap(address: impl AsRef<str>) -> ConnectProbe {
    connect("ldap", address.as_ref(), &LDAP)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    if peer.starts_later() {
        request_tls(peer).await?;
        peer.secure().await?;
    }
    peer.send(&BIND).await?;
    let message = read_message(peer).await?;
    let (BIND_ANSWER, result) = message else { return Err(peer.unexpected(&message.1)) };
    peer.farewell = UNBIND;
    if let Some(finding) = judge(&result) {
        return Ok(finding);
    }
    peer.send(SEARCH).await?;
    for _ in 0..MAX_MESSAGES {
        if let (SEARCH_END, result) = read_message(peer).await? {
            return Ok(judge(&result).unwrap_or_else(ServerState::accepting));
        }
    }
    Err(peer.unexpected(b"entries without end"))
}

/// Asks for TLS, which may begin then.
///
/// # Errors
/// The server refuses it.
pub(super) async fn request_tls(peer: &mut Peer) -> Result<(), ServerState> {
    peer.send(START_TLS).await?;
    let message = read_message(peer).await?;
    let (EXTENDED_ANSWER, result) = message else { return Err(peer.unexpected(&message.1)) };
    peer.farewell = UNBIND;
    match parse_result(&result)? {
        (0, _) => Ok(()),
        (code, said) => Err(ServerState::fail("no_tls", format!("does not begin TLS (result {code}{said})"))),
    }
}

/// Reads a message. Returns the kind of its operation and its content.
async fn read_message(peer: &mut Peer) -> Result<(u8, Vec<u8>), ServerState> {
    let head = peer.bytes(2).await?;
    if head[0] != 0x30 {
        return Err(peer.unexpected(&head));
    }
    let length = match head[1] {
        length @ ..=0x7f => usize::from(length),
        // The number of bytes that hold the length.
        count @ 0x81..=0x84 => {
            let length = peer.bytes(usize::from(count & 0x7f)).await?;
            length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte))
        }
        _ => return Err(peer.unexpected(&head)),
    };
    let message = peer.bytes(length).await?;
    parse_message(&message).ok_or_else(|| peer.unexpected(&message))
}

fn parse_message(message: &[u8]) -> Option<(u8, Vec<u8>)> {
    let (0x02, _, rest) = element(message)? else { return None };
    let (kind, operation, _) = element(rest)?;
    Some((kind, operation.to_vec()))
}

/// Takes the first element apart: its tag, its content, and the bytes behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        length @ ..=0x7f => (usize::from(length), rest),
        count @ 0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(count & 0x7f))?;
            (length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Returns the code of a result, and the server's text about it behind a colon.
fn parse_result(result: &[u8]) -> Result<(u8, String), ServerState> {
    let Some((0x0a, &[code], rest)) = element(result) else {
        return Err(ServerState::fail("unexpected_answer", "answers with a result that is not valid"));
    };
    let said = element(rest).and_then(|(_, _, rest)| element(rest)).map(|(_, text, _)| excerpt(text));
    let said = said.filter(|text| !text.is_empty()).map(|text| format!(": {text}")).unwrap_or_default();
    Ok((code, said))
}

/// Judges a result; `None` for a success.
fn judge(result: &[u8]) -> Option<ServerState> {
    let (code, said) = match parse_result(result) {
        Ok(parsed) => parsed,
        Err(finding) => return Some(finding),
    };
    Some(match code {
        0 => return None,
        8 | 13 | 48 | 50 | 53 => {
            ServerState::login_required(format!("answers, and refuses anonymous clients (result {code}{said})"))
        }
        51 | 52 => ServerState::fail("unavailable", format!("says that it is not available (result {code}{said})")),
        code => ServerState::fail("error", format!("answers with result {code}{said}")),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("a short message");
        let operation = [&[2, 1, 1, kind, length(content)], content].concat();
        [&[0x30, length(&operation)], &*operation].concat()
    }

    fn result(kind: u8, code: u8, text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).expect("a short text");
        message(kind, &[&[0x0a, 1, code, 4, 0, 4, length], text.as_bytes()].concat())
    }

    #[test]
    fn requests_have_their_lengths() {
        for request in [&BIND, SEARCH, UNBIND, START_TLS] {
            assert_eq!(request.len(), usize::from(request[1]) + 2);
            let (_, operation, rest) = element(&request[5..]).expect("an operation");
            assert!(rest.is_empty(), "{operation:?}");
        }
    }

    #[test]
    fn answers_become_states() {
        let bound = result(BIND_ANSWER, 0, "");
        for (answer, state) in [
            ([bound.clone(), message(0x64, b"\x04\0\x30\0"), result(SEARCH_END, 0, "")].concat(), "accepting"),
            ([bound.clone(), result(SEARCH_END, 50, "")].concat(), "login_required"),
            (result(BIND_ANSWER, 48, "anonymous bind disallowed"), "login_required"),
            (result(BIND_ANSWER, 52, "shutting down"), "unavailable"),
            (result(BIND_ANSWER, 2, ""), "error"),
            (result(SEARCH_END, 0, ""), "unexpected_answer"),
            (message(BIND_ANSWER, b""), "unexpected_answer"),
            ([bound.clone(), message(0x64, b"").repeat(100)].concat(), "unexpected_answer"),
            (bound, "closed"),
            (b"0\x84\xff\xff\xff\xff".to_vec(), "unexpected_answer"),
            (b"0\x80".to_vec(), "unexpected_answer"),
            (b"HTTP".to_vec(), "unexpected_answer"),
        ] {
            let finding = talk_with(LDAP.talk, &answer);
            assert_eq!(finding.state, state, "{finding:?}");
        }
        // Long lengths, as OpenLDAP and Active Directory write them.
        let long = b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\x31\x04\0\x04\0";
        assert_eq!(talk_with(LDAP.talk, long).state, "error");
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(kind: u8, content in proptest::collection::vec(any::<u8>(), 0..100), bytes: Vec<u8>) {
            talk_with(LDAP.talk, &message(kind, &content));
            talk_with(LDAP.talk, &message(BIND_ANSWER, &content));
            talk_with(LDAP.talk, &[result(BIND_ANSWER, 0, ""), bytes.clone()].concat());
            talk_with(LDAP.talk, &bytes);
        }
    }
}
