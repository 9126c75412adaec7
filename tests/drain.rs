//! Draining: a service that shuts down fails readiness, and answers all requests that it has accepted.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Cause, Check, Group, Level, Monitor, Selection, Status};
use health_tests::{endpoint, get, monitor, serve};
use serde_json::json;

fn in_every_group() -> Check {
    Check::new("good", Level::L5, || async { true }).liveness().readiness().startup()
}

async fn statuses(monitor: &Monitor) -> [Status; 4] {
    let [liveness, readiness, startup] = Group::ALL.map(Selection::group);
    let mut statuses = [Status::Pass; 4];
    for (status, selection) in statuses.iter_mut().zip([readiness, liveness, startup, Selection::everything()]) {
        *status = monitor.report(&selection).await.status();
    }
    statuses
}

#[tokio::test(start_paused = true)]
async fn drain_fails_readiness_alone() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let counts = Check::new("counts", Level::L3, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    let monitor = monitor([in_every_group(), counts.readiness()]);
    assert!(!monitor.is_draining());
    assert_eq!(statuses(&monitor).await, [Status::Pass; 4]);

    monitor.drain();
    assert!(monitor.is_draining() && monitor.clone().is_draining());
    let expected = [Status::Fail, Status::Pass, Status::Pass, Status::Pass];
    assert_eq!(statuses(&monitor).await, expected);
    monitor.drain();
    assert_eq!(statuses(&monitor).await, expected);

    let report = monitor.report(&Selection::group(Group::Readiness).without_checks(["good"])).await;
    assert_eq!(report.cause(), Some(&Cause::Draining));
    assert_eq!(report.result("counts").map(health_runtime::CheckResult::status), Some(Status::Pass));
    assert_eq!(monitor.report(&Selection::group(Group::Liveness)).await.cause(), None);

    // The checks still run.
    tokio::time::advance(Duration::from_secs(1)).await;
    monitor.report(&Selection::group(Group::Readiness)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn report_that_began_before_the_drain_fails() {
    let slow = Check::new("slow", Level::L3, || tokio::time::sleep(Duration::from_millis(500))).readiness();
    let monitor = monitor([slow]);
    let selection = Selection::group(Group::Readiness);
    let (report, ()) = tokio::join!(monitor.report(&selection), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        monitor.drain();
    });
    assert_eq!((report.status(), report.cause()), (Status::Fail, Some(&Cause::Draining)));
}

#[tokio::test]
async fn every_format_shows_the_cause_and_no_cached_response_outlives_the_drain() {
    // Its result would stay young, were it not for the drain.
    let good = in_every_group().max_age(Duration::from_hours(1));
    let endpoint = endpoint([good, Check::new("bad", Level::L5, || async { false }).critical(false).readiness()]);
    let address = serve(endpoint.router()).await;
    let json = "/health/ready?format=json";
    for _ in 0..2 {
        assert_eq!(get(address, "/readyz").await.body, "ok");
        assert_eq!(get(address, json).await.status, 200);
    }
    assert_eq!(get(address, "/health").await.json().get("draining"), None);

    endpoint.monitor().drain();
    for _ in 0..2 {
        let answer = get(address, "/readyz").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
        assert_eq!(answer.body, "[+]bad warn\n[+]good ok\n[-]shutdown failed (draining)\nreadyz check failed\n");
        let answer = get(address, json).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["status"], &body["cause"]), (503, &json!("fail"), &json!("draining")));
        assert_eq!(body["checks"]["good"]["status"], "pass");
    }
    // The drain is not a check, and cannot be excluded like one.
    let answer = get(address, "/readyz?exclude=shutdown").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("no matches for \"shutdown\""), "{}", answer.body);

    for path in ["/livez", "/startupz"] {
        assert_eq!(get(address, path).await.body, "ok", "{path}");
    }
    let overview = get(address, "/health").await;
    assert_eq!((overview.status, &overview.json()["draining"]), (200, &json!(true)));
    let levels = get(address, "/health/levels").await;
    assert_eq!((levels.status, levels.json()["level_5"].get("cause")), (200, None));
}

/// A real process, real connections, and a client that obeys readiness, like a load balancer.
#[cfg(unix)]
mod from_sigterm_on {
    use std::{
        io::{self, BufRead, BufReader, Lines, Read, Write},
        net::{SocketAddr, TcpStream},
        process::{ChildStdout, Command},
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    };

    use health_tests::{Example, start_example};
    use tokio::time::Instant;

    const DELAY: Duration = Duration::from_secs(3);
    const LONGEST_REQUEST: Duration = Duration::from_secs(5);

    /// A keep-alive connection.
    struct Connection(TcpStream);

