use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    select, spawn,
    sync::broadcast,
};

/// A way to a server of this machine, on a port of its own, whose connections break on request. Behind a proxy that forwards
/// each direction by itself lapin did not always connect again, with the same breaks.
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
                        _ = is_broken.recv() => (),
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
