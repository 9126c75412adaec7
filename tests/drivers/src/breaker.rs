use std::time::Duration;

use tokio::{
    io::{AsyncWriteExt as _, copy, copy_bidirectional, sink},
    net::{TcpListener, TcpStream},
    select, spawn,
    sync::broadcast,
    time::timeout,
};

/// Time in which a client closes a connection whose server has closed it.
const GRACE: Duration = Duration::from_secs(5);

/// A way to a server of this machine, on a port of its own, whose connections break on request: the server's end comes, and
/// what the client still sends is read. Lapin 4.12 never connects again if a frame of anybody fails with a broken pipe before it
/// has read the end: its loop waits for the socket because the frame is still to be written.
#[derive(Debug)]
pub struct Breaker {
    pub port: u16,
    breaks: broadcast::Sender<()>,
}

impl Breaker {
    pub async fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (breaks, _) = broadcast::channel(1);
        let subscribe = breaks.clone();
        spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut is_broken = subscribe.subscribe();
                spawn(async move {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server_port)).await else { return };
                    select! {
                        _ = copy_bidirectional(&mut client, &mut server) => (),
                        _ = is_broken.recv() => {
                            drop(server);
                            let _ = client.shutdown().await;
                            let _ = timeout(GRACE, copy(&mut client, &mut sink())).await;
                        }
                    }
                });
            }
        });
        Self { port, breaks }
    }

    /// Breaks all connections.
    pub fn break_connections(&self) {
        let _ = self.breaks.send(());
    }
}
