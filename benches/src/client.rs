//! A client that asks one question after the other on one connection, and allocates nothing while it does.

use std::{
    io::{BufRead, BufReader, Error, ErrorKind, Result, Write},
    net::{SocketAddr, TcpStream},
};

/// A connection that is kept alive. It blocks its thread.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    request: String,
    answer: Answer,
}

/// The latest answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The three digits.
    pub status: u16,
    /// The header of that name.
    pub content_type: String,
    /// Everything behind the headers.
    pub body: Vec<u8>,
    line: String,
}

impl Connection {
    /// Connects, to ask for this path from then on.
    ///
    /// # Errors
    /// If nobody listens there.
    pub fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), request, answer: Answer::default() })
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// If the connection breaks, or the answer is none whose length is told in advance.
    pub fn ask(&mut self) -> Result<&Answer> {
        self.stream.get_mut().write_all(self.request.as_bytes())?;
        self.answer.read(&mut self.stream)?;
        Ok(&self.answer)
    }
}

impl Answer {
    fn read(&mut self, stream: &mut impl BufRead) -> Result<()> {
        self.next_line(stream)?;
        self.status = self.line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(not_http)?;
        let mut length = None;
        while self.next_line(stream)? {
            let (name, value) = self.line.split_once(':').ok_or_else(not_http)?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("content-type") {
                self.content_type.clear();
                self.content_type.push_str(value.trim());
            }
        }
        self.body.resize(length.ok_or_else(not_http)?, 0);
        stream.read_exact(&mut self.body)
    }

    /// Whether there was one, before the empty one that ends the headers.
    fn next_line(&mut self, stream: &mut impl BufRead) -> Result<bool> {
        self.line.clear();
        stream.read_line(&mut self.line)?;
        Ok(!self.line.trim_end().is_empty())
    }
}

fn not_http() -> Error {
    Error::new(ErrorKind::InvalidData, "not an answer that this client understands")
}