    impl Connection {
        fn open(address: SocketAddr) -> io::Result<Self> {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_mins(1)))?;
            Ok(Self(stream))
        }

        fn ask(&mut self, path: &str) -> io::Result<(u16, String)> {
            self.send(path)?;
            self.receive()
        }

        fn send(&mut self, path: &str) -> io::Result<()> {
            self.0.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
        }

        fn receive(&mut self) -> io::Result<(u16, String)> {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                self.0.read_exact(&mut byte)?;
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let after = |text: &str| head.split(text).nth(1).and_then(|rest| rest.split_whitespace().next());
            let length = after("content-length:").and_then(|length| length.parse().ok()).expect("a length");
            let status = after("http/1.1").and_then(|status| status.parse().ok()).expect("a status");
            let mut body = vec![0; length];
            self.0.read_exact(&mut body)?;
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        }
    }

    struct Service {
        example: Example,
        output: Lines<BufReader<ChildStdout>>,
        app: SocketAddr,
        health: SocketAddr,
    }

    impl Service {
        fn start() -> Self {
            let delay = DELAY.as_millis().to_string();
            let mut example = start_example("graceful", &[("DELAY_MS", &delay)]);
            let mut output = BufReader::new(example.0.stdout.take().expect("a pipe")).lines();
            let mut address = || {
                let line = output.next().expect("a line").expect("text");
                line.split('/').nth(2).and_then(|address| address.parse().ok()).expect("an address")
            };
            let (app, health) = (address(), address());
            Self { example, output, app, health }
        }

        fn terminate(&self) {
            let status = Command::new("kill").args(["-TERM", &self.example.0.id().to_string()]).status();
            assert!(status.expect("there is a `kill`").success());
        }

        fn has_ended(&mut self) -> bool {
            self.example.0.try_wait().expect("a child").is_some()
        }
    }

    /// Sends one request after the other until the service is not ready.
    fn keep_asking(app: SocketAddr, is_routed_away: &AtomicBool) -> usize {
        let mut connection = Connection::open(app).expect("a connection");
        let mut answers = 0;
        while !is_routed_away.load(Ordering::SeqCst) {
            let answer = connection.ask("/work?ms=20").expect("no request is lost");
            assert_eq!(answer, (200, "done".to_owned()));
            answers += 1;
        }
        answers
    }

    /// Sends a request that takes longer than the delay.
    fn begin_the_longest(app: SocketAddr) -> Connection {
        let mut connection = Connection::open(app).expect("a connection");
        assert_eq!(connection.ask("/work?ms=1").expect("an answer").0, 200);
        connection.send(&format!("/work?ms={}", LONGEST_REQUEST.as_millis())).expect("a connection");
        connection
    }

    #[test]
    fn no_request_is_lost_and_the_process_ends_in_time() {
        let mut service = Service::start();
        let is_routed_away = AtomicBool::new(false);
        let longest: Vec<_> = (0..3).map(|_| begin_the_longest(service.app)).collect();
        let terminated = thread::scope(|scope| {
            let clients: Vec<_> = (0..8).map(|_| scope.spawn(|| keep_asking(service.app, &is_routed_away))).collect();
            let mut probes =
                [service.app, service.health].map(|address| Connection::open(address).expect("a connection"));
            for probe in &mut probes {
                assert_eq!(probe.ask("/readyz").expect("an answer"), (200, "ok".to_owned()));
            }

            let terminated = Instant::now();
            service.terminate();
            for probe in &mut probes {
                let body = loop {
                    let (status, body) = probe.ask("/readyz").expect("an answer");
                    if status == 503 {
                        break body;
                    }
                    thread::sleep(Duration::from_millis(5));
                };
                assert_eq!(body, "[+]tools ok\n[-]shutdown failed (draining)\nreadyz check failed\n");
                assert_eq!(probe.ask("/livez").expect("an answer").0, 200);
            }
            // Clients that do not know yet are still served.
            let mut late = Connection::open(service.app).expect("it still listens");
            assert_eq!(late.ask("/work?ms=1").expect("an answer").0, 200);

            is_routed_away.store(true, Ordering::SeqCst);
            for client in clients {
                assert!(client.join().expect("no request is lost") > 0);
            }
            terminated
        });

        // The endpoint on its own thread reports liveness until the end.
        let alive = thread::spawn(move || {
            let mut answers = 0;
            while let Ok(mut connection) = Connection::open(service.health) {
                let Ok((status, _)) = connection.ask("/livez") else { break };
                assert_eq!(status, 200);
                answers += 1;
                thread::sleep(Duration::from_millis(50));
            }
            answers
        });
        for mut connection in longest {
            let answer = connection.receive().expect("no request is lost");
            assert_eq!(answer, (200, "done".to_owned()));
        }
        while !service.has_ended() {
            thread::sleep(Duration::from_millis(5));
        }
        let took = terminated.elapsed();
        assert!(took >= DELAY, "{took:?}");
        // A generous limit, because the machine may be busy.
        assert!(took < DELAY + LONGEST_REQUEST + Duration::from_secs(5), "{took:?}");
        assert!(alive.join().expect("it stays alive") > 0);
        assert!(service.example.0.wait().expect("a child").success());
        assert_eq!(service.output.next().expect("a line").expect("text"), "every request is answered");
    }
}
