#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    ffi::OsStr,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{notifier, notify_socket::NotifySocket, settings::Settings};
use crate::{
    access::{Access, closed, public},
    http::{Endpoint, Offer},
    model::{Check, Forced, Group, Level, Levels, Outcome},
    monitor::Monitor,
    registry::Registry,
    time::random,
};

/// The other end, which checks each message against the rules of systemd.
struct Manager {
    name: String,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let name = format!("health-runtime-{:x}", random());
        Self { socket: bind(&name), name }
    }

    fn address(&self) -> NotifySocket {
        NotifySocket::parse(format!("@{}", self.name).as_bytes()).expect("a valid name")
    }

    /// Starts to notify of these checks, with a watchdog if there is one.
    fn notified_of(&self, checks: impl IntoIterator<Item = Check>, watchdog: Option<Duration>) -> Monitor {
        let registry = checks.into_iter().fold(Registry::builder(), crate::RegistryBuilder::check).build();
        let monitor = Monitor::new(registry.expect("good checks"));
        notifier::start(&monitor, everything(), self.address(), watchdog);
        monitor
    }

    /// Returns all messages so far.
    fn received(&self) -> Vec<String> {
        let mut messages = Vec::new();
        let mut buffer = [0; 5000];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let message = String::from_utf8(buffer[..length].to_vec()).expect("UTF-8");
            assert!(length < 4096, "systemd drops longer messages");
            for line in message.lines() {
                let (name, value) = line.split_once('=').expect("an assignment");
                let known = ["READY", "STATUS", "WATCHDOG", "STOPPING", "EXTEND_TIMEOUT_USEC"];
                assert!(known.contains(&name) && !value.is_empty(), "{line}");
            }
            messages.push(message.trim_end().to_owned());
        }
        messages
    }

    /// Returns the messages within a time.
    async fn within(&self, time: Duration) -> Vec<String> {
        let until = Instant::now() + time;
        let mut messages = Vec::new();
        // Read often, because the queue of a socket has ten messages by default.
        while Instant::now() < until {
            sleep(time.min(Duration::from_millis(100))).await;
            messages.extend(self.received());
        }
        messages
    }
}

fn bind(name: &str) -> UnixDatagram {
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name).expect("a name")).expect("a free name");
    socket.set_nonblocking(true).expect("a socket");
    socket
}

fn everything() -> Offer {
    Offer { levels: Levels::ALL, groups: Group::ALL.to_vec() }
}

