//! A thousand requests for checks that hang, block and panic leave nothing behind. Alone in its binary, because it
//! measures the memory of the process.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Outcome};
use health_tests::{endpoint, get, serve};
use tokio::runtime::Handle;

/// A counter of live runs, dropped with the run's future.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        let before = count.fetch_add(1, Ordering::SeqCst);
        assert_eq!(before, 0, "two runs of one check are alive");
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Releases the blocked thread, also when the test fails, because a runtime waits for its threads.
#[derive(Default)]
struct Release(Arc<AtomicBool>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

const PAYLOAD: &str = "on purpose";

fn silence_the_check_that_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.payload_as_str().is_some_and(|text| text.starts_with(PAYLOAD)) {
            hook(panic);
        }
    }));
}

/// Returns the resident memory of the process in bytes; `None` without `/proc`.
fn resident() -> Option<usize> {
    const PAGE: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * PAGE)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousand_requests_leave_nothing_behind() {
    silence_the_check_that_panics();
    let release = Release::default();
    let alive: [Arc<AtomicUsize>; 3] = Default::default();
    let [hanging, blocking, panicking] = alive.clone();
    let released = Arc::clone(&release.0);
    let quick = |check: Check| check.timeout(Duration::from_millis(20)).max_age(Duration::ZERO);
    let endpoint = endpoint([
        quick(Check::new("hangs", Level::L1, move || {
            let alive = Alive::new(&hanging);
            async move {
                let _alive = alive;
                pending::<()>().await;
            }
        })),
        quick(Check::new("blocks", Level::L1, move || {
            let alive = Alive::new(&blocking);
            let released = Arc::clone(&released);
            async move {
                let _alive = alive;
                while !released.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        })),
        // A long timeout, so that it panics before it is given up.
        Check::new("panics", Level::L1, move || {
            let alive = Alive::new(&panicking);
            async move {
                let _alive = alive;
                panic!("on purpose, with a literal") as Outcome
            }
        })
        .max_age(Duration::ZERO),
    ]);
    let address = serve(endpoint.router()).await;
    let tasks_before = Handle::current().metrics().num_alive_tasks();

    let ask = async |times: usize| {
        for _ in 0..times / 10 {
            let requests: Vec<_> = (0..10).map(|_| tokio::spawn(get(address, "/health/levels/1"))).collect();
            for request in requests {
                let answer = request.await.expect("an answer");
                assert_eq!(answer.status, 503);
                let checks = &answer.json()["level_1"]["checks"];
                for name in ["hangs", "blocks"] {
                    let cause = checks[name]["cause"].as_str().expect("a cause");
                    // On a busy machine the last poll of a run may be late, and the run is overdue until then.
                    assert!(["timed_out", "still_running"].contains(&cause), "{name}: {cause}");
                }
                assert_eq!(checks["panics"]["cause"], "panicked");
            }
        }
    };
    ask(200).await;
    let memory_before = resident();
    ask(1_000).await;
    let memory_after = resident();

    // Connections release their memory when their tasks end, after the client has seen the response.
    let tasks = || Handle::current().metrics().num_alive_tasks() - tasks_before;
    let settled = async {
        while tasks() > 3 {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), settled).await.is_ok(), "{} tasks are left", tasks());
    assert!(alive.iter().all(|count| count.load(Ordering::SeqCst) <= 1));
    if let (Some(before), Some(after)) = (memory_before, memory_after) {
        let grown = after.saturating_sub(before);
        assert!(grown < 2 << 20, "1,000 requests left {grown} bytes");
    }
}
