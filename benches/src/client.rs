//! A client that sends one request after the other on one connection, without allocating.

use std::{
    io::{BufRead, BufReader, Error, ErrorKind, Result, Write},
    net::{SocketAddr, TcpStream},
};

/// A kept-alive connection, which blocks its thread.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    request: String,
    answer: Answer,
}

/// The latest response.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Status code, three digits.
    pub status: u16,
    /// The header of that name.
    pub content_type: String,
    /// Everything behind the headers.
    pub body: Vec<u8>,
    line: String,
}

impl Connection {
    /// Connects, and prepares the request for this path.
    ///
    /// # Errors
    /// If no server listens there.
    pub fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        Ok(Self { stream: BufReader::new(stream), request, answer: Answer::default() })
    }

    /// Sends the request, and waits for the whole response.
    ///
    /// # Errors
    /// If the connection breaks, or the response has no `Content-Length`.
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

    /// Returns whether there was a line before the empty one that ends the headers.
    fn next_line(&mut self, stream: &mut impl BufRead) -> Result<bool> {
        self.line.clear();
        stream.read_line(&mut self.line)?;
        Ok(!self.line.trim_end().is_empty())
    }
}

fn not_http() -> Error {
    Error::new(ErrorKind::InvalidData, "not an answer that this client understands")
}
