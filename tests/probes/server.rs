//! Servers on the loopback interface, well-behaved or not.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A server that treats every connection alike.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start<F, Fut>(treat: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(treat(stream));
            }
        });
        Self { address, connections }
    }

    /// Starts a server that reads a request, writes these bytes and closes.
    pub(crate) async fn answering(bytes: impl AsRef<[u8]>) -> Self {
        let bytes: Arc<[u8]> = bytes.as_ref().into();
        Self::start(move |mut stream| {
            let bytes = Arc::clone(&bytes);
            async move {
                head(&mut stream).await;
                let _ = stream.write_all(&bytes).await;
            }
        })
        .await
    }

    /// Starts the same, which also hands over the head of each request.
    pub(crate) async fn recording(bytes: impl AsRef<[u8]>) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (sent, requests) = mpsc::unbounded_channel();
        let bytes: Arc<[u8]> = bytes.as_ref().into();
        let server = Self::start(move |mut stream| {
            let (sent, bytes) = (sent.clone(), Arc::clone(&bytes));
            async move {
                let _ = sent.send(head(&mut stream).await);
                let _ = stream.write_all(&bytes).await;
            }
        })
        .await;
        (server, requests)
    }

    /// Starts a server that reads a request, writes these bytes, and then is silent until the client closes. Each closed
    /// connection is a message.
    pub(crate) async fn stalling(bytes: &'static str) -> (Self, mpsc::UnboundedReceiver<()>) {
        let (closed, closings) = mpsc::unbounded_channel();
        let server = Self::start(move |mut stream| {
            let closed = closed.clone();
            async move {
                head(&mut stream).await;
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                let _ = closed.send(());
            }
        })
        .await;
        (server, closings)
    }

    /// Starts a server that reads a request, writes `head`, and then `piece` repeatedly. Each connection that the
    /// client closed is a message.
    pub(crate) async fn endless(
        intro: &'static str,
        piece: Vec<u8>,
        pause: Duration,
    ) -> (Self, mpsc::UnboundedReceiver<()>) {
        let (closed, closings) = mpsc::unbounded_channel();
        let piece: Arc<[u8]> = piece.into();
        let server = Self::start(move |mut stream| {
            let (closed, piece) = (closed.clone(), Arc::clone(&piece));
            async move {
                head(&mut stream).await;
                let _ = stream.write_all(intro.as_bytes()).await;
                while stream.write_all(&piece).await.is_ok() {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
                let _ = closed.send(());
            }
        })
        .await;
        (server, closings)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads up to the end of a request's head.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte).await, Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Returns the value of a header in a request's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A response with this body and its length.
pub(crate) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
