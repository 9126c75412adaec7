//! A client of server-sent events that sees every byte.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// One event as a client reads it.
#[derive(Debug, PartialEq)]
pub struct Event {
    /// Id; empty without one.
    pub id: String,
    /// Kind of the event.
    pub name: String,
    /// Data of the event.
    pub data: Value,
}

/// A client of one stream, over its own connection.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<TcpStream>,
    /// Head of the response, in lower case.
    pub head: String,
    text: String,
}

impl Client {
    /// Requests a stream, and waits for the head of the response.
    pub async fn open(address: SocketAddr, path: &str, last_event_id: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("a server");
        let resume = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{resume}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a server that reads");
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(timeout(EVENT_TIMEOUT, reader.read_line(&mut head)).await.expect("in time").expect("a line"), 0);
        }
        Self { reader, head: head.to_lowercase(), text: String::new() }
    }

    /// Returns the next event; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) =
                self.text.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
            {
                self.text = rest;
                if let Some(event) = parse(&event) {
                    return Some(event);
                }
                continue;
            }
            let mut length = String::new();
            self.reader.read_line(&mut length).await.expect("a chunk");
            let length = usize::from_str_radix(length.trim(), 16).expect("a length");
            let mut chunk = vec![0; length + 2];
            self.reader.read_exact(&mut chunk).await.expect("a chunk");
            chunk.truncate(length);
            if chunk.is_empty() {
                assert_eq!(self.text, "", "half an event");
                return None;
            }
            self.text += &String::from_utf8(chunk).expect("text");
        }
    }

    /// Returns the next event; panics if it does not come soon.
    pub async fn event(&mut self) -> Event {
        timeout(EVENT_TIMEOUT, self.next()).await.expect("in time").expect("an event")
    }
}

/// Parses the fields of an event; `None` for one without data, which clients skip.
#[must_use]
pub fn parse(text: &str) -> Option<Event> {
    let mut event = Event { id: String::new(), name: String::new(), data: Value::Null };
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("id", id)) => id.clone_into(&mut event.id),
            Some(("event", name)) => name.clone_into(&mut event.name),
            Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
            Some(("retry", retry)) => assert_eq!(retry, "2000"),
            _ => assert_eq!(line, ":"),
        }
    }
    (!event.name.is_empty()).then_some(event)
}

/// Returns the number behind the dash of an id.
#[must_use]
pub fn number(event: &Event) -> u64 {
    event.id.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).expect("an id")
}
