//! Faults of every kind for a chosen time, and clients that hang up in the middle of responses. Each response is
//! compared with the script of injected faults, and nothing is left behind. Alone in its process, because it counts its
//! resources.
//!
//! It takes 20 seconds, or the time in `HEALTH_SOAK`: `HEALTH_SOAK=2h cargo test --release -p health-tests --test
//! soak`.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeSet,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Outcome, ShowDetails};
use health_tests::{builder, serve};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::{Instant, sleep, timeout},
};

/// Time for which a check behaves in one way.
const PHASE: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_millis(300);
const MAX_AGE: Duration = Duration::from_millis(50);
/// Longer, because an unoptimized build takes a tenth of a second to mask and render a mebibyte.
const LARGE_MAX_AGE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);
const HOLD: Duration = Duration::from_millis(700);
/// Time for which a check blocks its thread.
const BLOCK: Duration = Duration::from_millis(600);
/// Time after a phase in which responses may show it: a blocking run that began at its end, one interval (with jitter),
/// and the age of its result.
const ECHO_DURATION: Duration = Duration::from_millis(600 + 110 + 50 + 40);
/// One of this many clients that hang up requests the mebibyte.
const LARGE_AMONG: usize = if cfg!(debug_assertions) { 80 } else { 9 };
const MEBIBYTE: usize = 1 << 20;
/// Difference of the median of resident memory between the second and the last third: the allocator keeps memory of
/// responses of a mebibyte, of which dozens are in progress at a time.
const MEMORY_TOLERANCE: usize = 12 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Slow,
    Fail,
    Panic,
    Hang,
    Block,
    Large,
}

/// Behavior of each check, phase by phase, then from the start again.
const SCRIPTS: [(&str, &[Fault]); 8] = [
    ("flaps", &[Fault::None, Fault::Fail, Fault::Panic, Fault::Hang, Fault::Slow]),
    ("blocks", &[Fault::None, Fault::Block, Fault::Panic]),
    ("plain", &[Fault::Block, Fault::None, Fault::Fail]),
    ("large", &[Fault::Large, Fault::None, Fault::Large]),
    ("held", &[Fault::None, Fault::Fail]),
    ("background", &[Fault::None, Fault::Hang, Fault::Fail, Fault::Panic, Fault::Block]),
    ("patient", &[Fault::None, Fault::Fail]),
    ("steady", &[Fault::None]),
];

/// Observations without which the test has shown little.
const EXPECTED_OBSERVATIONS: [&str; 17] = [
    "flaps pass by itself",
    "flaps fail by itself",
    "flaps fail panicked",
    "flaps fail timed_out",
    "dependent blocked",
    "dependent by itself",
    "blocks fail timed_out",
    "blocks fail still_running",
    "plain fail still_running",
    "large pass by itself",
    "held warn in readiness",
    "held fail in readiness",
    "background fail timed_out",
    "background fail panicked",
    "patient pass with fail",
    "patient fail with pass",
    "patient fail by itself",
];

/// Returns the behavior of a check in a phase.
fn fault(name: &str, phase: u128) -> Fault {
    let (_, script) = SCRIPTS.iter().find(|(check, _)| *check == name).expect("in the script");
    script[usize::try_from(phase % script.len() as u128).expect("small")]
}

/// The schedule of injected faults, and the delays of the runtime.
struct Script {
    start: Instant,
    is_healed: AtomicBool,
    delays: Mutex<Delays>,
    seen: Mutex<BTreeSet<String>>,
    answers: AtomicU64,
    /// Number of these observations that fit one phase only.
    exact: AtomicU64,
}

struct Delays {
    /// Last tick of each of the two clocks.
    ticked_at: [Instant; 2],
    /// Late ticks and their delays, in order.
    past: Vec<(Instant, Duration)>,
}

impl Script {
    fn phase(&self, at: Instant) -> u128 {
        at.saturating_duration_since(self.start).as_nanos() / PHASE.as_nanos()
    }

    /// Returns the phase and the behavior of a run that begins now.
    fn now(&self, name: &str) -> (u128, Fault) {
        let phase = self.phase(Instant::now());
        (phase, if self.is_healed.load(Ordering::SeqCst) { Fault::None } else { fault(name, phase) })
    }

