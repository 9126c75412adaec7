//! The floods, each from a process of its own.

use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    process::{Child, Command},
    str::FromStr,
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
    time::{Duration, Instant, MissedTickBehavior, interval, timeout},
};

use crate::{Result, tls};

/// The argument that makes this program the flood.
pub(crate) const FLOOD: &str = "--flood";

/// Connections that a flood keeps open, so that a process with few files can run it.
const MAX_OPEN: usize = 4_000;

const TICK: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FloodKind {
    /// Connections that send 26 bytes of a head.
    HalfHeads,
    /// Connections that say nothing.
    Silent,
    /// Connections that are answered and stay open.
    CompleteIdle,
    /// Requests for a check that takes 0.9 s.
    SlowChecks,
    /// Clients that begin a TLS handshake, again and again: as many as the rate says.
    ClientHellos,
    /// Requests that are refused and logged.
    Refusals,
    /// Requests with a token that does not name its key.
    JwtWithoutKid,
}

impl FloodKind {
    const ALL: [Self; 7] = [
        Self::HalfHeads,
        Self::Silent,
        Self::CompleteIdle,
        Self::SlowChecks,
        Self::ClientHellos,
        Self::Refusals,
        Self::JwtWithoutKid,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::HalfHeads => "half-heads",
            Self::Silent => "silent",
            Self::CompleteIdle => "complete-idle",
            Self::SlowChecks => "slow-checks",
            Self::ClientHellos => "client-hellos",
            Self::Refusals => "refusals",
            Self::JwtWithoutKid => "jwt-without-kid",
        }
    }

    /// The bytes that each connection sends.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::HalfHeads => b"GET /livez HTTP/1.1\r\nHost:".to_vec(),
            Self::Silent => Vec::new(),
            Self::CompleteIdle => b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            Self::SlowChecks => b"GET /health/levels/1 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            Self::ClientHellos => tls::client_hello(),
            Self::Refusals => {
                b"GET /health/levels/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRhOndyb25n\r\n\r\n".to_vec()
            }
            Self::JwtWithoutKid => {
                let [header, claims] = [
                    r#"{"alg":"RS256","typ":"JWT"}"#,
                    r#"{"iss":"issuer","aud":"health","sub":"eve","exp":4102444800}"#,
                ]
                .map(|part| URL_SAFE_NO_PAD.encode(part));
                let signature = URL_SAFE_NO_PAD.encode([0x5a; 256]);
                format!(
                    "GET /health/levels/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {header}.{claims}.{signature}\r\n\r\n"
                )
                .into_bytes()
            }
        }
    }
}

impl fmt::Display for FloodKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FloodKind {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no flood is named {name:?}"))
    }
}

/// A process that floods an address. It ends when this value is dropped, or after its time.
pub(crate) struct Flood(Child);

impl Flood {
    pub(crate) fn start(kind: FloodKind, address: SocketAddr, rate: u32, lasts: Duration) -> Result<Self> {
        let [address, rate, seconds] = [address.to_string(), rate.to_string(), lasts.as_secs_f64().to_string()];
        let program = std::env::current_exe()?;
        Ok(Self(Command::new(program).args([FLOOD, kind.name(), &address, &rate, &seconds]).spawn()?))
    }

    /// Ends the flood. Reports one that was over before the probes were.
    pub(crate) fn stop(mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            crate::say("the flood ended before the probes did");
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Floods an address for some seconds.
pub(crate) fn run(kind: FloodKind, address: SocketAddr, rate: u32, seconds: f64) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let end = Instant::now() + Duration::try_from_secs_f64(seconds)?;
    let bytes: Arc<[u8]> = kind.bytes().into();
    runtime.block_on(async {
        if kind == FloodKind::ClientHellos {
            begin_handshakes(address, rate, &bytes, end).await;
        } else {
            open_connections(address, rate, &bytes, end).await;
        }
    });
    runtime.shutdown_background();
    Ok(())
}

/// Opens connections at this rate, whether or not earlier ones were accepted, and keeps the latest of them.
async fn open_connections(address: SocketAddr, rate: u32, bytes: &Arc<[u8]>, end: Instant) {
    let mut clock = interval(TICK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut opening, mut open) = (JoinSet::new(), VecDeque::new());
    let (start, mut opened) = (Instant::now(), 0.0);
    while Instant::now() < end {
        clock.tick().await;
        let due = start.elapsed().as_secs_f64() * f64::from(rate);
        while opened < due {
            opened += 1.0;
            let bytes = Arc::clone(bytes);
            opening.spawn(async move { timeout(Duration::from_secs(3), open_connection(address, &bytes)).await });
        }
        while let Some(Ok(stream)) = opening.try_join_next() {
            open.extend(stream.into_iter().flatten());
        }
        open.drain(..open.len().saturating_sub(MAX_OPEN));
    }
}

async fn open_connection(address: SocketAddr, bytes: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    // Closing leaves no port behind that is taken for a minute.
    stream.set_zero_linger()?;
    stream.write_all(bytes).await?;
    Ok(stream)
}

/// Has this many clients begin a handshake, wait for the first byte of the answer, leave, and come again.
async fn begin_handshakes(address: SocketAddr, clients: u32, hello: &Arc<[u8]>, end: Instant) {
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let hello = Arc::clone(hello);
        tasks.spawn(async move {
            while Instant::now() < end {
                let _ = timeout(Duration::from_secs(3), async {
                    let mut stream = open_connection(address, &hello).await?;
                    stream.read(&mut [0; 1]).await
                })
                .await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}
