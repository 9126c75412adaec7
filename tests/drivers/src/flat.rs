use std::fs;

use health_runtime::Status;

use crate::Observe;

const WARMUP_RUNS: u32 = 1_000;

const RUNS: u32 = 10_000;

const MAX_BLOCKING_THREADS: usize = 8;

const MAX_GROWTH_BYTES: u64 = 2 << 20;

/// Runs the probe ten thousand times. It leaves nothing in the server, by `contents`, and its sockets, the descriptors and threads of
/// this process and its memory stay as they were.
///
/// A test of it needs a process of its own, because others change these numbers.
pub async fn assert_flat(name: &str, ports: &[u16], probe: &impl Observe, contents: impl AsyncFn() -> String) {
    let run = async |count: u32| {
        for _ in 0..count {
            let outcome = probe.run().await;
            assert_eq!(outcome.status(), Status::Pass, "{name}: {outcome:?}");
        }
    };
    // Buffers and caches reach their size.
    run(WARMUP_RUNS).await;
    let before = (contents().await, sockets(ports));
    let counts = process_counts();
    let memory = resident_bytes();
    run(RUNS).await;
    assert_eq!((contents().await, sockets(ports)), before, "{name}");
    let [descriptors, threads] = process_counts();
    assert!(descriptors <= counts[0], "{name}: {descriptors} descriptors, {} before", counts[0]);
    // A blocking thread may start before the last one is idle again, and idle ones end.
    assert!(threads <= counts[1] + MAX_BLOCKING_THREADS, "{name}: {threads} threads, {} before", counts[1]);
    let growth = resident_bytes().saturating_sub(memory);
    println!("{name}: {before:?}, {counts:?}, {growth} bytes more");
    assert!(growth < MAX_GROWTH_BYTES, "{name}: {growth} bytes more");
}

/// Returns the number of open connections to the ports.
fn sockets(ports: &[u16]) -> usize {
    let table = fs::read_to_string("/proc/self/net/tcp").expect("a table of sockets");
    let remotes: Vec<_> = ports.iter().map(|port| format!(":{port:04X}")).collect();
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next().is_some_and(|address| remotes.iter().any(|remote| address.ends_with(remote)))
            && fields.next() == Some("01")
    };
    table.lines().filter(is_open).count()
}

/// Returns the numbers of open descriptors and of threads.
fn process_counts() -> [usize; 2] {
    ["fd", "task"].map(|folder| fs::read_dir(format!("/proc/self/{folder}")).expect("a folder of the process").count())
}

fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").expect("a number of pages");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number") * 4096
}
