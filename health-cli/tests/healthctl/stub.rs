//! A server that answers each path with prepared bytes, and remembers the requests.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// The way in which an answer comes.
#[derive(Clone)]
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    /// A byte every 50 ms.
    Drip(Vec<u8>),
    /// Nothing, on an open connection.
    Silence,
}

/// Returns a response with a body.
pub(crate) fn response(status: &str, media_type: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

impl Stub {
    /// Serves these paths; others are 404. The path `*` is every other one.
    pub(crate) async fn start<const N: usize>(replies: [(&str, Reply); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let stub = Self { address: listener.local_addr().expect("an address"), requests: Arc::default() };
        let replies: Arc<HashMap<_, _>> =
            Arc::new(replies.into_iter().map(|(path, reply)| (path.to_owned(), reply)).collect());
        let served = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().answer(stream, Arc::clone(&replies)));
            }
        });
        stub
    }

    /// Serves one reply at every path.
    pub(crate) async fn with(reply: Reply) -> Self {
        Self::start([("*", reply)]).await
    }

    async fn answer(self, mut stream: TcpStream, replies: Arc<HashMap<String, Reply>>) {
        let mut request = Vec::new();
        while !is_whole(&request) {
            if stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                continue;
            }
            return;
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let path = request.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        match replies
            .get(&path)
            .or_else(|| replies.get("*"))
            .cloned()
            .unwrap_or_else(|| response("404 Not Found", "text/plain", ""))
        {
            Reply::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Reply::Drip(bytes) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            }
            Reply::Silence => {}
        }
        // Until the client leaves.
        let _ = stream.read(&mut [0]).await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the requests so far, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns whether a request has its head, and its body if it announces one.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .to_ascii_lowercase()
        .split("content-length: ")
        .nth(1)
        .map(|rest| rest.split("\r\n").next().and_then(|length| length.parse::<usize>().ok()).unwrap_or_default());
    body.len() >= length.unwrap_or_default()
}
