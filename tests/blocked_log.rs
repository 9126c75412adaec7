//! A log that blocks, as a pipe does that nobody reads. One test, alone in its process, because the log is one for all of it.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    io::Write,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::Status;
use health_tests::{
    Log,
    flapping::{ask, flapping},
    monitor,
};
use tokio::time::{sleep, timeout};
use tracing_subscriber::fmt::MakeWriter;

const LONG: Duration = Duration::from_secs(20);

const CHANGES: usize = 3_000;

#[derive(Default)]
struct Tap {
    is_closed: Mutex<bool>,
    holds_somebody: AtomicBool,
    turned: Condvar,
}

impl Tap {
    fn set(&self, is_closed: bool) {
        *self.is_closed.lock().expect("no panic") = is_closed;
        self.turned.notify_all();
    }
}

/// Opens it in the end, because the runtime waits for the thread that it holds up.
struct Opened(Arc<Tap>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// A log that takes nothing while the tap is closed.
#[derive(Clone, Default)]
struct Pipe {
    log: Log,
    tap: Arc<Tap>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let is_closed = self.tap.is_closed.lock().expect("no panic");
        self.tap.holds_somebody.fetch_or(*is_closed, Ordering::SeqCst);
        drop(self.tap.turned.wait_while(is_closed, |is_closed| *is_closed).expect("no panic"));
        self.log.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Pipe {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn it_holds_up_nobody_who_is_told_and_keeps_no_more_than_it_may() {
    let pipe = Pipe::default();
    tracing_subscriber::fmt().with_writer(pipe.clone()).with_ansi(false).init();
    let monitor = monitor([flapping("flaps")]);
    let mut changes = monitor.subscribe();
    let _opened = Opened(Arc::clone(&pipe.tap));
    pipe.tap.set(true);
    for number in 0..CHANGES {
        // Who asks may be the one that logs, and is held up. Nobody waits for it.
        let asking = tokio::spawn({
            let monitor = monitor.clone();
            async move { ask(&monitor, 1).await }
        });
        let change =
            timeout(LONG, changes.next()).await.expect("told in time").expect("a monitor").expect("none missed");
        assert_eq!(change.to(), if number.is_multiple_of(2) { Status::Fail } else { Status::Pass });
        if number == 0 {
            // It is held up from here on, and nobody else.
            while !pipe.tap.holds_somebody.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
        } else {
            timeout(LONG, asking).await.expect("answered in time").expect("no panic");
        }
    }
    pipe.tap.set(false);
    let logged = |text: &str| text.lines().filter(|line| line.contains("health check changed")).count();
    let missed = |text: &str| -> usize {
        let numbers = text.lines().filter_map(|line| line.split_once("missed="));
        numbers.map(|(_, number)| number.parse::<usize>().expect("a number")).sum()
    };
    let caught_up = async {
        while logged(&pipe.log.text()) + missed(&pipe.log.text()) < CHANGES {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, caught_up).await.expect("each is logged or counted, in time");
    let text = pipe.log.take();
    assert_eq!(logged(&text) + missed(&text), CHANGES, "{text}");
    // The one that was held up, those that waited behind it, and the last ones if they came while it was logged.
    assert!(logged(&text) < 300, "{text}");
    assert!(text.contains("run 0") && text.contains("run 2998") && missed(&text) > 0, "{text}");
}
