//! Connections of a client that neither blocks nor allocates while it is measured.

use std::{
    io::{Error, ErrorKind, Read, Result, Write},
    net::{SocketAddr, TcpStream},
};

use crate::workload::{Exchange, Workload};

/// Bytes of all responses that clients read at the same time.
const MAX_RESPONSE_BYTES: usize = 64 << 20;

/// Clients that send one request each, at the same time, and again when all have their responses.
///
/// callgrind leaves out functions whose names end with `_unmeasured`, and all that they call. Neither has a closure, whose
/// name would match as well and end the omission.
#[derive(Debug)]
pub struct Clients {
    clients: Vec<Client>,
}

#[derive(Debug)]
struct Client {
    address: SocketAddr,
    request: Vec<u8>,
    exchange: Exchange,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    length: usize,
    is_asked: bool,
    is_answered: bool,
}

impl Clients {
    /// Prepares so many clients for the request of a workload.
    #[must_use]
    pub fn new(count: usize, address: SocketAddr, workload: &Workload) -> Self {
        let Workload { path, headers, exchange, .. } = *workload;
        let close = if exchange == Exchange::NewConnection { "Connection: close\r\n" } else { "" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{close}\r\n").into_bytes();
        let client = || Client {
            address,
            request: request.clone(),
            exchange,
            stream: None,
            buffer: vec![0; (MAX_RESPONSE_BYTES / count).min(8 << 20)],
            length: 0,
            is_asked: false,
            is_answered: false,
        };
        Self { clients: std::iter::repeat_with(client).take(count).collect() }
    }

    /// Returns the number of clients.
    #[must_use]
    pub fn count(&self) -> usize {
        self.clients.len()
    }

    /// Connects one client that keeps its connection.
    pub fn connect_unmeasured(&mut self, number: usize) -> Result<()> {
        match self.clients.get_mut(number) {
            Some(client) if client.exchange != Exchange::NewConnection => client.connect(),
            _ => Ok(()),
        }
    }

    /// Sends the next request of each client.
    #[inline(never)]
    pub fn send_unmeasured(&mut self) -> Result<()> {
        for client in &mut self.clients {
            client.ask()?;
        }
        Ok(())
    }

    /// Reads the responses that are there, and returns whether all are complete.
    #[inline(never)]
    pub fn receive_unmeasured(&mut self) -> Result<bool> {
        let mut is_complete = true;
        for client in &mut self.clients {
            is_complete &= client.poll()?;
        }
        Ok(is_complete)
    }

    /// Returns the first client's response, for a person who wonders what is measured.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        self.clients.first().map_or(&[], |client| &client.buffer[..client.length])
    }
}

impl Client {
    fn ask(&mut self) -> Result<()> {
        self.is_answered = false;
        self.length = 0;
        if self.exchange == Exchange::Stream && self.is_asked {
            return Ok(());
        }
        self.is_asked = true;
        if self.stream.is_none() {
            self.connect()?;
        }
        self.stream.as_ref().ok_or_else(not_http)?.write_all(&self.request)
    }

    fn connect(&mut self) -> Result<()> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        self.stream = Some(stream);
        Ok(())
    }

    fn poll(&mut self) -> Result<bool> {
        while !self.is_answered {
            let Some(stream) = &mut self.stream else { return Ok(true) };
            match stream.read(&mut self.buffer[self.length..]) {
                Ok(0) if self.exchange == Exchange::NewConnection && is_complete(&self.buffer[..self.length])? => {
                    self.is_answered = true;
                    self.stream = None;
                }
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.length += count;
                    self.is_answered = match self.exchange {
                        Exchange::KeptAlive => is_complete(&self.buffer[..self.length])?,
                        Exchange::NewConnection => false,
                        Exchange::Stream => true,
                    };
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Returns whether the response is complete. A status other than 200 is an error, as it would be measured for nothing.
fn is_complete(response: &[u8]) -> Result<bool> {
    let Some(end) = response.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&response[..end]).map_err(Error::other)?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(Error::new(ErrorKind::InvalidData, head.to_owned()));
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    Ok(response.len() >= end + 4 + length.ok_or_else(not_http)?)
}

fn not_http() -> Error {
    Error::new(ErrorKind::InvalidData, "not a response that this client understands")
}