    /// Records a tick of one of the two clocks, if it is late.
    fn tick(&self, clock: usize) {
        let mut delays = self.delays.lock().expect("no panic");
        let now = Instant::now();
        let delay = now - std::mem::replace(&mut delays.ticked_at[clock], now);
        if delay > Duration::from_millis(30) {
            delays.past.retain(|(at, _)| now - *at < Duration::from_mins(1));
            delays.past.push((now, delay));
        }
    }

    /// Returns the longest delay of the runtime since then. A machine that stands still excuses late results.
    fn delay_since(&self, since: Instant) -> Duration {
        let delays = self.delays.lock().expect("no panic");
        let past = delays.past.iter().rev().take_while(|(at, _)| *at >= since).map(|(_, delay)| *delay);
        past.chain(delays.ticked_at.map(|at| at.elapsed())).max().unwrap_or_default()
    }

    /// Records an observation, so that the test can require all of them.
    fn seen(&self, what: impl Into<String>) {
        self.seen.lock().expect("no panic").insert(what.into());
    }

    fn unseen(&self) -> Vec<&'static str> {
        let seen = self.seen.lock().expect("no panic");
        EXPECTED_OBSERVATIONS.into_iter().filter(|what| !seen.contains(*what)).collect()
    }
}

/// Two clocks that should tick every five milliseconds: a task on the runtime under test, and a thread.
fn watch_for_delays(script: &Arc<Script>, runtime: &Runtime) {
    const TICK: Duration = Duration::from_millis(5);
    let on_runtime = Arc::clone(script);
    runtime.spawn(async move {
        loop {
            on_runtime.tick(0);
            sleep(TICK).await;
        }
    });
    let on_thread = Arc::clone(script);
    std::thread::spawn(move || {
        loop {
            on_thread.tick(1);
            std::thread::sleep(TICK);
        }
    });
}

/// Returns the outcome of a fault, for all kinds of checks. Its data or message holds the phase.
fn outcome(phase: u128, fault: Fault) -> Outcome {
    match fault {
        Fault::None | Fault::Slow | Fault::Hang | Fault::Block => Outcome::pass().with_data(phase.to_string().into()),
        Fault::Fail => Outcome::fail(format!("phase {phase} fails")),
        Fault::Panic => panic!("on purpose, in phase {phase}"),
        Fault::Large => Outcome::pass().with_data(large(phase).into()),
    }
}

fn large(phase: u128) -> String {
    let text = format!(" {phase}");
    "x".repeat(MEBIBYTE - text.len()) + &text
}

fn task(script: &Arc<Script>, name: &'static str, level: Level) -> Check {
    let script = Arc::clone(script);
    let check = Check::new(name, level, move || {
        let (phase, fault) = script.now(name);
        async move {
            match fault {
                Fault::Slow => sleep(TIMEOUT / 6).await,
                Fault::Hang => pending().await,
                Fault::Block => std::thread::sleep(BLOCK),
                _ => {}
            }
            outcome(phase, fault)
        }
    });
    check.timeout(TIMEOUT)
}

fn plain(script: &Arc<Script>, name: &'static str) -> Check {
    let script = Arc::clone(script);
    let check = Check::blocking(name, Level::L3, move || {
        let (phase, fault) = script.now(name);
        if fault == Fault::Block {
            std::thread::sleep(BLOCK);
        }
        outcome(phase, fault)
    });
    check.timeout(TIMEOUT)
}

fn checks(script: &Arc<Script>) -> Vec<Check> {
    let in_background = |name| {
        let check = task(script, name, Level::L4).interval(INTERVAL).retry_interval(INTERVAL);
        check.stale_after(Duration::from_secs(10))
    };
    let young = |check: Check| check.max_age(MAX_AGE);
    vec![
        young(task(script, "flaps", Level::L1)),
        young(Check::new("dependent", Level::L1, || async {})).depends_on(["flaps"]),
        task(script, "large", Level::L2).max_age(LARGE_MAX_AGE),
        young(task(script, "blocks", Level::L3)),
        young(plain(script, "plain")),
        in_background("background"),
        in_background("patient").failure_threshold(3).success_threshold(2),
        young(task(script, "held", Level::L1)).readiness().hold(HOLD),
        young(task(script, "steady", Level::L5)).liveness(),
    ]
}

/// A response, with the times of the request and of the response.
struct ObservedResponse<'a> {
    script: &'a Script,
    asked_at: Instant,
    answered_at: Instant,
}

