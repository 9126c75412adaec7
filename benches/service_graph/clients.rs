//! Clients that ask every service for its whole report, and what they see.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    MAX_AGE, REPORT_LIMIT, TIMEOUT,
    graph::{Graph, Random},
    hosts::Hosts,
    service::Fault,
};

/// Pause of a client between two reports of one service.
const PAUSE: Duration = Duration::from_secs(2);

const WARM_UP: Duration = Duration::from_secs(15);

/// Services on the path of a root cause that counts.
const MAX_DEPTH: u32 = 4;

/// The measured values.
pub(crate) struct Figures {
    pub(crate) reports: usize,
    pub(crate) failing: usize,
    /// Reports that fail although no fault is or was in reach of the service.
    pub(crate) false_failures: Vec<String>,
    /// Reports that warn, although nothing here warns.
    pub(crate) warnings: usize,
    pub(crate) worst_time: Duration,
    pub(crate) runs: usize,
    pub(crate) duration: Duration,
    /// Distance and time of each service that named a failing check first, after the fault began.
    pub(crate) named: Vec<(usize, Duration)>,
    pub(crate) expected_to_name: usize,
}

/// A report that a client has seen.
struct Seen {
    service: usize,
    at: Instant,
    took: Duration,
    status: Value,
    root_causes: Vec<String>,
}

/// A fault with its time.
struct Injected {
    service: usize,
    fault: Fault,
    from: Instant,
    to: Instant,
}

pub(crate) fn measure(graph: &Graph, hosts: &mut Hosts, phase: Duration) -> Figures {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    for (service, address) in hosts.addresses.iter().enumerate() {
        runtime.spawn(keep_asking(service, *address, Arc::clone(&seen)));
    }
    // All runs begin at once, on processors that may be busy with something else.
    std::thread::sleep(WARM_UP);
    seen.lock().expect("no panic").clear();
    let (start, runs_before) = (Instant::now(), hosts.runs());
    std::thread::sleep(phase);
    let faults = inject(graph, hosts);
    let began = Instant::now();
    std::thread::sleep(phase);
    for (service, _) in &faults {
        hosts.set(*service, Fault::None);
    }
    let ended = Instant::now();
    // A failure is seen as long as the results on its way are young, and a hung service ends runs after their timeout.
    let rest = MAX_DEPTH * (MAX_AGE + TIMEOUT);
    std::thread::sleep(rest + phase / 2);
    let (duration, runs) = (start.elapsed(), hosts.runs() - runs_before);
    runtime.shutdown_background();
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    let injected = faults
        .into_iter()
        .map(|(service, fault)| Injected { service, fault, from: began, to: ended + rest })
        .collect::<Vec<_>>();
    judge(graph, &seen, &injected, start, runs, duration)
}

/// Injects faults into a third of the clusters: into their last services, one of each kind.
fn inject(graph: &Graph, hosts: &mut Hosts) -> Vec<(usize, Fault)> {
    let mut random = Random::new(7);
    let clusters = graph.edges.len() / 20;
    let mut faults: Vec<(usize, Fault)> = Vec::new();
    for cluster in (0..clusters).filter(|cluster| cluster % 3 == 1) {
        for fault in &Fault::ALL[1..] {
            let service = cluster * 20 + random.below(20);
            if faults.iter().all(|(other, _)| *other != service) {
                hosts.set(service, *fault);
                faults.push((service, *fault));
            }
        }
    }
    faults
}

async fn keep_asking(service: usize, address: SocketAddr, seen: Arc<Mutex<Vec<Seen>>>) {
    // Spread over the pause.
    sleep(PAUSE * u32::try_from(service % 100).expect("small") / 100).await;
    loop {
        let start = Instant::now();
        let report = timeout(REPORT_LIMIT * 2, report(address)).await.ok().flatten();
        let (at, took) = (start, start.elapsed());
        if let Some(report) = report {
            let causes = report["root_causes"].as_array().into_iter().flatten();
            let root_causes = causes.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
            let status = report["status"].clone();
            seen.lock().expect("no panic").push(Seen { service, at, took, status, root_causes });
        }
        sleep(PAUSE.saturating_sub(took)).await;
    }
}

/// Returns the whole report of a service; `None` if it is hung or dead.
async fn report(address: SocketAddr) -> Option<Value> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET /health/levels/1 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.ok()?;
    let body = response.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    serde_json::from_slice(&response[body..]).ok()
}

fn judge(
    graph: &Graph,
    seen: &[Seen],
    injected: &[Injected],
    start: Instant,
    runs: usize,
    duration: Duration,
) -> Figures {
    let distances: Vec<_> = injected.iter().map(|fault| graph.distances_to(fault.service)).collect();
    let fails = |seen: &&Seen| seen.status == "fail";
    let is_false = |seen: &&Seen| {
        injected.iter().zip(&distances).all(|(fault, distances)| {
            distances[seen.service].is_none()
                || fault.fault == Fault::Slow
                || seen.at < fault.from
                || seen.at > fault.to
        })
    };
    let describe = |seen: &Seen| {
        let time = seen.at.duration_since(start);
        format!("s{} because of {}, at {time:.1?}", seen.service, seen.root_causes.join(", "))
    };
    let (mut named, mut expected) = (Vec::new(), 0);
    for (fault, distances) in injected.iter().zip(&distances).filter(|(fault, _)| fault.fault == Fault::Failing) {
        let path = format!("s{}/db", fault.service);
        for (service, distance) in distances.iter().enumerate() {
            let Some(distance @ 1..=4) = *distance else { continue };
            // A service that is hung or dead names nothing, and neither does one behind it alone.
            if injected.iter().any(|other| other.service == service) {
                continue;
            }
            expected += 1;
            let first = seen.iter().filter(|seen| seen.service == service && seen.at >= fault.from);
            let first = first.filter(|seen| seen.root_causes.iter().any(|cause| cause.ends_with(&path)));
            named.extend(first.map(|seen| seen.at + seen.took - fault.from).min().map(|time| (distance, time)));
        }
    }
    Figures {
        reports: seen.len(),
        failing: seen.iter().filter(fails).count(),
        false_failures: seen.iter().filter(fails).filter(is_false).map(describe).collect(),
        warnings: seen.iter().filter(|seen| seen.status == "warn").count(),
        worst_time: seen.iter().map(|seen| seen.took).max().unwrap_or_default(),
        runs,
        duration,
        named,
        expected_to_name: expected,
    }
}
