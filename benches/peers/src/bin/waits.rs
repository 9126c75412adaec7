//! Prints times and memory of cases whose checks wait, and of starts: `waits [WORKLOAD…]`. The machine has to be quiet.

#![allow(clippy::disallowed_macros, reason = "a person reads the figures on the terminal")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Error, Read, Result},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use health_peers::{
    case::Case,
    client::Clients,
    workload::{Freshness, WAITS, Workload},
};
use tokio::time::Instant;

/// Rounds of each case, in turns.
const ROUNDS: usize = 11;

/// Age from which on a stored result is no longer used.
const PAUSE: Duration = Duration::from_millis(1_100);

fn main() -> Result<()> {
    let names: Vec<_> = env::args().skip(1).collect();
    println!("workload       subject       checks      median         p90       worst   memory  longest poll");
    for workload in WAITS.iter().filter(|workload| names.is_empty() || names.iter().any(|name| name == workload.name)) {
        let counts: &[usize] = if workload.name == "w4" { &[100, 1_000] } else { &[workload.checks.count] };
        for &count in counts {
            let mut workload = *workload;
            workload.checks.count = count;
            compare(&workload)?;
        }
    }
    Ok(())
}

/// Measures all subjects of a workload in turns, so that a machine that grows slower favours none.
fn compare(workload: &Workload) -> Result<()> {
    let case = |subject: &&str| {
        let connections = workload.connections[0];
        Case { workload: *workload, subject: (*subject).to_owned(), connections }
    };
    let cases: Vec<_> = workload.subjects.iter().map(case).collect();
    let mut figures: Vec<_> = cases.iter().map(|_| (Vec::new(), 0, 0.0_f64)).collect();
    for _ in 0..if workload.connections[0] > 64 { ROUNDS.div_ceil(4) } else { ROUNDS } {
        for (case, (times, memory, longest)) in cases.iter().zip(&mut figures) {
            let round = if workload.name == "start" { Round::start(case)? } else { Round::answer(case)? };
            times.push(round.time);
            *memory = round.memory.max(*memory);
            *longest = round.longest_poll.max(*longest);
        }
    }
    for (case, (mut times, memory, longest)) in cases.iter().zip(figures) {
        times.sort_unstable();
        let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
        println!(
            "{:<14} {:<13} {:>6} {:>11.1?} {:>11.1?} {:>11.1?} {:>5.1} MB {longest:>9.2} ms",
            case.workload.name,
            case.subject,
            case.workload.checks.count,
            percentile(50),
            percentile(90),
            percentile(100),
            f64::from(memory) / 1_024.0,
        );
    }
    Ok(())
}

/// One measurement, in a process of its own.
struct Round {
    time: Duration,
    /// In KiB: at its highest, and after a start the present one.
    memory: u32,
    /// In milliseconds; zero without `--cfg tokio_unstable`.
    longest_poll: f64,
}

impl Round {
    /// Measures the second answers, when connections are open and buffers have grown.
    fn answer(case: &Case) -> Result<Self> {
        let mut server = Server::start(case)?;
        let mut clients = Clients::new(case.connections, server.address, &case.workload);
        let mut time = Duration::ZERO;
        for _ in 0..2 {
            let start = Instant::now();
            clients.send_unmeasured()?;
            while !clients.receive_unmeasured()? {
                thread::sleep(Duration::from_micros(50));
            }
            time = start.elapsed();
            if case.workload.checks.freshness == Freshness::MaxAge {
                thread::sleep(PAUSE);
            }
        }
        let memory = server.memory("VmHWM")?;
        Ok(Self { time, memory, longest_poll: server.stop()? })
    }

    /// Measures from the start of the process until its first response, and its memory a moment later.
    fn start(case: &Case) -> Result<Self> {
        let start = Instant::now();
        let mut server = Server::start(case)?;
        let mut clients = Clients::new(1, server.address, &case.workload);
        clients.send_unmeasured()?;
        while !clients.receive_unmeasured()? {
            thread::sleep(Duration::from_micros(20));
        }
        let time = start.elapsed();
        thread::sleep(Duration::from_millis(300));
        let memory = server.memory("VmRSS")?;
        Ok(Self { time, memory, longest_poll: server.stop()? })
    }
}

struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(case: &Case) -> Result<Self> {
        let program = env::current_exe()?.with_file_name("serve");
        let mut command = Command::new(program);
        command.arg("--all-cores").args(case.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let output = process.stdout.take().ok_or_else(|| Error::other("the server has no output"))?;
        let mut output = BufReader::new(output);
        let mut address = String::new();
        output.read_line(&mut address)?;
        let address = address.trim().parse().map_err(|_| Error::other("the server did not start"))?;
        Ok(Self { process, output, address })
    }

    fn memory(&self, line: &str) -> Result<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let number = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().nth(1)?.parse().ok());
        number.ok_or_else(|| Error::other(format!("the process has no {line}")))
    }

    /// Closes the server's input, with which it ends.
    fn stop(&mut self) -> Result<f64> {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest)?;
        self.process.wait()?;
        Ok(rest.trim().parse().unwrap_or_default())
    }
}
