//! The services that are flooded, each in a process of its own.

use std::{
    fmt,
    io::{BufRead, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
};

use health_benches::server;
use health_runtime::{
    Check, Endpoint, Level, Levels, Server, Tls,
    access::{Access, Jwt, JwtAlgorithm, JwtKeys, User, basic, jwt, public},
};
use tokio::{
    runtime::Runtime,
    time::{Duration, sleep},
};

use crate::{Result, tls};

/// The argument that makes this program the service.
pub(crate) const SERVE: &str = "--serve";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceKind {
    /// The health endpoint's own server.
    Server,
    /// The same endpoint, merged into a router that axum serves.
    Axum,
    /// The server, with a plain address and one with TLS.
    Tls,
    /// The server, with a log that nobody reads.
    UnreadLog,
    /// Axum, with a log that nobody reads.
    UnreadLogAxum,
    /// The server, with tokens of an issuer that has 32 keys.
    Jwt,
}

impl ServiceKind {
    const ALL: [Self; 6] = [Self::Server, Self::Axum, Self::Tls, Self::UnreadLog, Self::UnreadLogAxum, Self::Jwt];

    const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Axum => "axum",
            Self::Tls => "tls",
            Self::UnreadLog => "unread-log",
            Self::UnreadLogAxum => "unread-log-axum",
            Self::Jwt => "jwt",
        }
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ServiceKind {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no service is named {name:?}"))
    }
}

/// Serves until the other end of the input is closed.
#[allow(clippy::disallowed_macros, reason = "the process that started this one reads the line")]
pub(crate) fn serve(kind: ServiceKind) -> Result<()> {
    let runtime = Runtime::new()?;
    let _entered = runtime.enter();
    let endpoint = endpoint(kind)?;
    let addresses = if matches!(kind, ServiceKind::Axum | ServiceKind::UnreadLogAxum) {
        vec![runtime.block_on(server::listen(endpoint.router()))?]
    } else {
        let mut server = Server::new().listen("127.0.0.1:0", endpoint.router());
        if kind == ServiceKind::Tls {
            let folder = std::env::var_os("TLS_FOLDER").ok_or("no TLS_FOLDER")?;
            let tls = Tls::new(Path::new(&folder).join(tls::CERTIFICATE), Path::new(&folder).join(tls::KEY));
            server = server.listen_tls("127.0.0.1:0", tls, endpoint.router());
        }
        server.start()?.local_addrs().to_vec()
    };
    let addresses: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    println!("{}", addresses.join(" "));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn endpoint(kind: ServiceKind) -> Result<Endpoint> {
    let slow = Check::new("slow", Level::L1, || sleep(Duration::from_millis(900))).max_age(Duration::ZERO);
    let alive = Check::new("alive", Level::L5, || async {}).liveness();
    let builder = Endpoint::builder().checks([slow, alive]);
    let deep = match kind {
        ServiceKind::Server | ServiceKind::Axum | ServiceKind::Tls => return Ok(builder.build()?),
        ServiceKind::UnreadLog | ServiceKind::UnreadLogAxum => {
            tracing_subscriber::fmt().with_writer(std::io::stderr).init();
            basic("health", [User::new("ada", "correct horse")])
        }
        ServiceKind::Jwt => {
            let keys = Jwt::new(JwtAlgorithm::Rs256, JwtKeys::jwks(jwks()));
            jwt(keys.issuer("issuer").audience("health").levels_by_default(Levels::ALL))
        }
    };
    let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, deep);
    Ok(builder.access(access).build()?)
}

/// 32 RSA keys of 2048 bits. Nobody has their private halves, and refusing a token needs none.
fn jwks() -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let keys: Vec<_> = (1..=32_u8)
        .map(|number| {
            let mut modulus: Vec<u8> = (0..=255_u8).map(|at| at.wrapping_mul(number) ^ 0xa5).collect();
            modulus[0] |= 0x80;
            modulus[255] |= 1;
            let modulus = URL_SAFE_NO_PAD.encode(modulus);
            serde_json::json!({ "kty": "RSA", "kid": format!("key-{number}"), "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB" })
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}

/// A process that serves, and ends with this value.
pub(crate) struct Service {
    process: Child,
    addresses: Vec<SocketAddr>,
}

impl Service {
    pub(crate) fn start(kind: ServiceKind) -> Result<Self> {
        Self::start_with(kind, &[])
    }

    pub(crate) fn start_with(kind: ServiceKind, variables: &[(&str, &Path)]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, kind.name()])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A pipe that nobody reads, where the service logs.
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let addresses = line.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>();
        let service = Self { process, addresses: addresses.unwrap_or_default() };
        if service.addresses.is_empty() { Err("the service did not start".into()) } else { Ok(service) }
    }

    /// The first address, without TLS.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.address(0)
    }

    pub(crate) fn address(&self, place: usize) -> SocketAddr {
        self.addresses[place]
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
