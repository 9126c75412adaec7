//! Methods as checks: `#[health_checks]` for a value of the state, `Check::on` for values that are many.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fmt::Error,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use health_runtime::{
    Check, IntoOutcome, Level, Selection, Status,
    testing::{Forced, TestMonitor},
};
use health_tests::{endpoint, send, serve};

/// A part of a service of which there are many.
#[derive(Default)]
struct Shard {
    host: String,
    runs: AtomicU32,
}

impl Shard {
    fn new(host: &str) -> Self {
        Self { host: host.to_owned(), runs: AtomicU32::new(0) }
    }

    async fn answers(&self) -> Result<(), String> {
        tokio::task::yield_now().await;
        self.runs.fetch_add(1, Ordering::Relaxed);
        if self.host.is_empty() { Err("no host".to_owned()) } else { Ok(()) }
    }

    async fn borrowed_error(&self) -> Result<(), &str> {
        tokio::task::yield_now().await;
        Err(&self.host)
    }

    #[expect(clippy::manual_async_fn, reason = "a future that is written out is a form of its own")]
    fn written_out(&self) -> impl Future<Output = impl IntoOutcome> + Send {
        async { !self.host.is_empty() }
    }

    fn pings(&self) -> bool {
        !self.host.is_empty()
    }
}

/// A trait as `#[async_trait]` leaves it.
trait Store: Send + Sync {
    fn ping(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
}

impl Store for Shard {
    fn ping(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async { self.answers().await.is_ok() })
    }
}

async fn function(shard: &Shard) -> bool {
    shard.answers().await.is_ok()
}

async fn of_a_trait_object(shard: &Arc<dyn AsRef<str> + Send + Sync>) -> bool {
    tokio::task::yield_now().await;
    (**shard).as_ref() == "text"
}

#[tokio::test(start_paused = true)]
async fn each_value_has_a_check() {
    let hosts = ["a.internal", "b.internal", ""];
    let shards = hosts.map(|host| Arc::new(Shard::new(host)));
    let check = |shard: &Arc<Shard>| {
        Check::on(format!("shard {}", shard.host), Level::L3, Arc::clone(shard), Shard::answers).tags(["shards"])
    };
    let kit = TestMonitor::with_checks(shards.iter().map(check));
    let report = kit.report(&Selection::everything()).await;
    report.check("shard a.internal").assert_status(Status::Pass);
    report.check("shard b.internal").assert_status(Status::Pass);
    report.check("shard ").assert_status(Status::Fail).assert_message("no host");
    assert_eq!(shards.map(|shard| shard.runs.load(Ordering::Relaxed)), [1, 1, 1]);
    kit.force("shard a.internal", Forced::fail("gone"));
    kit.run("shard a.internal").await.assert_status(Status::Fail).assert_message("gone");
}

#[tokio::test(start_paused = true)]
async fn methods_of_every_form_are_checks() {
    let shard = Arc::new(Shard::new("a.internal"));
    let text: Arc<dyn AsRef<str> + Send + Sync> = Arc::new("text");
    let store: Arc<dyn Store> = shard.clone();
    let kit = TestMonitor::with_checks([
        Check::on("shared", Level::L3, Arc::clone(&shard), Shard::answers),
        Check::on("owned", Level::L3, Shard::new("b.internal"), Shard::answers),
        Check::on("boxed", Level::L3, Box::<Shard>::default(), Shard::answers),
        Check::on("static", Level::L3, &*Box::leak(Box::<Shard>::default()), Shard::answers),
        Check::on("borrowed error", Level::L3, Arc::clone(&shard), Shard::borrowed_error),
        Check::on("written out", Level::L3, Arc::clone(&shard), Shard::written_out),
        Check::on("function", Level::L3, Arc::clone(&shard), function),
        Check::on("trait object", Level::L3, text, of_a_trait_object),
        Check::on("its method", Level::L3, store, <dyn Store>::ping),
        Check::on("closure", Level::L3, Arc::clone(&shard), async |shard: &Shard| shard.answers().await),
        Check::on("no borrow", Level::L3, Arc::clone(&shard), |shard: &Shard| std::future::ready(shard.pings())),
        Check::on("several", Level::L3, (Shard::new(""), 7_u8), async |(shard, port): &(Shard, u8)| {
            if *port == 7 { shard.answers().await } else { Err("wrong port".to_owned()) }
        }),
        Check::blocking("blocking", Level::L3, move || shard.pings()),
    ]);
    let report = kit.report(&Selection::everything()).await;
    for name in ["shared", "owned", "written out", "function", "trait object", "closure", "no borrow", "blocking"] {
        report.check(name).assert_status(Status::Pass);
    }
    report.check("boxed").assert_message("no host");
    report.check("static").assert_message("no host");
    report.check("several").assert_message("no host");
    report.check("borrowed error").assert_status(Status::Fail).assert_message("a.internal");
}

#[tokio::test]
async fn checks_of_values_are_served_and_know_their_location() {
    let check = Check::on("shard", Level::L3, Shard::new("a.internal"), Shard::answers);
    assert_eq!((check.spec().location().file(), check.spec().location().line()), (file!(), line!() - 1));
    let address = serve(endpoint([check.timeout(std::time::Duration::from_secs(1))]).router()).await;
    let response =
        send(address, "GET /health/checks/shard HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!(response.json()["status"], "pass", "{}", response.body);
}

#[tokio::test(start_paused = true)]
async fn value_lives_as_long_as_its_check() {
    let shard = Arc::new(Shard::new("a.internal"));
    let kit = TestMonitor::with_checks([Check::on("shard", Level::L3, Arc::clone(&shard), Shard::answers)]);
    kit.run("shard").await.assert_status(Status::Pass);
    assert_eq!(Arc::strong_count(&shard), 2, "a run that ended holds nothing");
    drop(kit);
    assert_eq!(Arc::strong_count(&shard), 1);
}

#[tokio::test(start_paused = true)]
async fn panicking_method_is_a_failure() {
    let kit = TestMonitor::with_checks([Check::on("shard", Level::L3, Shard::default(), async |shard: &Shard| {
        assert!(shard.pings(), "no host");
        Ok::<(), Error>(())
    })]);
    kit.run("shard").await.assert_status(Status::Fail).assert_cause("panicked");
}
