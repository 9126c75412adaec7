//! Statuses of `Watch`, and their times.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, GrpcHealth, Level, Selection, Status};
use health_tests::endpoint;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Streaming};
use tonic_health::pb::{
    HealthCheckResponse,
    health_check_response::ServingStatus::{NotServing, ServiceUnknown, Serving, Unknown},
};

use super::{Switch, check, next, watch};

async fn assert_silent(watch: &mut Streaming<HealthCheckResponse>, how_long: Duration) {
    let message = timeout(how_long, watch.message()).await;
    assert!(message.is_err(), "{message:?}");
}

#[tokio::test(start_paused = true)]
async fn watch_sends_current_status_and_each_change_once() {
    let switch = Switch::default();
    let endpoint = endpoint([
        switch.check("db", Level::L1).interval(Duration::from_secs(1)).readiness(),
        // Its changes do not concern this service.
        Switch::default().check("other", Level::L5).interval(Duration::from_secs(1)),
    ]);
    let health = GrpcHealth::new(&endpoint).with_watch_interval(Duration::from_hours(24));
    sleep(Duration::from_secs(5)).await;
    for service in ["", "readiness", "db", "level/1"] {
        switch.turn(true);
        sleep(Duration::from_secs(5)).await;
        let mut watch = watch(&health, service).await;
        let began = Instant::now();
        assert_eq!(next(&mut watch).await, Serving, "{service:?}");
        assert_eq!(began.elapsed(), Duration::ZERO, "{service:?}");
        assert_silent(&mut watch, Duration::from_hours(1)).await;
        for is_on in [false, true, false] {
            switch.turn(is_on);
            let began = Instant::now();
            assert_eq!(next(&mut watch).await, if is_on { Serving } else { NotServing }, "{service:?}");
            // The check's interval and its jitter; after a quiet time the watch adds no delay.
            assert!(began.elapsed() < Duration::from_millis(1_200), "{:?}", began.elapsed());
            assert_silent(&mut watch, Duration::from_mins(1)).await;
        }
    }
}

