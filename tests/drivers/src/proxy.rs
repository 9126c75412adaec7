use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    spawn,
    sync::watch,
};

/// A way to a server of this machine, on a port of its own, whose connections let nothing through on request.
#[derive(Debug)]
pub struct Proxy {
    pub port: u16,
    is_cut: watch::Sender<bool>,
    answered_bytes: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (is_cut, cut) = watch::channel(false);
        let answered_bytes = Arc::<AtomicUsize>::default();
        let answered = Arc::clone(&answered_bytes);
        spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (cut, answered) = (cut.clone(), Arc::clone(&answered));
                spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server_port)).await else { return };
                    let (from_client, to_client) = client.split();
                    let (from_server, to_server) = server.split();
                    let requested = AtomicUsize::default();
                    tokio::join!(
                        forward(from_client, to_server, cut.clone(), &requested),
                        forward(from_server, to_client, cut, &answered)
                    );
                });
            }
        });
        Self { port, is_cut, answered_bytes }
    }

    /// Cuts the clients off, or lets them through again: connections stay open, and bytes wait.
    pub fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }

    /// Returns the number of bytes that the server has sent to the clients.
    pub fn answered_bytes(&self) -> usize {
        self.answered_bytes.load(Ordering::Relaxed)
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_cut: watch::Receiver<bool>,
    bytes: &AtomicUsize,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if is_cut.wait_for(|is_cut| !is_cut).await.is_err() || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        bytes.fetch_add(length, Ordering::Relaxed);
    }
    let _ = to.shutdown().await;
}