/// A check that passes while a flag is set, and the flag.
fn switched(name: &'static str, level: Level, passes: bool) -> (Check, Arc<AtomicBool>) {
    let flag = Arc::new(AtomicBool::new(passes));
    let read = Arc::clone(&flag);
    let check = Check::new(name, level, move || {
        let passes = read.load(Ordering::SeqCst);
        async move { if passes { Ok(()) } else { Err("db.internal refuses password=hunter2\nREADY=1") } }
    });
    (check, flag)
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn readiness_is_sent_once_the_startup_group_passes() {
    let manager = Manager::new();
    let (migrations, flag) = switched("migrations", Level::L3, false);
    let (db, _) = switched("db", Level::L1, false);
    let _monitor = manager.notified_of([migrations.startup(), db.readiness()], None);
    assert_eq!(manager.within(60 * SECOND).await, ["STATUS=starting; fail: migrations"]);
    flag.store(true, Ordering::SeqCst);
    // Readiness does not matter: systemd waits for the start alone.
    assert_eq!(manager.within(3 * SECOND).await, ["READY=1\nSTATUS=not ready; fail: db"]);
    flag.store(false, Ordering::SeqCst);
    assert_eq!(manager.within(60 * SECOND).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn service_without_checks_is_ready_at_once() {
    let manager = Manager::new();
    let _monitor = manager.notified_of([], None);
    assert_eq!(manager.within(Duration::from_millis(1)).await, ["READY=1\nSTATUS=ready"]);
}

#[tokio::test(start_paused = true)]
async fn watchdog_is_fed_twice_in_each_period_while_liveness_passes() {
    let manager = Manager::new();
    let (worker, flag) = switched("worker", Level::L5, true);
    let _monitor = manager.notified_of([worker.liveness()], Some(10 * SECOND));
    let fed = |messages: &[String]| messages.iter().filter(|message| *message == "WATCHDOG=1").count();
    let is_fed = |messages: &[String]| fed(messages) > 0;
    let messages = manager.within(Duration::from_millis(99_500)).await;
    assert_eq!(fed(&messages), 20, "{messages:?}");

    flag.store(false, Ordering::SeqCst);
    assert!(!is_fed(&manager.within(30 * SECOND).await));
    // Asked again each second, so that a failure of some seconds does not end the service.
    flag.store(true, Ordering::SeqCst);
    assert!(is_fed(&manager.within(Duration::from_millis(1_100)).await));
    assert_eq!(fed(&manager.within(50 * SECOND).await), 10);
}

#[tokio::test(start_paused = true)]
async fn watchdog_starves_while_liveness_hangs_and_not_while_readiness_does() {
    let hanging = |name| Check::new(name, Level::L5, std::future::pending::<()>);
    for (check, is_fed) in [(hanging("worker").liveness(), false), (hanging("db").readiness(), true)] {
        let manager = Manager::new();
        let _monitor = manager.notified_of([check], Some(SECOND));
        manager.within(5 * SECOND).await;
        let messages = manager.within(30 * SECOND).await;
        let fed = messages.iter().filter(|message| *message == "WATCHDOG=1").count();
        assert_eq!(fed, if is_fed { 60 } else { 0 }, "{messages:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn status_follows_changes_within_a_second() {
    let manager = Manager::new();
    let (db, db_passes) = switched("db", Level::L1, true);
    let (mail, mail_passes) = switched("mail", Level::L3, true);
    let orders = Check::new("orders", Level::L2, || async {}).readiness().depends_on(["db"]);
    let db = db.readiness().interval(Duration::from_secs(2));
    let mail = mail.interval(Duration::from_secs(2)).critical(false);
    let monitor = manager.notified_of([db, orders, mail], None);
    manager.within(20 * SECOND).await;

    mail_passes.store(false, Ordering::SeqCst);
    assert_eq!(manager.within(4 * SECOND).await, ["STATUS=ready; warn: mail"]);
    db_passes.store(false, Ordering::SeqCst);
    let messages = manager.within(12 * SECOND).await;
    assert_eq!(messages.last().expect("a message"), "STATUS=not ready; fail: db; blocked: orders; warn: mail");
    // A mute covers the dependents, too.
    monitor.mute("db", Duration::from_hours(1), "maintenance").expect("a check");
    assert_eq!(manager.within(12 * SECOND).await, ["STATUS=ready; warn: mail"]);
    mail_passes.store(true, Ordering::SeqCst);
    assert_eq!(manager.within(12 * SECOND).await, ["STATUS=ready"]);
    monitor.drill("mail", Forced::fail("why"), Duration::from_mins(5)).expect("a drill");
    assert_eq!(manager.within(12 * SECOND).await, ["STATUS=ready; warn: mail [drill]"]);
}

#[tokio::test(start_paused = true)]
async fn status_names_causes_and_is_bounded() {
    let manager = Manager::new();
    let slow = Check::new("slow", Level::L5, std::future::pending::<()>).timeout(Duration::from_millis(300));
    let many =
        (0..200).map(|number| Check::new(format!("check-{number:03}"), Level::L1, || async { false }).readiness());
    let _monitor = manager.notified_of(many.chain([slow.readiness()]), None);
    let messages = manager.within(SECOND).await;
    let status = messages[0].split_once("STATUS=").expect("a status").1;
    assert!(status.len() <= 512, "{}", status.len());
    assert!(status.starts_with("not ready; fail: check-000, check-001, "), "{status}");
    let named = status.matches("check-").count() + status.matches("slow").count();
    assert!(status.ends_with(&format!(", {} more fail", 201 - named)), "{status}");

    let manager = Manager::new();
    let slow = Check::new("slow", Level::L5, std::future::pending::<()>).timeout(Duration::from_millis(300));
    let _monitor = manager.notified_of([slow.readiness()], None);
    assert_eq!(manager.within(SECOND).await, ["READY=1\nSTATUS=not ready; fail: slow (timed_out)"]);
}

#[tokio::test(start_paused = true)]
async fn status_with_three_long_lists_is_bounded() {
    let manager = Manager::new();
    let checks = (0..300).map(|number| {
        let name = format!("check-{number:03}");
        let check = match number % 3 {
            0 => Check::new(name, Level::L1, || async { Outcome::fail("down") }),
            1 => Check::new(name, Level::L1, || async { Outcome::pass() }).depends_on(["check-000"]),
            _ => Check::new(name, Level::L1, || async { Outcome::warn("slow") }),
        };
        check.readiness()
    });
    let _monitor = manager.notified_of(checks, None);
    let messages = manager.within(SECOND).await;
    let status = messages[0].split_once("STATUS=").expect("a status").1;
    assert!(status.ends_with(" more fail, 100 more blocked, 100 more warn"), "{status}");
    assert!(status.len() <= 512, "{}", status.len());
}

#[tokio::test(start_paused = true)]
async fn status_of_an_endpoint_names_only_checks_of_open_levels_and_groups() {
    let manager = Manager::new();
    let failing = |name, level| Check::new(name, level, || async { false }).interval(SECOND);
    let checks = [failing("deep", Level::L1), failing("member", Level::L1).readiness(), failing("open", Level::L5)];
    let access = Access::new().levels(Level::L1..=Level::L4, closed()).levels(Level::L5..=Level::L5, public());
    let endpoint = Endpoint::builder().without_declared_checks().muted("").checks(checks).access(access).build();
    let endpoint = endpoint.expect("a good endpoint");
    sleep(5 * SECOND).await;
    notifier::start(endpoint.monitor(), endpoint.offer(None), manager.address(), None);
    assert_eq!(manager.within(SECOND).await, ["READY=1\nSTATUS=not ready; fail: member, open"]);
}

#[tokio::test(start_paused = true)]
async fn drain_is_announced_at_once_and_once() {
    let manager = Manager::new();
    let (worker, _) = switched("worker", Level::L5, true);
    let monitor = manager.notified_of([worker.liveness()], Some(10 * SECOND));
    manager.within(Duration::from_millis(17_300)).await;
    monitor.drain();
    assert_eq!(manager.within(Duration::from_millis(1)).await, ["STOPPING=1\nSTATUS=draining"]);
    monitor.drain();
    // The process is alive until it ends.
    assert_eq!(manager.within(20 * SECOND).await, ["WATCHDOG=1"; 4]);
}

#[tokio::test(start_paused = true)]
async fn service_that_never_got_ready_stops_without_it() {
    let manager = Manager::new();
    let (migrations, _) = switched("migrations", Level::L3, false);
    let monitor = manager.notified_of([migrations.startup()], None);
    sleep(Duration::from_millis(200)).await;
    monitor.drain();
    let messages = manager.within(60 * SECOND).await;
    let expected = ["STATUS=starting; fail: migrations", "STOPPING=1\nSTATUS=draining; fail: migrations"];
    assert_eq!(messages, expected);
}

#[tokio::test(start_paused = true)]
async fn message_that_does_not_arrive_is_sent_again() {
    let Manager { name, socket } = Manager::new();
    drop(socket);
    let registry = Registry::builder().build().expect("no checks");
    let monitor = Monitor::new(registry);
    let address = NotifySocket::parse(format!("@{name}").as_bytes()).expect("a valid name");
    notifier::start(&monitor, everything(), address, None);
    sleep(5 * SECOND).await;
    let manager = Manager { socket: bind(&name), name };
    assert_eq!(manager.within(2 * SECOND).await, ["READY=1\nSTATUS=ready"]);
    // A drain during an outage, too.
    let Manager { name, socket } = manager;
    drop(socket);
    monitor.drain();
    sleep(5 * SECOND).await;
    let manager = Manager { socket: bind(&name), name };
    assert_eq!(manager.within(2 * SECOND).await, ["STOPPING=1\nSTATUS=draining"]);
}

#[tokio::test(start_paused = true)]
async fn full_socket_does_not_block_the_runtime() {
    let manager = Manager::new();
    let (worker, _) = switched("worker", Level::L5, true);
    let _monitor = manager.notified_of([worker.liveness()], Some(Duration::from_millis(100)));
    // Nobody reads.
    sleep(60 * SECOND).await;
    assert!(!manager.received().is_empty());
    assert!(manager.within(SECOND).await.len() > 5);
}

#[tokio::test(start_paused = true)]
async fn messages_end_with_the_monitor() {
    let manager = Manager::new();
    let (worker, _) = switched("worker", Level::L5, true);
    let monitor = manager.notified_of([worker.liveness()], Some(SECOND));
    sleep(10 * SECOND).await;
    drop(monitor);
    manager.received();
    manager.within(Duration::from_millis(1)).await;
    assert_eq!(manager.within(60 * SECOND).await, Vec::<String>::new());
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[test]
fn variables_are_read_strictly() {
    let parse = |values: [&str; 3]| {
        let (settings, problems) = Settings::parse(values.map(OsStr::new), 42);
        (settings.map(|settings| settings.watchdog), problems.join("; "))
    };
    let watchdog = Some(Duration::from_secs(30));
    for (values, expected, problem) in [
        (["", "30000000", "42"], None, ""),
        (["/run/notify", "", ""], Some(None), ""),
        (["/run/notify", "30000000", "42"], Some(watchdog), ""),
        (["@notify", "30000000", ""], Some(watchdog), ""),
        // The watchdog of another process, and none.
        (["@notify", "30000000", "41"], Some(None), ""),
        (["@notify", "0", "42"], Some(None), ""),
        (["@notify", "30s", "42"], Some(None), "WATCHDOG_USEC: `30s` is not a valid number"),
        (["@notify", "30000000", "me\n"], Some(watchdog), "WATCHDOG_PID: `me\\n` is not a valid number"),
        (["@notify", "-1", ""], Some(None), "WATCHDOG_USEC: `-1` is not a valid number"),
        (["vsock:2:9999", "", ""], None, "out of a virtual machine"),
        (["vsock-stream:2:9999", "", ""], None, "out of a virtual machine"),
        (["run/notify", "", ""], None, "neither an absolute path nor `@`"),
        (["@\u{1b}[31m", "", ""], Some(None), ""),
    ] {
        let (settings, problems) = parse(values);
        assert_eq!(settings, expected, "{values:?}");
        assert!(problems.contains(problem) && problems.is_empty() == problem.is_empty(), "{values:?}: {problems}");
    }
    let (settings, problems) = parse([&format!("/{}", "x".repeat(200)), "", ""]);
    assert!(settings.is_none() && problems.contains("is not a valid socket"), "{problems}");
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn call_outside_a_runtime_panics_where_systemd_is_absent_as_well() {
    Monitor::new(Registry::builder().build().expect("no checks")).notify_systemd();
}
