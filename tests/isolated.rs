//! The endpoint on its own thread while the application is blocked; checks that are isolated from the runtime.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use health_runtime::{Cause, Check, Level, Outcome, Problem, Selection, Status, probes, serve_isolated};
use health_tests::{endpoint, get, monitor, serve};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::Instant,
};

/// Deadline of a group's report, below the second of a kubelet.
const GROUP_DEADLINE: Duration = Duration::from_millis(900);

/// Name of the application's threads.
const APPLICATION: &str = "application";

fn application() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name(APPLICATION).enable_all().build().expect("a runtime")
}

/// Blocks threads until it is opened, also when the test fails: a runtime waits for its threads.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    is_open: bool,
    waiting: usize,
}

impl Gate {
    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().expect("no panic");
        state.waiting += 1;
        changed.notify_all();
        let _passed = changed.wait_while(state, |state| !state.is_open).expect("no panic");
    }

    fn wait_for(&self, waiting: usize) {
        let (state, changed) = &*self.0;
        let state = state.lock().expect("no panic");
        let _state = changed.wait_while(state, |state| state.waiting < waiting).expect("no panic");
    }

    fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().expect("no panic").is_open = true;
        changed.notify_all();
    }
}

struct OpensAtTheEnd(Gate);

impl Drop for OpensAtTheEnd {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Blocks every worker of the application.
fn block_every_worker(application: &Runtime) -> OpensAtTheEnd {
    let gate = Gate::default();
    for _ in 0..2 {
        let gate = gate.clone();
        application.spawn(async move { gate.pass() });
    }
    gate.wait_for(2);
    OpensAtTheEnd(gate)
}

/// A check whose data is the name of its thread.
fn thread_name_check(name: &str) -> Check {
    Check::new(name, Level::L5, || async {
        Outcome::pass().with_data(thread::current().name().unwrap_or_default().into())
    })
}

#[test]
fn blocked_application_is_answered_within_the_deadline() {
    let application = application();
    let check = |name| Check::new(name, Level::L5, || async { true });
    let health = endpoint([
        Check::from(probes::runtime_lag()).max_age(Duration::ZERO),
        check("alive").liveness().max_age(Duration::ZERO),
        check("first").readiness().max_age(Duration::ZERO),
        check("second").readiness().depends_on(["first"]).max_age(Duration::ZERO),
    ]);
    let server = {
        let _entered = application.enter();
        serve_isolated("127.0.0.1:0", health.router()).expect("a server")
    };
    let address = server.local_addrs()[0];
    let prober = Builder::new_current_thread().enable_all().build().expect("a runtime");
    prober.block_on(async {
        let mut quickest = Duration::MAX;
        let blocked = block_every_worker(&application);
        for round in 0..5 {
            for (path, names) in [("/livez", ["alive", "runtime_lag"]), ("/readyz", ["first", "second"])] {
                let start = Instant::now();
                let answer = get(address, path).await;
                quickest = quickest.min(start.elapsed());
                assert_eq!(answer.status, 503, "{path}: {}", answer.body);
                for name in names {
                    // From the second round on, the first runs are overdue, which blocks their dependents.
                    let line =
                        answer.body.lines().find(|line| line.starts_with(&format!("[-]{name} "))).expect("a line");
                    let later = if name == "second" { "(blocked)" } else { "(still_running)" };
                    let is_shown = line.ends_with("(timed_out)") || (round > 0 && line.ends_with(later));
                    assert!(is_shown, "{path}: {line}");
                }
                assert!(start.elapsed() < Duration::from_secs(10), "{path} took {:?}", start.elapsed());
            }
            if round == 0 {
                assert!(quickest >= GROUP_DEADLINE, "{quickest:?}");
            }
        }
        // Another program may use the processor for a while, but not each time.
        assert!(quickest < GROUP_DEADLINE + Duration::from_millis(100), "{quickest:?}");

        drop(blocked);
        while get(address, "/livez").await.status != 200 || get(address, "/readyz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.stop().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_run_on_the_applications_runtime() {
    let application = application();
    let checks = [
        thread_name_check("own"),
        thread_name_check("dependent").depends_on(["own"]),
        thread_name_check("background").interval(Duration::from_millis(1)),
        Check::blocking("blocking", Level::L5, || {
            Outcome::pass().with_data(Handle::current().metrics().num_workers().into())
        }),
    ];
    let builder = health_tests::builder(checks).details(health_runtime::ShowDetails::Always);
    // Built outside of any runtime, so that the background check has none yet.
    let health = thread::spawn(|| builder.build().expect("a good endpoint")).join().expect("no panic");
    let server = {
        let _entered = application.enter();
        serve_isolated("127.0.0.1:0", health.router()).expect("a server")
    };
    let ask = async || get(server.local_addrs()[0], "/health/levels/5?view=values").await.json();
    let mut values = ask().await;
    while !values["background"].is_string() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        values = ask().await;
    }
    for name in ["own", "dependent", "background"] {
        let thread = values[name].as_str().expect("a name");
        assert_eq!(thread, APPLICATION, "{name}");
    }
    assert_eq!(values["blocking"], 2);
    server.stop().await;
    application.shutdown_background();
}

/// Without an application's runtime, only the server's is left.
#[test]
fn checks_run_on_the_servers_thread_outside_a_runtime() {
    let health = health_tests::builder([thread_name_check("own")])
        .details(health_runtime::ShowDetails::Always)
        .build()
        .expect("a good endpoint");
    let server = serve_isolated("127.0.0.1:0", health.router()).expect("a server");
    let address = server.local_addrs()[0];
    let prober = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let values = prober.block_on(get(address, "/health/levels/5?view=values")).json();
    assert_eq!(values, serde_json::json!({ "own": "health-endpoint" }));
}

#[tokio::test]
async fn dropped_handle_does_not_stop_the_server() {
    let health = endpoint([Check::new("good", Level::L5, || async { true }).liveness()]);
    let dropped = serve_isolated("127.0.0.1:0", health.router()).expect("a server").local_addrs()[0];
    assert_eq!(get(dropped, "/livez").await.body, "ok");

    let server = serve_isolated("127.0.0.1:0", health.router()).expect("a server");
    let address = server.local_addrs()[0];
    assert_eq!(get(address, "/livez").await.body, "ok");
    server.stop().await;
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(get(dropped, "/livez").await.body, "ok");
}

#[tokio::test]
async fn address_in_use_is_an_error() {
    let health = endpoint([]);
    let server = serve_isolated("127.0.0.1:0", health.router()).expect("a server");
    let error = serve_isolated(server.local_addrs()[0], health.router()).expect_err("the address is in use");
    let is_taken =
        matches!(error.problems(), [Problem::CannotListen { source, .. }] if source.kind() == ErrorKind::AddrInUse);
    assert!(is_taken, "{error}");
    let nowhere: SocketAddr = "192.0.2.1:80".parse().expect("an address");
    assert!(serve_isolated(nowhere, health.router()).is_err());
}

/// One worker, which serves the application, the endpoint and the checks.
fn small_application() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn prober() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn isolated_check_that_blocks_does_not_stop_single_worker() {
    let gate = Gate::default();
    let _opened = OpensAtTheEnd(gate.clone());
    let blocked = gate.clone();
    let blocks = Check::new("blocks", Level::L1, move || {
        let gate = blocked.clone();
        async move { gate.pass() }
    });
    let alive = Check::new("alive", Level::L5, || async { true }).liveness().max_age(Duration::ZERO);
    let blocks = blocks.readiness().timeout(Duration::from_millis(150));
    let application = small_application();
    let health = health_tests::builder([alive, blocks]).isolated_checks();
    let address = application.block_on(async { serve(health.build().expect("a good endpoint").router()).await });
    prober().block_on(async {
        let start = Instant::now();
        let answer = get(address, "/readyz").await;
        assert!(answer.body.contains("[-]blocks ") && answer.body.contains("(timed_out)"), "{}", answer.body);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        gate.wait_for(1);
        // Its thread is still blocked, so it gets no second one.
        for _ in 0..20 {
            assert_eq!(get(address, "/livez").await.body, "ok");
            let answer = get(address, "/readyz").await;
            assert_eq!(answer.status, 503, "{}", answer.body);
        }
        assert_eq!(gate.0.0.lock().expect("no panic").waiting, 1);
        gate.open();
        while get(address, "/readyz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn isolated_check_that_waits_is_dropped_after_its_timeout() {
    let under_way = Arc::new(());
    let held = Arc::downgrade(&under_way);
    let waits = Check::new("waits", Level::L1, move || {
        let under_way = Arc::clone(&under_way);
        async move {
            std::future::pending::<()>().await;
            drop(under_way);
        }
    });
    let waits = waits.timeout(Duration::from_millis(50)).max_age(Duration::ZERO);
    prober().block_on(async {
        let health = health_tests::builder([waits]).isolated_checks().build().expect("a good endpoint");
        for _ in 0..3 {
            let cause = loop {
                let answer = health.monitor().report(&Selection::everything()).await;
                match answer.result("waits").expect("it was selected").cause().cloned() {
                    // The previous run may not have ended yet.
                    Some(Cause::StillRunning { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
                    cause => break cause,
                }
            };
            assert_eq!(cause, Some(Cause::TimedOut));
            while held.strong_count() > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
}

#[test]
fn isolated_check_that_panics_leaves_no_task_behind() {
    // Without the panic hook, which prints the message.
    let panic = || -> bool { std::panic::resume_unwind(Box::new("on purpose")) };
    let panics = Check::new("panics", Level::L1, move || async move { panic() }).max_age(Duration::ZERO);
    prober().block_on(async {
        let health = health_tests::builder([panics]).isolated_checks().build().expect("a good endpoint");
        for _ in 0..20 {
            let answer = health.monitor().report(&Selection::everything()).await;
            let result = answer.result("panics").expect("it was selected");
            assert_eq!((result.cause(), result.message()), (Some(&Cause::Panicked), Some("panicked: on purpose")));
        }
        let ended = async {
            while Handle::current().metrics().num_alive_tasks() >= 20 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the tasks of the runs end");
    });
}

/// A runtime waits for its blocking threads when it shuts down.
#[test]
fn isolated_check_does_not_delay_shutdown() {
    let (started, is_started) = std::sync::mpsc::channel();
    let waits = Check::new("waits", Level::L1, move || {
        let started = started.clone();
        async move {
            started.send(()).expect("the test waits for it");
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
    });
    let waits = waits.timeout(Duration::from_hours(2));
    let application = small_application();
    let health = health_tests::builder([waits]).isolated_checks().build().expect("a good endpoint");
    let monitor = health.monitor().clone();
    application.spawn(async move { monitor.report(&Selection::everything()).await });
    is_started.recv().expect("it runs");
    let start = Instant::now();
    drop(application);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// Returns the result of one measurement during which the clock advances by this time.
async fn lag(advance: Duration) -> (Status, f64, Option<String>) {
    let monitor = monitor([Check::from(probes::runtime_lag())]);
    let selection = Selection::group(health_runtime::Group::Liveness);
    let (report, ()) = tokio::join!(monitor.report(&selection), async {
        // Once for the run to be spawned, once for its sleep.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        tokio::time::advance(advance).await;
    });
    let result = report.result("runtime_lag").expect("it is in the liveness group");
    let lag = result.data().and_then(|data| data["lag_ms"].as_f64()).expect("a lag");
    (report.status(), lag, result.message().map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn lag_is_the_time_beyond_the_sleep() {
    let milliseconds = Duration::from_millis;
    let (status, late, message) = lag(milliseconds(60)).await;
    assert_eq!((status, message), (Status::Pass, None));
    assert!((50.0..52.0).contains(&late), "{late}");
    assert_eq!(lag(milliseconds(109)).await.0, Status::Pass);
    let (status, late, message) = lag(milliseconds(200)).await;
    assert_eq!(status, Status::Warn);
    assert!((190.0..192.0).contains(&late), "{late}");
    assert!(message.is_some_and(|message| message.contains("it warns from 100ms on")));
    assert_eq!(lag(milliseconds(505)).await.0, Status::Warn);
    assert_eq!(lag(milliseconds(515)).await.0, Status::Fail);
}

#[tokio::test]
async fn blocked_thread_shows_as_lag() {
    let probe = probes::runtime_lag().timeout(Duration::from_mins(1)).fail_after(Duration::from_secs(50));
    let (outcome, ()) = tokio::join!(probe.observe(), async { thread::sleep(Duration::from_millis(300)) });
    assert_eq!(outcome.status(), Status::Warn);
    let lag = outcome.data().and_then(|data| data["lag_ms"].as_f64()).expect("a lag");
    assert!(lag >= 280.0, "{lag}");
}

#[test]
fn invalid_thresholds_are_start_up_errors() {
    let faults = |probe| {
        let error = health_runtime::Registry::builder().check(probe).build().err();
        error.map_or(0, |error| error.problems().len())
    };
    let milliseconds = Duration::from_millis;
    assert_eq!(faults(probes::runtime_lag()), 0);
    assert_eq!(faults(probes::runtime_lag().level(Level::L3)), 0);
    assert_eq!(faults(probes::runtime_lag().warn_after(Duration::ZERO)), 1);
    assert_eq!(faults(probes::runtime_lag().warn_after(milliseconds(501))), 1);
    assert_eq!(faults(probes::runtime_lag().fail_after(milliseconds(990))), 1);
    assert_eq!(faults(probes::runtime_lag().fail_after(milliseconds(990)).timeout(milliseconds(1_001))), 0);
}
