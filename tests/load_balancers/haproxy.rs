//! A real `HAProxy`, with the configuration that ships, in front of two instances.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::SocketAddr,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::routing::get as on_get;
use health_runtime::{Endpoint, HaproxyAgent, ServerHandle, StatusCodes, serve_agent};
use health_tests::{builder, get, serve};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::switch::Switch;

/// One instance of a service.
struct Instance {
    db: Switch,
    endpoint: Endpoint,
    address: SocketAddr,
    agent: ServerHandle,
}

fn endpoint(db: &Switch) -> Endpoint {
    builder([db.check("db")])
        .status_codes(StatusCodes::new().draining(404))
        .agent(HaproxyAgent::new().warn_weight(25))
        .build()
        .expect("a good endpoint")
}

impl Instance {
    async fn start(name: &'static str) -> Self {
        let db = Switch::default();
        let endpoint = endpoint(&db);
        let address = serve(endpoint.router().route("/work", on_get(async move || name))).await;
        let agent = serve_agent("127.0.0.1:0", &endpoint).expect("an agent");
        Self { db, endpoint, address, agent }
    }
}

struct HaProxy {
    child: Child,
    folder: tempfile::TempDir,
    /// Where each frontend listens.
    by_status: SocketAddr,
    by_words: SocketAddr,
    by_agent: SocketAddr,
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address")
}

impl HaProxy {
    async fn start(instances: [&Instance; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/haproxy/haproxy.cfg");
        let [by_status, by_words, by_agent] = [free_address().await, free_address().await, free_address().await];
        let agents = instances.map(|instance| instance.agent.local_addrs()[0]);
        let child = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(file)
            .env("ADMIN_SOCKET", folder.path().join("admin.sock"))
            .env("CHECK_INTERVAL", "100ms")
            .env("STATUS_LISTEN", by_status.to_string())
            .env("WORDS_LISTEN", by_words.to_string())
            .env("AGENT_LISTEN", by_agent.to_string())
            .env("ORDERS_1", instances[0].address.to_string())
            .env("ORDERS_2", instances[1].address.to_string())
            .env("AGENT_1_HOST", agents[0].ip().to_string())
            .env("AGENT_1_PORT", agents[0].port().to_string())
            .env("AGENT_2_HOST", agents[1].ip().to_string())
            .env("AGENT_2_PORT", agents[1].port().to_string())
            .stderr(Stdio::null())
            .spawn()
            .expect("haproxy is installed by scripts/peers");
        let proxy = Self { child, folder, by_status, by_words, by_agent };
        for backend in ["by_status", "by_words", "by_agent"] {
            proxy.until(backend, "orders_1", |server| server.is("UP", "L7OK")).await;
            proxy.until(backend, "orders_2", |server| server.is("UP", "L7OK")).await;
        }
        proxy
    }

    /// Asks the admin socket.
    fn ask(&self, command: &str) -> Option<String> {
        let mut socket = UnixStream::connect(self.folder.path().join("admin.sock")).ok()?;
        writeln!(socket, "{command}").ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// A line of `show stat`, without the stars of checks that are under way.
    fn server(&self, backend: &str, server: &str) -> Option<Server> {
        let stat = self.ask("show stat")?;
        let mut lines = stat.trim_start_matches("# ").lines();
        let names: Vec<_> = lines.next()?.split(',').collect();
        let line = lines.map(|line| names.iter().copied().zip(line.split(',')).collect::<BTreeMap<_, _>>());
        let mut line = line.filter(|line| line["pxname"] == backend && line["svname"] == server);
        Some(Server(
            line.next()?
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.trim_start_matches("* ").to_owned()))
                .collect(),
        ))
    }

