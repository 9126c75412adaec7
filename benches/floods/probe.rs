//! Honest probers: connect, ask for `/livez`, read the answer, close.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
};

use tokio::time::{Duration, Instant};

/// Timeout of a probe, as the kubelet has it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(20);

pub(crate) const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Requests that follow each other.
pub(crate) struct Prober {
    pub(crate) probes: usize,
}

impl Prober {
    /// Time of a flood, longer than all probes take unless nearly all of them fail.
    pub(crate) fn longest(&self) -> Duration {
        PAUSE * u32::try_from(self.probes).unwrap_or(u32::MAX) * 10
    }

    /// Sends this many requests, and stops early when they take far too long.
    pub(crate) fn probe(&self, ask: impl Fn() -> io::Result<()>) -> io::Result<ProbeResults> {
        let start = Instant::now();
        let mut results = ProbeResults { failures: 0, times: Vec::with_capacity(self.probes) };
        while results.times.len() < self.probes && start.elapsed() < self.longest() {
            let asked = Instant::now();
            let answered = ask();
            let took = asked.elapsed();
            if answered.is_err() || took > TIMEOUT {
                results.failures += 1;
            }
            results.times.push(took);
            thread::sleep(PAUSE);
        }
        if results.times.is_empty() {
            return Err(io::Error::other("nobody was asked"));
        }
        results.times.sort_unstable();
        Ok(results)
    }
}

/// Times of all probes in ascending order.
pub(crate) struct ProbeResults {
    pub(crate) failures: usize,
    times: Vec<Duration>,
}

impl ProbeResults {
    /// Returns a percentile.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.times[(self.times.len() * percent).div_ceil(100) - 1]
    }
}

impl fmt::Display for ProbeResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failures, times } = self;
        let [median, p99, worst] = [50, 99, 100].map(|percent| self.percentile(percent));
        write!(f, "{failures} of {} failed, median {median:.2?}, p99 {p99:.2?}, worst {worst:.2?}", times.len())
    }
}

/// Sends one request over a new connection.
pub(crate) fn ask(address: SocketAddr) -> io::Result<()> {
    let start = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    loop {
        let left = TIMEOUT.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(ErrorKind::TimedOut)?))?;
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes)? {
            0 => return is_ok(&answer),
            read => answer.extend_from_slice(&bytes[..read]),
        }
    }
}

pub(crate) fn is_ok(answer: &[u8]) -> io::Result<()> {
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}
