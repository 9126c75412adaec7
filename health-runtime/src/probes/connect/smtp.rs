//! Probe of a mail server over a connection of its own.

use std::net::IpAddr;

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const SMTP: Protocol = Protocol {
    name: "SMTP",
    port: Some(25),
    tls: TlsBegin::Either(465),
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

/// Maximum number of lines of one reply.
const MAX_LINES: usize = 100;

/// Checks that a mail server answers, over a connection of its own: its greeting, `EHLO`, `QUIT`. No mail is sent.
///
/// Name `smtp_` and the address, level 3; the port is 25 if the address has none, and 465 with [`tls`](ConnectProbe::tls). Use 587
/// with [`starttls`](ConnectProbe::starttls). The `EHLO` names the IP address of this host. A greeting that is delayed against
/// spam, such as that of Postfix's postscreen after 6 s, needs a longer [`timeout`](ConnectProbe::timeout). Data and limits are
/// those of [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it greeted and answered the `EHLO` |
/// | `unavailable` | fail | it refuses for now (a code from 400 to 499, such as 421) |
/// | `refusing` | fail | it refuses this client (a code from 500 on, such as 554) |
/// | `no_tls` | fail | with [`starttls`](ConnectProbe::starttls): it does not offer `STARTTLS` |
///
/// # The server's log
/// Postfix writes two lines for each run: `connect from …` and `disconnect from … ehlo=1 quit=1 commands=2`.
#[track_caller]
pub fn smtp(address: impl AsRef<str>) -> ConnectProbe {
    connect("smtp", address.as_ref(), &SMTP)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    if peer.starts_later() {
        request_tls(peer).await?;
        peer.secure().await?;
    } else {
        read_reply(peer, "its greeting").await?;
    }
    greet(peer).await?;
    Ok(ServerState::accepting())
}

/// Asks for TLS, which may begin then.
///
/// # Errors
/// The server does not offer it.
pub(super) async fn request_tls(peer: &mut Peer) -> Result<(), ServerState> {
    read_reply(peer, "its greeting").await?;
    let features = greet(peer).await?;
    if !features.iter().any(|feature| feature.eq_ignore_ascii_case(b"STARTTLS")) {
        return Err(ServerState::fail("no_tls", "does not offer `STARTTLS`"));
    }
    peer.send(b"STARTTLS\r\n").await?;
    read_reply(peer, "`STARTTLS`").await?;
    Ok(())
}

/// Returns the features that the server offers.
async fn greet(peer: &mut Peer) -> Result<Vec<Vec<u8>>, ServerState> {
    let name = match peer.local {
        Some(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Some(IpAddr::V4(address)) => format!("[{address}]"),
        None => "[127.0.0.1]".to_owned(),
    };
    peer.send(format!("EHLO {name}\r\n").as_bytes()).await?;
    read_reply(peer, "`EHLO`").await
}

/// Reads a reply to the end, and returns the texts of its lines.
///
/// # Errors
/// Its code is not that of a success.
async fn read_reply(peer: &mut Peer, to: &str) -> Result<Vec<Vec<u8>>, ServerState> {
    let mut texts = Vec::new();
    while texts.len() < MAX_LINES {
        let line = peer.line().await?;
        let (code, mark) = match *line {
            [class @ b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] => (class, b' '),
            [class @ b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', mark @ (b' ' | b'-'), ..] => (class, mark),
            _ => return Err(peer.unexpected(&line)),
        };
        peer.farewell = b"QUIT\r\n";
        texts.push(line.get(4..).unwrap_or_default().to_vec());
        if mark == b' ' {
            let said = excerpt(&line);
            return match code {
                b'4' => Err(ServerState::fail("unavailable", format!("refuses for now, at {to}: {said}"))),
                b'5' => Err(ServerState::fail("refusing", format!("refuses, at {to}: {said}"))),
                _ => Ok(texts),
            };
        }
    }
    Err(peer.unexpected(b"lines without end"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    #[test]
    fn answers_become_states() {
        for (answer, state) in [
            ("220 mail.internal ESMTP\r\n250 mail.internal\r\n", "accepting"),
            ("220-mail.internal\r\n220 ESMTP\r\n250-mail.internal\r\n250-SIZE 1\r\n250 STARTTLS\r\n", "accepting"),
            ("220\r\n250\r\n", "accepting"),
            ("421 too many connections\r\n", "unavailable"),
            ("554 no service\r\n", "refusing"),
            ("220 mail.internal\r\n502 not implemented\r\n", "refusing"),
            ("220 mail.internal\r\n", "closed"),
            ("220_mail\r\n", "unexpected_answer"),
            ("199 mail\r\n", "unexpected_answer"),
            ("+OK POP3\r\n", "unexpected_answer"),
            (&"220-more\r\n".repeat(1_000), "unexpected_answer"),
        ] {
            assert_eq!(talk_with(SMTP.talk, answer.as_bytes()).state, state, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(answer in "(220 a\r\n)?([2-5][0-9]{2}[ -]\\PC{0,30}\r\n){0,5}", bytes: Vec<u8>) {
            talk_with(SMTP.talk, answer.as_bytes());
            talk_with(SMTP.talk, &bytes);
        }
    }
}
