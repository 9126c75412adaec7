//! Measures how `/livez` answers while strangers flood an address of the health endpoint.
//!
//! `cargo bench -p health-benches --bench floods [-- NAME…]`; fails if a goal is missed. Each name selects the scenarios whose
//! names contain it, such as `half-heads`, `tls` or `3000`. Loopback only; each flood lasts a few seconds.
//!
//! The service, the flood and the probes are processes of their own. Each flood hits the health endpoint's own server and
//! plain axum in turn, with the idle baseline of both in the same run.

mod flood;
mod probe;
mod service;
mod tls;

use std::process::ExitCode;

use flood::{Flood, FloodKind};
use probe::{ProbeResults, Prober};
use service::{Service, ServiceKind};
use tokio::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PROBES: usize = 100;

/// Start of a flood that is not measured.
const WARM_UP: Duration = Duration::from_millis(500);

/// Floods of connections to one address, of the server and of plain axum.
const CONNECTION_FLOODS: [FloodKind; 4] =
    [FloodKind::HalfHeads, FloodKind::Silent, FloodKind::CompleteIdle, FloodKind::SlowChecks];

const RATES: [u32; 2] = [1_000, 3_000];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [service::SERVE, kind] => service::serve(kind.parse()?)?,
        [flood::FLOOD, kind, address, rate, seconds] => {
            flood::run(kind.parse()?, address.parse()?, rate.parse()?, seconds.parse()?)?;
        }
        _ => return Bench::new(&arguments).run(),
    }
    Ok(ExitCode::SUCCESS)
}

struct Bench<'a> {
    /// Without `--bench` this is a test run, which asks only whether the bench still works.
    is_measured: bool,
    names: Vec<&'a str>,
    has_missed: bool,
}

impl<'a> Bench<'a> {
    fn new(arguments: &[&'a str]) -> Self {
        Self {
            is_measured: arguments.contains(&"--bench"),
            names: arguments.iter().copied().filter(|argument| !argument.starts_with('-')).collect(),
            has_missed: false,
        }
    }

    fn run(mut self) -> Result<ExitCode> {
        for kind in CONNECTION_FLOODS {
            for rate in RATES {
                let name = format!("{kind}-{rate}");
                if self.is_selected(&name) {
                    self.compare_with_axum(&name, kind, rate)?;
                }
            }
        }
        if self.is_selected("tls-handshakes") {
            self.tls_handshakes()?;
        }
        for kind in [ServiceKind::UnreadLog, ServiceKind::UnreadLogAxum] {
            let name = kind.to_string();
            if self.is_selected(&name) {
                self.livez_under(&name, kind, FloodKind::Refusals, 1_000, Duration::from_millis(10))?;
            }
        }
        for rate in [150, 1_000] {
            let name = format!("jwt-without-kid-{rate}");
            if self.is_selected(&name) {
                self.livez_under(&name, ServiceKind::Jwt, FloodKind::JwtWithoutKid, rate, Duration::from_millis(10))?;
            }
        }
        Ok(if self.has_missed && self.is_measured { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn is_selected(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part))
    }

    fn prober(&self) -> Prober {
        Prober { probes: if self.is_measured { PROBES } else { 5 } }
    }

    /// Rate of a test run.
    const fn rate(&self, rate: u32) -> u32 {
        if self.is_measured { rate } else { 50 }
    }

    /// `/livez` of a service: idle, then under a flood.
    fn measure(&self, service: ServiceKind, flood: FloodKind, rate: u32) -> Result<[ProbeResults; 2]> {
        let service = Service::start(service)?;
        let address = service.plain();
        let idle = self.prober().probe(|| probe::ask(address))?;
        let flood = Flood::start(flood, address, self.rate(rate), WARM_UP + self.prober().longest())?;
        std::thread::sleep(WARM_UP);
        let flooded = self.prober().probe(|| probe::ask(address))?;
        flood.stop();
        Ok([idle, flooded])
    }

    fn compare_with_axum(&mut self, name: &str, kind: FloodKind, rate: u32) -> Result<()> {
        let [axum_idle, axum] = self.measure(ServiceKind::Axum, kind, rate)?;
        let [idle, flooded] = self.measure(ServiceKind::Server, kind, rate)?;
        print(name, "plain axum, idle", &axum_idle);
        print(name, "plain axum, flooded", &axum);
        print(name, "server, idle", &idle);
        print(name, "server, flooded", &flooded);
        self.judge(name, "no failures", flooded.failures == 0);
        let limit = axum.percentile(99) * 2;
        self.judge(name, &format!("p99 at most twice that of axum ({limit:.1?})"), flooded.percentile(99) <= limit);
        let moonshot = flooded.percentile(50) < Duration::from_millis(2);
        say(&format!("{name}: moonshot, median under 2 ms: {}", if moonshot { "reached" } else { "not reached" }));
        Ok(())
    }

    fn livez_under(
        &mut self,
        name: &str,
        service: ServiceKind,
        flood: FloodKind,
        rate: u32,
        limit: Duration,
    ) -> Result<()> {
        let [idle, flooded] = self.measure(service, flood, rate)?;
        print(name, "idle", &idle);
        print(name, "flooded", &flooded);
        self.judge(name, "no failures", flooded.failures == 0);
        self.judge(name, &format!("median under {limit:?}"), flooded.percentile(50) < limit);
        Ok(())
    }

    /// 128 clients that begin a handshake and leave, against a key that takes long to sign with.
    fn tls_handshakes(&mut self) -> Result<()> {
        let name = "tls-handshakes";
        let Some(files) = tls::Files::create()? else {
            say(&format!("{name}: left out, it needs openssl for the key: scripts/peers openssl"));
            return Ok(());
        };
        let service = Service::start_with(ServiceKind::Tls, &[("TLS_FOLDER", files.folder())])?;
        let (plain, secured) = (service.plain(), service.address(1));
        let client = files.client()?;
        let idle = self.prober().probe(|| probe::ask(plain))?;
        let idle_secured = self.prober().probe(|| client.ask(secured))?;
        let longest = WARM_UP + self.prober().longest() * 2;
        let flood = Flood::start(FloodKind::ClientHellos, secured, 128, longest)?;
        std::thread::sleep(WARM_UP);
        let flooded = self.prober().probe(|| probe::ask(plain))?;
        let flooded_secured = self.prober().probe(|| client.ask(secured))?;
        flood.stop();
        print(name, "plain place, idle", &idle);
        print(name, "plain place, flooded", &flooded);
        print(name, "TLS place, idle", &idle_secured);
        print(name, "TLS place, flooded", &flooded_secured);
        self.judge(name, "no failures at the plain place", flooded.failures == 0);
        self.judge(name, "median under 10 ms there", flooded.percentile(50) < Duration::from_millis(10));
        self.judge(name, "the TLS place answers within 1 s", flooded_secured.failures == 0);
        Ok(())
    }

    fn judge(&mut self, name: &str, goal: &str, is_kept: bool) {
        say(&format!("{name}: goal, {goal}: {}", if is_kept { "kept" } else { "MISSED" }));
        self.has_missed |= !is_kept;
    }
}

fn print(name: &str, what: &str, results: &ProbeResults) {
    say(&format!("{name}: {what}: {results}"));
}

#[allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]
fn say(line: &str) {
    println!("{line}");
}