impl ObservedResponse<'_> {
    /// Returns the phases that it may show.
    fn phases(&self, echo: Duration) -> impl Iterator<Item = u128> + use<> {
        // A late run acts later than the script says.
        let echo = echo + self.delay();
        let first = self.asked_at.checked_sub(echo).map_or(0, |since| self.script.phase(since));
        first..=self.script.phase(self.answered_at)
    }

    fn delay(&self) -> Duration {
        self.script.delay_since(self.asked_at.checked_sub(Duration::from_secs(5)).unwrap_or(self.asked_at))
    }

    /// Returns whether the machine stood still for so long that a check had to time out.
    fn is_excused(&self) -> bool {
        self.delay() > TIMEOUT / 3
    }

    /// Verifies a check in a level report, or alone.
    fn check(&self, name: &str, shown: &Value) {
        let status = shown["status"].as_str().expect("a status");
        let observed = shown["observed"].as_str().unwrap_or(status);
        let cause = shown["cause"].as_str();
        let message = shown["message"].as_str().unwrap_or_default();
        let data = shown["data"].as_str();
        let is_shown_by = |phase: u128, fault: Fault| match (fault, cause) {
            (Fault::None | Fault::Slow, None) => observed == "pass" && data == Some(&phase.to_string()),
            (Fault::Large, None) => observed == "pass" && data == Some(&large(phase)),
            (Fault::Fail, None) => observed == "fail" && message == format!("phase {phase} fails"),
            (Fault::Panic, Some("panicked")) => {
                observed == "fail" && message == format!("panicked: on purpose, in phase {phase}")
            }
            (Fault::Hang | Fault::Block, Some("timed_out")) => {
                observed == "fail" && message == "no answer within 300ms"
            }
            (Fault::Block, Some("still_running")) => observed == "fail",
            _ => false,
        };
        let is_shown = |phase: u128| is_shown_by(phase, fault(name, phase));
        let max_age = if name == "large" { LARGE_MAX_AGE } else { Duration::ZERO };
        let phases: Vec<_> = self.phases(ECHO_DURATION + max_age).collect();
        let is_true = phases.iter().any(|phase| is_shown(*phase));
        let is_late = matches!(cause, Some("timed_out" | "still_running" | "stale")) && self.is_excused();
        let is_first = cause == Some("pending") && phases.contains(&0);
        assert!(
            is_true || is_late || is_first,
            "{name} in the phases {phases:?} ({:?}), delayed by {:?}: {}",
            phases.iter().map(|phase| fault(name, *phase)).collect::<Vec<_>>(),
            self.delay(),
            shown.to_string().chars().take(500).collect::<String>(),
        );
        if name == "patient" && matches!(cause, None | Some("timed_out")) {
            self.patient(status, observed, shown["consecutive"].as_u64().expect("it has thresholds"));
        } else {
            assert_eq!(status, observed, "{name}: {shown}");
        }
        self.script.seen(format!("{name} {status} {}", cause.unwrap_or("by itself")));
    }

    /// Verifies thresholds: three consecutive failures, two consecutive passes.
    fn patient(&self, status: &str, observed: &str, consecutive: u64) {
        match observed {
            "fail" if consecutive >= 3 => assert_eq!(status, "fail"),
            "pass" if consecutive >= 2 => assert_eq!(status, "pass"),
            _ => {}
        }
        if status != observed {
            self.script.seen(format!("patient {status} with {observed}"));
        }
        // Three runs later.
        let phases: Vec<_> = self.phases(ECHO_DURATION + INTERVAL * 4).collect();
        if let [phase] = phases[..] {
            let expected = if fault("patient", phase) == Fault::Fail { "fail" } else { "pass" };
            assert_eq!(status, expected);
        }
    }

    fn dependent(&self, flaps: &Value, shown: &Value) {
        let is_blocked = shown["cause"] == "blocked";
        let is_late = self.is_excused() && (flaps["cause"] == "timed_out" || shown["cause"] == "timed_out");
        assert!(is_late || is_blocked == (flaps["status"] == "fail"), "{flaps} beside {shown}");
        assert!(is_late || is_blocked == (shown["status"] == "fail"), "{shown}");
        self.script.seen(format!("dependent {}", shown["cause"].as_str().unwrap_or("by itself")));
    }

    /// Verifies that readiness holds the last pass for a while.
    fn held(&self, shown: &Value) {
        let status = shown["status"].as_str().expect("a status");
        let phases: Vec<_> = self.phases(ECHO_DURATION + HOLD).collect();
        let now: Vec<_> = self.phases(ECHO_DURATION).collect();
        let faults = |phases: &[u128]| phases.iter().map(|phase| fault("held", *phase)).collect::<Vec<_>>();
        let is_true = match status {
            "pass" => faults(&now).contains(&Fault::None),
            "warn" => shown["held_until"].is_string() && faults(&now).contains(&Fault::Fail),
            _ => faults(&now).contains(&Fault::Fail),
        };
        let is_over = status != "warn" || phases.len() > 1;
        assert!(is_true && is_over || self.is_excused(), "held in the phases {phases:?}: {shown}");
        self.script.seen(format!("held {status} in readiness"));
    }
}

