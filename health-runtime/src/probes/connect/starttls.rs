//! Protocols that begin TLS after a request in plain text.

use super::{
    finding::{ServerState, excerpt},
    ldap, nats,
    peer::Peer,
    postgres, smtp,
};

/// Maximum number of lines before the answer to a request; a server may send news.
const MAX_LINES: usize = 10;

/// A protocol that begins TLS after a request in plain text, at the port for plain text. See
/// [`CertificateProbe::starttls`](super::CertificateProbe::starttls).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StartTls {
    /// Mail servers, by `STARTTLS` (RFC 3207). Port 25 if the address has none; 587 is that for programs of users.
    Smtp,
    /// Mailboxes, by `STARTTLS` (RFC 9051, section 6.2.1). Port 143 if the address has none.
    Imap,
    /// Mailboxes, by `STLS` (RFC 2595, section 4). Port 110 if the address has none.
    Pop3,
    /// Directories, by the extended request for `StartTLS` (RFC 4511, section 4.14). Port 389 if the address has none.
    Ldap,
    /// PostgreSQL, by `SSLRequest`. Port 5432 if the address has none.
    Postgres,
    /// NATS, which greets in plain text. Port 4222 if the address has none. A server with `handshake_first` needs no `starttls`.
    Nats,
}

impl StartTls {
    pub(super) const fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Imap => 143,
            Self::Pop3 => 110,
            Self::Ldap => 389,
            Self::Postgres => 5432,
            Self::Nats => 4222,
        }
    }

    /// Returns the name for texts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Ldap => "LDAP",
            Self::Postgres => "PostgreSQL",
            Self::Nats => "NATS",
        }
    }

    /// Asks for TLS, which may begin then.
    ///
    /// # Errors
    /// The server does not agree.
    pub(super) async fn request(self, peer: &mut Peer) -> Result<(), ServerState> {
        match self {
            Self::Smtp => smtp::request_tls(peer).await,
            Self::Imap => request_imap(peer).await,
            Self::Pop3 => request_pop3(peer).await,
            Self::Ldap => ldap::request_tls(peer).await,
            Self::Postgres => postgres::request_tls(peer).await,
            Self::Nats => nats::request_tls(peer).await,
        }
    }
}

async fn request_imap(peer: &mut Peer) -> Result<(), ServerState> {
    let greeting = peer.line().await?;
    if !begins_with(&greeting, b"* OK") {
        let is_imap = begins_with(&greeting, b"* BYE") || begins_with(&greeting, b"* PREAUTH");
        return Err(if is_imap { refused(&greeting) } else { peer.unexpected(&greeting) });
    }
    peer.farewell = b"b LOGOUT\r\n";
    peer.send(b"a STARTTLS\r\n").await?;
    for _ in 0..MAX_LINES {
        let line = peer.line().await?;
        if begins_with(&line, b"a ") {
            return if begins_with(&line, b"a OK") { Ok(()) } else { Err(refused(&line)) };
        }
    }
    Err(peer.unexpected(b"lines without end"))
}

async fn request_pop3(peer: &mut Peer) -> Result<(), ServerState> {
    expect_ok(peer).await?;
    peer.farewell = b"QUIT\r\n";
    peer.send(b"STLS\r\n").await?;
    expect_ok(peer).await
}

/// Reads a line of POP3.
async fn expect_ok(peer: &mut Peer) -> Result<(), ServerState> {
    let line = peer.line().await?;
    match () {
        () if begins_with(&line, b"+OK") => Ok(()),
        () if begins_with(&line, b"-ERR") => Err(refused(&line)),
        () => Err(peer.unexpected(&line)),
    }
}

fn refused(line: &[u8]) -> ServerState {
    ServerState::fail("no_tls", format!("does not begin TLS: {}", excerpt(line)))
}

fn begins_with(line: &[u8], word: &[u8]) -> bool {
    line.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::{Talking, talk_with};

    const ALL: [StartTls; 6] =
        [StartTls::Smtp, StartTls::Imap, StartTls::Pop3, StartTls::Ldap, StartTls::Postgres, StartTls::Nats];

    /// Returns the state of a server that answers so to the request of a protocol.
    fn state(protocol: StartTls, answer: &[u8]) -> &'static str {
        fn talk<const PROTOCOL: usize>(peer: &mut Peer) -> Talking<'_> {
            Box::pin(async { ALL[PROTOCOL].request(peer).await.map(|()| ServerState::accepting()) })
        }
        let talks = [talk::<0>, talk::<1>, talk::<2>, talk::<3>, talk::<4>, talk::<5>];
        let at = ALL.iter().position(|other| *other == protocol).expect("a protocol");
        talk_with(talks[at], answer).state
    }

    #[test]
    fn answers_become_states() {
        let ldap = |code: u8| [0x30, 12, 2, 1, 4, 0x78, 7, 0x0a, 1, code, 4, 0, 4, 0];
        for (protocol, answer, expected) in [
            (StartTls::Smtp, &b"220 mail\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n"[..], "accepting"),
            (StartTls::Smtp, b"220 mail\r\n250 mail\r\n", "no_tls"),
            (StartTls::Smtp, b"220 mail\r\n250-mail\r\n250 STARTTLS\r\n454 later\r\n", "unavailable"),
            (StartTls::Imap, b"* OK [CAPABILITY IMAP4rev1] ready\r\n* NEWS\r\na ok go\r\n", "accepting"),
            (StartTls::Imap, b"* OK ready\r\na BAD unknown command\r\n", "no_tls"),
            (StartTls::Imap, b"* BYE too many connections\r\n", "no_tls"),
            (StartTls::Imap, b"220 mail\r\n", "unexpected_answer"),
            (StartTls::Pop3, b"+OK ready\r\n+OK go\r\n", "accepting"),
            (StartTls::Pop3, b"+OK ready\r\n-ERR no\r\n", "no_tls"),
            (StartTls::Pop3, b"* OK ready\r\n", "unexpected_answer"),
            (StartTls::Ldap, &ldap(0), "accepting"),
            (StartTls::Ldap, &ldap(2), "no_tls"),
            (StartTls::Ldap, &ldap(53), "no_tls"),
            (StartTls::Ldap, &ldap(52), "no_tls"),
            (StartTls::Postgres, b"S", "accepting"),
            (StartTls::Postgres, b"N", "no_tls"),
            (StartTls::Postgres, b"E", "unexpected_answer"),
            (StartTls::Nats, b"INFO {\"tls_available\":true}\r\n", "accepting"),
            (StartTls::Nats, b"INFO {}\r\n", "no_tls"),
        ] {
            assert_eq!(state(protocol, answer), expected, "{protocol:?} {}", excerpt(answer));
        }
        for protocol in ALL {
            assert_eq!(state(protocol, b""), "closed", "{protocol:?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(answer in "(\\* OK|\\+OK|220 )?\\PC{0,40}\r\n(a OK|\\+OK)?\\PC{0,40}\n", bytes: Vec<u8>) {
            for protocol in ALL {
                state(protocol, answer.as_bytes());
                state(protocol, &bytes);
            }
        }
    }
}
