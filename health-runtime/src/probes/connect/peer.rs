use std::{io, net::IpAddr, pin::Pin, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, empty},
    time::timeout_at,
};

use super::{
    finding::{ServerState, excerpt},
    tls::Encryption,
};
use crate::{byte_stream::ByteStream, probes::deadline::Deadline};

/// Longest answer that is read. Lines and frames of health are far shorter.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// Longest time for a farewell, in which the server may end the connection first.
const FAREWELL_TIME: Duration = Duration::from_millis(100);

/// A server at the other end of a connection. Each step ends at the deadline, and reads a bounded answer.
pub(super) struct Peer {
    stream: ByteStream,
    deadline: Deadline,
    /// Name of the protocol, for texts.
    protocol: &'static str,
    /// Name that the server's certificate has to be for.
    host: String,
    encryption: Encryption,
    is_encrypted: bool,
    /// Address of this end.
    pub(super) local: Option<IpAddr>,
    /// Last words of this client, which the protocol wants before the end.
    pub(super) farewell: &'static [u8],
    unread: Vec<u8>,
    has_answered: bool,
}

/// Talks to a server until its state is known. Either result is that state.
pub(super) type Talk = for<'a> fn(&'a mut Peer) -> Talking<'a>;

pub(super) type Talking<'a> = Pin<Box<dyn Future<Output = Result<ServerState, ServerState>> + Send + 'a>>;

impl Peer {
    pub(super) fn new(
        stream: ByteStream,
        deadline: Deadline,
        protocol: &'static str,
        host: &str,
        encryption: Encryption,
    ) -> Self {
        Self {
            stream,
            deadline,
            protocol,
            host: host.to_owned(),
            encryption,
            is_encrypted: false,
            local: None,
            farewell: b"",
            unread: Vec::new(),
            has_answered: false,
        }
    }

    /// Returns whether the user wants TLS that has not begun, in a protocol that begins it by a request of its own.
    pub(super) fn upgrades(&self) -> bool {
        self.encryption.is_wanted() && !self.is_encrypted
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Returns whether the user wants TLS after a plain greeting, in a protocol that has both.
    pub(super) fn starts_later(&self) -> bool {
        self.encryption.starts_later()
    }

    /// Encrypts the connection, and verifies the server's certificate.
    ///
    /// # Errors
    /// The handshake failed.
    pub(super) async fn secure(&mut self) -> Result<(), ServerState> {
        let (encryption, host) = (self.encryption.clone(), self.host.clone());
        let secured = self.begin_tls(|stream| async move { encryption.secure(stream, &host).await }).await?;
        secured.map_err(|error| ServerState::fail("tls_failed", format!("fails in TLS: {error}")))
    }

    /// Performs this handshake. The inner result is that of the handshake.
    ///
    /// # Errors
    /// It does not end before the deadline, or the server has already sent more than it should have.
    pub(super) async fn begin_tls<E, Fut>(
        &mut self,
        handshake: impl FnOnce(ByteStream) -> Fut,
    ) -> Result<Result<(), E>, ServerState>
    where
        Fut: Future<Output = Result<ByteStream, E>>,
    {
        if !self.unread.is_empty() {
            // Somebody between could answer in the name of the server, before it is verified.
            return Err(self.unexpected(&self.unread));
        }
        let stream = std::mem::replace(&mut self.stream, Box::new(empty()));
        let ended = self.deadline.wait("does not finish the TLS handshake", handshake(stream)).await;
        let ended = ended.map_err(|late| ServerState::fail("tls_failed", late))?;
        Ok(ended.map(|stream| (self.stream, self.is_encrypted) = (stream, true)))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// The connection is closed, or takes no bytes.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<(), ServerState> {
        let sending = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        match timeout_at(self.deadline.end, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// Reads a line. Returns it without its end.
    ///
    /// # Errors
    /// The line does not come, or is too long.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, ServerState> {
        let end = loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                break end;
            }
            self.fill().await?;
        };
        let mut line: Vec<u8> = self.unread.drain(..=end).collect();
        line.truncate(line.trim_ascii_end().len());
        self.has_answered = true;
        Ok(line)
    }

    /// Reads this number of bytes.
    ///
    /// # Errors
    /// They do not come, or are too many.
    pub(super) async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, ServerState> {
        if count > MAX_ANSWER_BYTES {
            let text = format!("announces {count} bytes, more than {} sends here", self.protocol);
            return Err(ServerState::fail("unexpected_answer", text));
        }
        while self.unread.len() < count {
            self.fill().await?;
        }
        self.has_answered = true;
        Ok(self.unread.drain(..count).collect())
    }

    async fn fill(&mut self) -> Result<(), ServerState> {
        if self.unread.len() >= MAX_ANSWER_BYTES {
            return Err(self.unexpected(&self.unread));
        }
        self.unread.reserve(1024);
        match timeout_at(self.deadline.end, self.stream.read_buf(&mut self.unread)).await {
            Ok(Ok(0)) => Err(self.closed()),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// Says farewell and closes the connection, without waiting long for the server.
    pub(super) async fn leave(mut self) {
        let leaving = async {
            let _ = self.stream.write_all(self.farewell).await;
            let _ = self.stream.shutdown().await;
            // Bytes that nobody reads would reset the connection, which servers log.
            let mut rest = [0; 512];
            while matches!(self.stream.read(&mut rest).await, Ok(1..)) {}
        };
        let _ = self.deadline.for_step(FAREWELL_TIME).wait("", leaving).await;
    }

    /// An answer that does not belong to the protocol.
    pub(super) fn unexpected(&self, answer: &[u8]) -> ServerState {
        let text = format!("answers something else than {}: `{}`", self.protocol, excerpt(answer));
        ServerState::fail("unexpected_answer", text)
    }

    fn closed(&self) -> ServerState {
        let text = match (self.unread.is_empty(), self.has_answered) {
            (false, _) => format!("closes the connection within its answer `{}`", excerpt(&self.unread)),
            (true, true) => "closes the connection before its last answer".to_owned(),
            (true, false) => "accepts the connection and closes it without an answer".to_owned(),
        };
        ServerState::fail("closed", text)
    }

    fn broken(&self, error: &io::Error) -> ServerState {
        let ServerState { text, .. } = self.closed();
        ServerState::fail("closed", format!("{}: {error}", text.unwrap_or_default()))
    }

    fn silent(&self) -> ServerState {
        let Self { deadline, .. } = self;
        let text = match (self.unread.is_empty(), self.has_answered) {
            (false, _) => format!("does not finish its answer `{}` {deadline}", excerpt(&self.unread)),
            (true, true) => format!("does not go on after its first answer {deadline}"),
            (true, false) => format!("accepts the connection, but does not answer {deadline}"),
        };
        ServerState::fail("no_answer", text)
    }
}

/// Runs a talk with a server that sends these bytes and closes. Returns the state and the bytes that are left.
#[cfg(test)]
pub(super) fn talk_with(talk: Talk, answers: &[u8]) -> ServerState {
    let answers = io::Cursor::new(answers.to_vec());
    let stream = Box::new(tokio::io::join(answers, tokio::io::sink()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let deadline = Deadline::within(Duration::from_secs(10));
        let mut peer = Peer::new(stream, deadline, "the protocol", "host", Encryption::default());
        let finding = talk(&mut peer).await.unwrap_or_else(|finding| finding);
        assert!(peer.unread.capacity() <= 4 * MAX_ANSWER_BYTES, "{}", peer.unread.capacity());
        peer.leave().await;
        finding
    })
}
