//! Graceful shutdown by signals. A single test in its own process, because a signal goes to the whole process.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    future::Future,
    pin::Pin,
    process::{Command, id},
    time::Duration,
};

use health_runtime::Monitor;
use health_tests::monitor;
use tokio::time::{Instant, timeout};

const DELAY: Duration = Duration::from_secs(15);

/// Sends a signal to this process, and returns when it is sent.
fn send(signal: &str) {
    let status = Command::new("kill").args([signal, &id().to_string()]).status().expect("there is a `kill`");
    assert!(status.success());
}

/// Asserts that nothing happens. A paused clock advances only when all tasks wait.
async fn assert_waits(shutdown: &mut Pin<&mut impl Future<Output = ()>>, monitor: &Monitor) {
    assert!(timeout(Duration::from_hours(1), shutdown.as_mut()).await.is_err());
    assert!(!monitor.is_draining());
}

#[tokio::test(start_paused = true)]
async fn signal_drains_and_the_wait_ends_after_the_delay_or_at_a_second_signal() {
    // Without the handler the first of these would end the test program.
    for signal in ["-TERM", "-INT"] {
        let monitor = monitor([]);
        let mut shutdown = std::pin::pin!(monitor.graceful_shutdown(DELAY));
        assert_waits(&mut shutdown, &monitor).await;
        let sent = Instant::now();
        send(signal);
        // With the clock paused the whole delay may pass before the signal arrives, so wait for that first.
        tokio::time::resume();
        let until_draining = async {
            while !monitor.is_draining() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = shutdown.as_mut() => panic!("it did not wait"),
            () = until_draining => {}
        }
        tokio::time::pause();
        let start = Instant::now();
        shutdown.await;
        assert!(sent.elapsed() >= DELAY, "{signal}: {:?}", sent.elapsed());
        // The grain of the timer is a millisecond.
        assert!(start.elapsed() <= DELAY + Duration::from_millis(2), "{signal}: {:?}", start.elapsed());
        assert!(monitor.is_draining());
    }
    tokio::time::resume();

    // A signal before the first poll is not lost.
    let early = monitor([]);
    let shutdown = early.graceful_shutdown(Duration::ZERO);
    send("-TERM");
    shutdown.await;
    assert!(early.is_draining());

    // A signal before the call does not count; a second one ends the wait.
    let impatient = monitor([]);
    let shutdown = tokio::spawn(impatient.graceful_shutdown(Duration::from_hours(1)));
    tokio::task::yield_now().await;
    assert!(!impatient.is_draining());
    send("-TERM");
    while !impatient.is_draining() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!shutdown.is_finished());
    send("-INT");
    shutdown.await.expect("no panic");
}