    async fn until(&self, backend: &str, name: &str, is_so: impl Fn(&Server) -> bool) {
        let began = Instant::now();
        loop {
            let server = self.server(backend, name);
            if server.as_ref().is_some_and(&is_so) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{backend}/{name}: {server:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[derive(Debug)]
struct Server(BTreeMap<String, String>);

impl Server {
    fn is(&self, status: &str, check: &str) -> bool {
        self.0["status"] == status && self.0["check_status"] == check
    }

    fn weighs(&self, weight: &str) -> bool {
        self.0["status"] == "UP" && self.0["weight"] == weight
    }
}

/// How many of forty requests each instance got: not to be counted on too closely, because the other traffic takes turns
/// with them.
async fn share(frontend: SocketAddr) -> (usize, usize) {
    let mut share = (0, 0);
    for _ in 0..40 {
        let answer = get(frontend, "/work").await;
        match (answer.status, answer.body.trim()) {
            (200, body) if body.ends_with("first") => share.0 += 1,
            (200, body) if body.ends_with("second") => share.1 += 1,
            _ => panic!("{answer:?}"),
        }
    }
    share
}

/// Requests without a pause for as long as it lives, none of which may go wrong.
struct Traffic {
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Traffic {
    fn start(frontends: [SocketAddr; 3]) -> Self {
        let (is_over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (over, counted) = (Arc::clone(&is_over), Arc::clone(&count));
        let task = tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                for frontend in frontends {
                    let answer = get(frontend, "/work").await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self { is_over, count, task }
    }

    async fn end(self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        self.task.await.expect("every request is answered");
        self.count.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs HAProxy: scripts/peers"]
async fn haproxy_removes_restores_and_drains_a_server() {
    let (first, second) = (Instance::start("first").await, Instance::start("second").await);
    let proxy = HaProxy::start([&first, &second]).await;
    let frontends = [proxy.by_status, proxy.by_words, proxy.by_agent];
    let traffic = Traffic::start(frontends);
    for frontend in frontends {
        assert!(matches!(share(frontend).await, (5.., 5..)));
    }

    // It fails: no more traffic, and the agent's line says why.
    first.db.fail();
    proxy.until("by_status", "orders_1", |server| server.is("DOWN", "L7STS")).await;
    proxy.until("by_words", "orders_1", |server| server.is("DOWN", "L7STS")).await;
    // It shows what the agent said last only while it is not asking again.
    let is_down = |server: &Server| {
        server.0["status"] == "DOWN (agent)"
            && server.0["last_agt"] == "via agent : down (db)"
            && server.0["check_status"] == "L7OK"
    };
    proxy.until("by_agent", "orders_1", is_down).await;
    for frontend in frontends {
        assert_eq!(share(frontend).await, (0, 40));
    }

    // It warns, which only the agent has a word for: a quarter of its weight, so a fifth of the traffic.
    first.db.warn();
    for backend in ["by_status", "by_words"] {
        proxy.until(backend, "orders_1", |server| server.is("UP", "L7OK")).await;
    }
    proxy.until("by_agent", "orders_1", |server| server.weighs("25")).await;
    assert!(matches!(share(proxy.by_agent).await, (1..=18, 22..)));

    // It works again.
    first.db.pass();
    proxy.until("by_agent", "orders_1", |server| server.weighs("100")).await;
    for frontend in frontends {
        assert!(matches!(share(frontend).await, (5.., 5..)));
    }

    // It drains: a server without new sessions, unless an answer is all that counts.
    first.endpoint.monitor().drain();
    proxy.until("by_status", "orders_1", |server| server.is("NOLB", "L7OKC")).await;
    proxy.until("by_words", "orders_1", |server| server.is("DOWN", "L7STS")).await;
    proxy.until("by_agent", "orders_1", |server| server.weighs("0")).await;
    for frontend in frontends {
        assert_eq!(share(frontend).await, (0, 40));
    }
    assert!(traffic.end().await > 100);

    // The next process at the same place undoes what the one before has said.
    let place = first.agent.local_addrs()[0];
    first.agent.stop().await;
    let next = endpoint(&Switch::default());
    let _agent = serve_agent(place, &next).expect("the port is free again");
    proxy.until("by_agent", "orders_1", |server| server.weighs("100")).await;
    assert!(matches!(share(proxy.by_agent).await, (5.., 5..)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs HAProxy: scripts/peers"]
async fn haproxy_keeps_the_state_set_by_an_operator() {
    let (first, second) = (Instance::start("first").await, Instance::start("second").await);
    let proxy = HaProxy::start([&first, &second]).await;
    for state in ["drain", "maint"] {
        proxy.ask(&format!("set server by_agent/orders_1 state {state}")).expect("an answer");
        let is_set = |server: &Server| server.0["status"].starts_with(&state.to_uppercase());
        proxy.until("by_agent", "orders_1", is_set).await;
        // The agent speaks up several times, and changes what it says.
        first.db.warn();
        sleep(Duration::from_millis(400)).await;
        first.db.pass();
        sleep(Duration::from_millis(400)).await;
        assert!(proxy.server("by_agent", "orders_1").is_some_and(|server| is_set(&server)), "{state}");
        assert_eq!(share(proxy.by_agent).await, (0, 40), "{state}");
        proxy.ask("set server by_agent/orders_1 state ready").expect("an answer");
        proxy.until("by_agent", "orders_1", |server| server.weighs("100")).await;
    }
}
