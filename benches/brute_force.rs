//! Measures liveness and readiness while a client tries ten thousand passwords in ten seconds.
//!
//! `cargo bench -p health-benches --bench brute_force`; fails if a limit is exceeded. Linux only: it reads `/proc`.
//!
//! The service is a separate process with the endpoint on the application's runtime, reached over the loopback interface.
//! The attempts come from one address, each over a new connection, whether or not earlier ones were answered.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use health_benches::client::Connection;
use health_runtime::{
    Check, Endpoint, Level,
    access::{Access, Limits, User, basic, public},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinSet,
    time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout},
};

const ATTEMPTS: usize = 10_000;
const ATTEMPTS_DURATION: Duration = Duration::from_secs(10);
const PROBES: [&str; 2] = ["/livez", "/readyz"];

/// Limit for the median of each probe.
const PROBE_LIMIT: Duration = Duration::from_millis(5);
/// Limit for the growth of the service.
const MEMORY_LIMIT: u64 = 64 << 20;

/// Argument that makes this program the service.
const SERVE: &str = "--serve";

/// Hash of an unknown password: 19 MiB, two passes, as OWASP advises.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIDE2Yg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == SERVE) {
        Runtime::new()?.block_on(serve(arguments.get(at + 1).map_or("", String::as_str)))?;
        return Ok(ExitCode::SUCCESS);
    }
    // `cargo test` passes no `--bench`, and only checks that the bench still works.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let attempts = if is_bench { ATTEMPTS } else { 100 };
    let runtime = Runtime::new()?;
    let mut exit_code = ExitCode::SUCCESS;
    for kind in ["limited", "unlimited", "hashed", "hashed-limited"] {
        let service = Service::start(kind)?;
        let quiet = probe_during(&runtime, &service, async { sleep(ATTEMPTS_DURATION / 10).await })?;
        let before = service.resident()?;
        let (mut statuses, mut took, mut most) = (BTreeMap::new(), Duration::ZERO, 0);
        let attacked = {
            let attack = async {
                let start = Instant::now();
                (statuses, most) = guess(&service, attempts).await;
                took = start.elapsed();
            };
            probe_during(&runtime, &service, attack)?
        };
        println!("{kind}: {attempts} wrong passwords in {took:.1?}, answered with {statuses:?}");
        for (path, (quiet, attacked)) in PROBES.iter().zip(quiet.iter().zip(&attacked)) {
            let is_kept = attacked.median() < PROBE_LIMIT;
            println!(
                "{kind}, {path}: limit {PROBE_LIMIT:?}, measured {} of {}, without them {}: {}",
                attacked.summary(),
                attacked.0.len(),
                quiet.summary(),
                word(is_kept)
            );
            if is_bench && !is_kept {
                exit_code = ExitCode::FAILURE;
            }
        }
        let memory = most.saturating_sub(before);
        let is_kept = memory < MEMORY_LIMIT;
        println!(
            "{kind}, more memory: limit {} MiB, measured {} MiB beside {} MiB: {}",
            MEMORY_LIMIT >> 20,
            memory >> 20,
            before >> 20,
            word(is_kept)
        );
        if is_bench && !is_kept {
            exit_code = ExitCode::FAILURE;
        }
    }
    Ok(exit_code)
}

const fn word(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "MISSED" }
}

/// Serves until the other end of its input is closed.
#[allow(clippy::disallowed_macros, reason = "the process that started this one reads the line")]
async fn serve(kind: &str) -> Result<()> {
    let ada = if kind.starts_with("hashed") { User::hashed("ada", HASH) } else { User::new("ada", "correct horse") };
    let mut access =
        Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, basic("health", [ada]));
    if kind.ends_with("limited") && kind != "unlimited" {
        access = access.limits(Limits::new());
    }
    let checks = [
        Check::new("alive", Level::L5, || async {}).liveness(),
        Check::new("ready", Level::L2, || async {}).readiness(),
    ];
    let router = Endpoint::builder().checks(checks).access(access).build()?.router();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// The attacked process, which ends with this one.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start(kind: &str) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { process, address: line.trim().parse()? })
    }

    /// Returns its resident memory, in bytes.
    fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends this many wrong passwords, evenly over the time. Returns the number of answers by status, and the peak of the
/// service's memory.
async fn guess(service: &Service, attempts: usize) -> (BTreeMap<String, usize>, u64) {
    let mut clock = interval(ATTEMPTS_DURATION / u32::try_from(ATTEMPTS).unwrap_or(u32::MAX));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut attacks, mut most) = (JoinSet::new(), 0);
    for attempt in 0..attempts {
        clock.tick().await;
        let address = service.address;
        attacks.spawn(async move {
            let answer = timeout(ATTEMPTS_DURATION, attempt_one(address, attempt)).await;
            answer.map_or_else(|_| "nothing".to_owned(), |answer| answer.unwrap_or_else(|_| "an error".to_owned()))
        });
        if attempt % 100 == 0 {
            most = service.resident().unwrap_or_default().max(most);
        }
    }
    let mut statuses = BTreeMap::new();
    while let Some(Ok(status)) = attacks.join_next().await {
        *statuses.entry(status).or_default() += 1;
    }
    (statuses, service.resident().unwrap_or_default().max(most))
}

async fn attempt_one(address: SocketAddr, attempt: usize) -> std::io::Result<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let credentials = STANDARD.encode(format!("ada:wrong-{attempt}"));
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET /health/levels/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(answer.get(9..12).unwrap_or_default()).into_owned())
}

/// Requests each probe every ten milliseconds on a separate thread, while `meanwhile` runs.
fn probe_during(runtime: &Runtime, service: &Service, what: impl Future<Output = ()>) -> Result<Vec<Times>> {
    let is_over = Arc::new(AtomicBool::new(false));
    let probers: Vec<_> = PROBES
        .into_iter()
        .map(|path| {
            let (address, is_over) = (service.address, Arc::clone(&is_over));
            thread::spawn(move || probe(address, path, &is_over))
        })
        .collect();
    runtime.block_on(what);
    is_over.store(true, Ordering::Relaxed);
    probers.into_iter().map(|prober| Ok(prober.join().map_err(|_| "a prober panicked")??)).collect()
}

fn probe(address: SocketAddr, path: &str, is_over: &AtomicBool) -> std::io::Result<Times> {
    let mut connection = Connection::open(address, path)?;
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) || times.is_empty() {
        let start = Instant::now();
        let status = connection.ask()?.status;
        times.push(start.elapsed());
        if status != 200 {
            return Err(std::io::Error::other(format!("{path} answered {status}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    times.sort_unstable();
    Ok(Times(times))
}

/// Times in ascending order.
struct Times(Vec<Duration>);

impl Times {
    /// Returns a percentile.
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100) - 1]
    }

    fn median(&self) -> Duration {
        self.percentile(50)
    }

    fn summary(&self) -> String {
        format!("{:.2?} (p99 {:.1?}, worst {:.1?})", self.median(), self.percentile(99), self.percentile(100))
    }
}