/// A first result is sent even if it counts like no result.
#[tokio::test(start_paused = true)]
async fn check_without_result_is_unknown() {
    let slow = Check::new("slow", Level::L3, || async {
        sleep(Duration::from_secs(2)).await;
        Status::Warn
    });
    let endpoint = endpoint([slow.interval(Duration::from_secs(10))]);
    let health = GrpcHealth::new(&endpoint).with_watch_interval(Duration::from_hours(24));
    let mut watch = watch(&health, "slow").await;
    assert_eq!(next(&mut watch).await, Unknown);
    let began = Instant::now();
    assert_eq!(next(&mut watch).await, Serving);
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn watches_share_runs_of_a_check_without_interval() {
    let switch = Switch::default();
    let health = GrpcHealth::new(&endpoint([switch.check("db", Level::L1)]));
    let mut watches = Vec::new();
    for _ in 0..20 {
        let mut watch = watch(&health, "db").await;
        assert_eq!(next(&mut watch).await, Serving);
        watches.push(tokio::spawn(async move { next(&mut watch).await }));
        sleep(Duration::from_millis(1_300)).await;
    }
    let before = switch.runs();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(switch.runs() - before, 10, "every ten seconds once, however many watch");
    switch.turn(false);
    let turned = Instant::now();
    for watch in watches {
        assert_eq!(watch.await.expect("no panic"), NotServing);
    }
    assert!(turned.elapsed() <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn constantly_changing_check_runs_once_a_second_at_most() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let flapping = Check::new("flapping", Level::L5, move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { run.is_multiple_of(2) }
    });
    let health = GrpcHealth::new(&endpoint([flapping.max_age(Duration::ZERO)]));
    // A single watch makes reports at its interval: changes by its own reports do not wake it.
    let mut alone = watch(&health, "flapping").await;
    let notifications = async {
        loop {
            next(&mut alone).await;
        }
    };
    assert!(timeout(Duration::from_secs(95), notifications).await.is_err());
    let alone = runs.swap(0, Ordering::SeqCst);
    assert!((9..=11).contains(&alone), "{alone} runs");

    // Several watches wake each other, at most once a second.
    let watches: Vec<_> = (0..10)
        .map(|_| health.clone())
        .map(|health| async move {
            let mut watch = watch(&health, "flapping").await;
            let mut last = Unknown;
            loop {
                let status = next(&mut watch).await;
                assert_ne!(status, last, "an unchanged status is not sent");
                last = status;
            }
        })
        .collect();
    let watches: Vec<_> = watches.into_iter().map(tokio::spawn).collect();
    sleep(Duration::from_secs(100)).await;
    let together = runs.load(Ordering::SeqCst);
    assert!(together <= 10 * 101, "{together} runs");
    assert!(watches.iter().all(|watch| !watch.is_finished()), "none has failed");
}

#[tokio::test(start_paused = true)]
async fn mutes_and_missed_changes_are_sent_at_the_interval() {
    let switch = Switch::default();
    let noise = (0..100).map(|number| Switch::default().check(&format!("noise-{number}"), Level::L5));
    let endpoint = endpoint(noise.chain([switch.check("db", Level::L1)]));
    let health = GrpcHealth::new(&endpoint).with_watch_interval(Duration::from_secs(30));
    let mut watch = watch(&health, "db").await;
    assert_eq!(next(&mut watch).await, Serving);
    switch.turn(false);
    // A hundred first results, with the relevant one among them.
    sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    endpoint.monitor().report(&Selection::everything()).await;
    assert_eq!(next(&mut watch).await, NotServing);
    assert!(began.elapsed() < Duration::from_secs(1));
    endpoint.monitor().mute("db", Duration::from_secs(100), "they move").expect("a check of this name");
    assert_eq!(next(&mut watch).await, Serving);
    assert_eq!(next(&mut watch).await, NotServing);
    let muted = began.elapsed();
    assert!((100..=130).contains(&muted.as_secs()), "{muted:?}");
}

#[tokio::test(start_paused = true)]
async fn drain_is_sent_at_once_and_ends_every_watch() {
    let stuck = Check::new("stuck", Level::L3, pending::<()>).max_age(Duration::ZERO);
    let endpoint = endpoint([stuck.readiness(), Check::new("alive", Level::L5, || async { true }).liveness()]);
    let health = GrpcHealth::new(&endpoint);
    let mut readiness = watch(&health, "readiness").await;
    let mut liveness = watch(&health, "liveness").await;
    let mut waiting = watch(&health, "stuck").await;
    assert_eq!(next(&mut liveness).await, Serving);
    // Neither has sent a status yet: both wait for a check that never ends.
    assert_silent(&mut readiness, Duration::from_millis(100)).await;
    assert_silent(&mut waiting, Duration::from_millis(100)).await;

    endpoint.monitor().drain();
    let began = Instant::now();
    assert_eq!(next(&mut readiness).await, NotServing);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let ends = tokio::join!(readiness.message(), liveness.message(), waiting.message());
    for end in [ends.0, ends.1, ends.2] {
        let end = end.expect_err("the end");
        assert_eq!((end.code(), end.message()), (Code::Unavailable, "shutting down"));
    }
    assert_eq!(began.elapsed().as_secs(), 1);

    // A client that reconnects gets the status, and its watch ends after the same grace.
    for (service, expected) in [("", NotServing), ("liveness", Serving), ("nobody", ServiceUnknown)] {
        let began = Instant::now();
        let mut watch = watch(&health, service).await;
        assert_eq!(next(&mut watch).await, expected, "{service:?}");
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
        assert_eq!(began.elapsed().as_secs(), 1, "{service:?}");
    }
    assert_eq!(check(&health, "").await.expect("an answer"), NotServing);
    assert_eq!(check(&health, "liveness").await.expect("an answer"), Serving);
}

#[tokio::test(start_paused = true)]
async fn watch_follows_a_check_that_comes_and_goes() {
    let endpoint = endpoint([]);
    let health = GrpcHealth::new(&endpoint).with_watch_interval(Duration::from_hours(24));
    let mut watch = watch(&health, "db").await;
    assert_eq!(next(&mut watch).await, ServiceUnknown);
    for _ in 0..2 {
        endpoint.monitor().add(Check::new("other", Level::L5, || async {})).expect("a good check");
        assert_silent(&mut watch, Duration::from_hours(1)).await;
        for (status, outcome) in [(Serving, true), (NotServing, false)] {
            let began = Instant::now();
            let db = Check::new("db", Level::L1, move || async move { outcome });
            if outcome { endpoint.monitor().add(db) } else { endpoint.monitor().replace(db) }.expect("a good check");
            assert_eq!(next(&mut watch).await, status);
            assert!(began.elapsed() <= Duration::from_secs(1), "{:?}", began.elapsed());
        }
        let began = Instant::now();
        endpoint.monitor().remove("db").expect("a check");
        assert_eq!(next(&mut watch).await, ServiceUnknown);
        assert_eq!(began.elapsed(), Duration::ZERO, "a removed check is not reported any longer");
        endpoint.monitor().remove("other").expect("a check");
    }
    endpoint.monitor().drain();
    assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn check_that_constantly_comes_and_goes_runs_once_a_second_at_most() {
    let switch = Switch::default();
    let endpoint = endpoint([]);
    let health = GrpcHealth::new(&endpoint);
    let mut watch = watch(&health, "db").await;
    let following = tokio::spawn(async move {
        loop {
            next(&mut watch).await;
        }
    });
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        endpoint.monitor().add(switch.check("db", Level::L1)).expect("a good check");
        sleep(Duration::from_millis(3)).await;
        endpoint.monitor().remove("db").expect("a check");
        sleep(Duration::from_millis(3)).await;
    }
    assert!((2..=21).contains(&switch.runs()), "{} runs", switch.runs());
    assert!(!following.is_finished(), "it has not failed");
}