/// A keep-alive client.
struct Client(TcpStream);

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("a server"))
    }

    async fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: soak\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.expect("a connection");
        let mut bytes = Vec::new();
        loop {
            assert_ne!(self.0.read_buf(&mut bytes).await.expect("a connection"), 0, "the server closed");
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            let Ok(httparse::Status::Complete(start)) = head.parse(&bytes) else { continue };
            let status = head.code.expect("a status");
            let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length: usize =
                std::str::from_utf8(length.expect("a length").value).expect("text").parse().expect("a number");
            let mut body = bytes.split_off(start);
            body.reserve(length);
            while body.len() < length {
                assert_ne!(self.0.read_buf(&mut body).await.expect("a connection"), 0, "the server closed");
            }
            assert_eq!(body.len(), length);
            return (status, body);
        }
    }
}

const PATHS: [&str; 11] = [
    "/health/levels/1",
    "/health/levels/5",
    "/health/levels/4",
    "/health/levels/3",
    "/health/levels/2",
    "/health/checks/blocks",
    "/health/checks/background",
    "/health/checks/flaps",
    "/health/ready?format=json",
    "/health/live?format=json",
    "/health/checks/plain",
];

/// Sends requests and verifies responses until the end.
async fn verify(script: Arc<Script>, address: SocketAddr, is_over: Arc<AtomicBool>, offset: usize) {
    let mut client = Client::connect(address).await;
    for path in PATHS.iter().cycle().skip(offset) {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let asked_at = Instant::now();
        let (code, body) = timeout(Duration::from_secs(30), client.get(path)).await.expect("an answer in time");
        let response = ObservedResponse { script: &script, asked_at, answered_at: Instant::now() };
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(code, if body["status"] == "fail" { 503 } else { 200 });
        script.answers.fetch_add(1, Ordering::Relaxed);
        script.exact.fetch_add((response.phases(ECHO_DURATION).count() == 1).into(), Ordering::Relaxed);
        if let Some(name) = path.strip_prefix("/health/checks/") {
            response.check(name, &body);
        } else if path.contains("ready") {
            response.held(&body["checks"]["held"]);
        } else if path.contains("live") {
            response.check("steady", &body["checks"]["steady"]);
        } else {
            for level in (1..=5).filter_map(|level| body[format!("level_{level}")]["checks"].as_object()) {
                for (name, shown) in level {
                    if name == "dependent" {
                        response.dependent(&level["flaps"], shown);
                    } else {
                        response.check(name, shown);
                    }
                }
            }
        }
        sleep(Duration::from_millis(15)).await;
    }
}

/// Two hundred clients at a time hang up: before the request is complete, before the response, in the middle of a
/// mebibyte, and with a reset.
async fn hang_up(address: SocketAddr, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::SeqCst) {
        let clients = (0..200_usize).map(async |number| {
            let mut stream = TcpStream::connect(address).await.expect("a server");
            let path = match number % LARGE_AMONG {
                7 => "/health/checks/large",
                rest => ["/health/ready", "/health/live", "/health/levels/1", "/health/levels/3"][rest % 4],
            };
            let request = format!("GET {path} HTTP/1.1\r\nHost: soak\r\n\r\n");
            let length = if number % 4 == 0 { request.len() / 2 } else { request.len() };
            // Connections that others reset may fail here, which does not matter.
            let _ = stream.write_all(&request.as_bytes()[..length]).await;
            if number % 4 > 1 {
                let mut first = [0; 512];
                let _ = timeout(Duration::from_secs(1), stream.read(&mut first)).await;
            }
            if number % 8 > 3 {
                stream.set_zero_linger().expect("an open socket");
            }
        });
        futures_util::future::join_all(clients).await;
        sleep(Duration::from_millis(700)).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    tasks: usize,
    threads: usize,
    files: usize,
}

