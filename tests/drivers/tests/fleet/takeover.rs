//! A leader that dies or stands still, in a process of its own.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use health_runtime::Selection;
use tokio::time::{Instant, sleep};

use crate::{
    client::{Client, KEY, start_server},
    instances::{INTERVAL, Instances, LEASE, monitor},
};

/// Names the store, its port and the instance of a process that this test starts of itself.
const MEMBER: &str = "HEALTH_FLEET_MEMBER";

/// An instance in a process of its own.
struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    fn start(store: &str, port: u16) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["--exact", "takeover::member_of_another_process", "--ignored", "--nocapture"]);
        command.env(MEMBER, format!("{store} {port}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (output, all) = (child.stdout.take().expect("its output"), Arc::clone(&lines));
        thread::spawn(move || {
            let write = |line| all.lock().expect("no panic").push(line);
            BufReader::new(output).lines().map_while(Result::ok).for_each(write);
        });
        Self { child, lines }
    }

    /// Waits until the process writes one of these lines from now on.
    async fn await_line(&self, wanted: &[&str]) {
        self.lines.lock().expect("no panic").clear();
        for _ in 0..6_000 {
            if self.lines.lock().expect("no panic").iter().any(|line| wanted.contains(&line.as_str())) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{wanted:?}: {:?}", self.lines.lock().expect("no panic"));
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").arg(format!("-{signal}")).arg(id).status().expect("kill is installed");
        assert!(status.success(), "{signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs an instance until its process is killed. Without a parent it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of the tests below"]
async fn member_of_another_process() {
    let Ok(member) = env::var(MEMBER) else { return };
    let (store, port) = member.split_once(' ').expect("a store and a port");
    let client = Client::connect(store, port.parse().expect("a port")).await;
    let fleet = client.fleet().instance("process");
    // A run that takes time, so that a signal meets it.
    let monitor = monitor(fleet, Duration::from_millis(600), || println!("began"));
    loop {
        let report = monitor.report(&Selection::everything()).await;
        if let Some(run) = report.entries()[0].result.fleet() {
            println!("{}", run.role().as_str());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// A leader stands still or dies in the middle of a run, and the others take over.
async fn assert_takeover(store: &str) {
    for signal in ["STOP", "KILL"] {
        let server = start_server(store);
        let leader = Process::start(store, server.port);
        leader.await_line(&["leader"]).await;
        let instances = Instances::of(store, server.port, 2).await;
        leader.await_line(&["began"]).await;
        leader.signal(signal);
        let (began, runs) = (Instant::now(), instances.runs());
        while instances.runs() == runs {
            assert!(began.elapsed() < LEASE + INTERVAL * 4, "{store}, {signal}: nobody takes over");
            sleep(Duration::from_millis(10)).await;
        }
        println!("{store}, {signal}: taken over after {:?}", began.elapsed());
        instances.eventually_shared(&format!("{store}, {signal}")).await;
        instances.assert_one_run_per_interval(&format!("{store}, after {signal}")).await;
        if signal == "STOP" {
            leader.signal("CONT");
            leader.await_line(&["follower"]).await;
        }
        assert_eq!(Client::connect(store, server.port).await.keys().await, [KEY]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: scripts/peers"]
async fn leader_is_replaced_through_redis() {
    assert_takeover("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NATS: scripts/peers"]
async fn leader_is_replaced_through_nats() {
    assert_takeover("nats").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/peers"]
async fn leader_is_replaced_through_postgres() {
    assert_takeover("postgres").await;
}
