//! The processes of the services.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{PROCESSES, graph::Graph, service::Fault};

/// All processes; they end with this.
pub(crate) struct Hosts {
    processes: Vec<Host>,
    pub(crate) addresses: Vec<SocketAddr>,
}

struct Host {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Hosts {
    pub(crate) fn start(graph: &Graph) -> Self {
        let mut processes: Vec<_> = (0..PROCESSES).map(Host::start).collect();
        let ports: Vec<Vec<String>> =
            processes.iter_mut().map(|host| host.read().split(' ').map(ToOwned::to_owned).collect()).collect();
        let all: Vec<_> =
            (0..graph.edges.len()).map(|service| ports[service % PROCESSES][service / PROCESSES].clone()).collect();
        for host in &mut processes {
            host.order(&all.join(" "));
        }
        let address = |port: &String| SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")));
        Self { processes, addresses: all.iter().map(address).collect() }
    }

    pub(crate) fn set(&mut self, service: usize, fault: Fault) {
        self.processes[service % PROCESSES].order(&format!("{service} {}", fault as u8));
    }

    /// Returns the number of runs of checks of other services.
    pub(crate) fn runs(&mut self) -> usize {
        let runs = |host: &mut Host| {
            host.order("runs");
            host.read().parse::<usize>().expect("a number")
        };
        self.processes.iter_mut().map(runs).sum()
    }
}

impl Host {
    fn start(part: usize) -> Self {
        let mut child = Command::new(env::current_exe().expect("a path"))
            .env("SERVICE_GRAPH_PART", part.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, orders, answers }
    }

    fn order(&mut self, line: &str) {
        writeln!(self.orders, "{line}").expect("a process");
    }

    fn read(&mut self) -> String {
        self.answers.next().expect("a line").expect("text")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