impl Held {
    fn of(runtime: &Runtime) -> Self {
        let entries = |path| std::fs::read_dir(path).map_or(0, Iterator::count);
        Self {
            tasks: runtime.metrics().num_alive_tasks(),
            threads: entries("/proc/self/task"),
            files: entries("/proc/self/fd"),
        }
    }

    fn is_within(self, other: Self) -> bool {
        self.tasks <= other.tasks && self.threads <= other.threads && self.files <= other.files
    }
}

/// Returns the resident memory of the process in bytes; 0 without `/proc`.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

fn median(samples: &[usize]) -> usize {
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    samples[samples.len() / 2]
}

fn silence_the_checks_that_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.payload_as_str().is_some_and(|text| text.starts_with("on purpose")) {
            hook(panic);
        }
    }));
}

#[test]
fn responses_are_correct_and_nothing_is_left_behind() {
    silence_the_checks_that_panic();
    let duration = std::env::var("HEALTH_SOAK").ok().map(|text| humantime::parse_duration(&text).expect("a duration"));
    let duration = duration.unwrap_or(Duration::from_secs(20)).max(PHASE * 6);

    let server = Builder::new_multi_thread()
        .worker_threads(4)
        .thread_keep_alive(Duration::from_millis(100))
        .enable_all()
        .build()
        .expect("a runtime");
    let start = Instant::now();
    let script = Arc::new(Script {
        start,
        is_healed: AtomicBool::new(false),
        delays: Mutex::new(Delays { ticked_at: [start; 2], past: Vec::new() }),
        seen: Mutex::default(),
        answers: AtomicU64::new(0),
        exact: AtomicU64::new(0),
    });
    watch_for_delays(&script, &server);
    let address = server.block_on(async {
        // Starts the thread of the log, which the process keeps.
        builder([]).build().expect("a good endpoint").monitor().drain();
        let endpoint = builder(checks(&script)).details(ShowDetails::Always).build().expect("a good endpoint");
        serve(endpoint.router()).await
    });
    // Before the first background run, because runs are tasks as well.
    let before = Held::of(&server);

    let clients = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let is_over = Arc::new(AtomicBool::new(false));
    let memory = clients.block_on(async {
        let mut tasks: Vec<_> = (0..6)
            .map(|offset| tokio::spawn(verify(Arc::clone(&script), address, Arc::clone(&is_over), offset * 2)))
            .collect();
        tasks.push(tokio::spawn(hang_up(address, Arc::clone(&is_over))));
        let mut memory = Vec::new();
        // A busy machine takes longer until every observation was made.
        let is_enough = || {
            let elapsed = script.start.elapsed();
            elapsed >= duration && (script.unseen().is_empty() || elapsed >= duration + PHASE * 60)
        };
        while !is_enough() && !tasks.iter().any(tokio::task::JoinHandle::is_finished) {
            memory.push(resident());
            sleep(Duration::from_millis(100)).await;
        }
        is_over.store(true, Ordering::SeqCst);
        for task in tasks {
            task.await.expect("every answer is true");
        }
        memory
    });

    script.is_healed.store(true, Ordering::SeqCst);
    clients.block_on(async {
        let mut client = Client::connect(address).await;
        let is_well = async { while client.get("/health/levels").await.0 != 200 {} };
        timeout(Duration::from_secs(30), is_well).await.expect("all is well again");
    });
    drop(clients);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !Held::of(&server).is_within(before) {
        assert!(Instant::now() < deadline, "{:?} are left, of {before:?} at first", Held::of(&server));
        std::thread::sleep(Duration::from_millis(10));
    }

    let unseen = script.unseen();
    assert!(unseen.is_empty(), "not observed: {unseen:?}");
    let third = memory.len() / 3;
    let (second, last) = (median(&memory[third..third * 2]), median(&memory[third * 2..]));
    assert!(last < second + MEMORY_TOLERANCE, "memory grew from {second} to {last} bytes");
    let [answers, exact] = [&script.answers, &script.exact].map(|count| count.load(Ordering::Relaxed));
    if std::env::var_os("HEALTH_SOAK").is_some() {
        let worst = script.delay_since(script.start);
        #[allow(clippy::disallowed_macros, reason = "for who asked for it")]
        {
            println!(
                "{answers} answers ({exact} that can show one phase only), memory {} → {} KiB, latest delay {worst:?}",
                second >> 10,
                last >> 10
            );
        }
    }
}
