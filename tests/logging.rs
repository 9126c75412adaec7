//! What is logged: each change of a status once, in full, and how many checks there are. One test, alone in its process,
//! because whether anybody listens is a fact about the whole process.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{Check, Details, Level};
use health_tests::{builder, get, serve};
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// What was logged since it was last asked.
    fn text(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("no panic"))).expect("text")
    }
}

#[tokio::test]
async fn changes_are_logged_once_and_in_full() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).with_max_level(tracing::Level::DEBUG);
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the first subscriber");

    builder([]).build().expect("good");
    let text = log.text();
    assert!(text.contains("WARN") && text.contains("no health checks are registered"), "{text}");
    assert!(text.contains("health_endpoint! { crates: [my_checks] }"), "{text}");

    let fails = || async { Err::<(), _>("cannot connect to postgres://user:canary-7f3a@db.internal/orders: refused") };
    let endpoint = builder([
        Check::new("db", Level::L1, fails).with_max_age(Duration::ZERO),
        Check::new("panics", Level::L2, || async { panic!("on purpose") as () }).with_max_age(Duration::ZERO),
        Check::new("facts", Level::L3, || async { Details::warn(7, "odd") }),
        Check::new("good", Level::L5, || async {}),
    ]);
    let address = serve(endpoint.build().expect("good").router()).await;
    let text = log.text();
    assert!(text.contains("health checks registered level_1=1 level_2=1 level_3=1 level_4=0 level_5=1"), "{text}");

    for _ in 0..3 {
        get(address, "/health/levels/1").await;
    }
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("health check changed")).collect();
    assert_eq!(lines.len(), 4, "{text}");
    let line = |name: &str| *lines.iter().find(|line| line.contains(&format!("check=\"{name}\""))).expect("a line");
    assert!(line("db").contains("ERROR") && line("db").contains("level=1"), "{text}");
    assert!(line("db").contains("cannot connect to postgres://***@db.internal/orders: refused"), "{text}");
    assert!(line("panics").contains("ERROR") && line("panics").contains("panicked: on purpose"), "{text}");
    assert!(line("facts").contains("WARN") && line("facts").contains("to=\"warn\""), "{text}");
    assert!(line("good").contains("DEBUG"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
