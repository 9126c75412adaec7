//! `probes::mongodb` through the driver, on a stand-in: a replica set of one member that speaks the wire protocol, and holds no data.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_drivers::{CANARY, OFFLINE, READ_ONLY, WRITEABLE, assert, assert_facts, eventually};
use health_runtime::{Status, probes::DatabaseProbe};
use mongodb::{
    Client,
    bson::{DateTime, Document, doc},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, DatabaseProbe},
    };
    use ::mongodb;

    pub(super) fn probe(client: &mongodb::Client) -> DatabaseProbe {
        probes::mongodb(ask!(mongodb: client)).timeout(::health_drivers::TIMEOUT)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Member {
    Primary,
    Secondary,
    Recovering,
    Frozen,
}

/// A stand-in for a server.
struct Server {
    port: u16,
    member: watch::Sender<Member>,
    commands: Arc<Mutex<BTreeSet<String>>>,
    connections: Arc<()>,
    /// Ends the connections that have served a command of a probe.
    idle_end: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Server {
    async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (member, seen) = watch::channel(Member::Primary);
        let commands = Arc::default();
        let connections = Arc::new(());
        let idle_end = Arc::new(Notify::new());
        let (log, count, end) = (Arc::clone(&commands), Arc::clone(&connections), Arc::clone(&idle_end));
        let listening = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (seen, log, count, end) = (seen.clone(), Arc::clone(&log), Arc::clone(&count), Arc::clone(&end));
                open.spawn(async move {
                    let _ = serve(stream, port, seen, &log, &end).await;
                    drop(count);
                });
            }
        });
        Self { port, member, commands, connections, idle_end, listening }
    }

    fn become_member(&self, member: Member) {
        self.member.send(member).expect("a server");
    }

    /// Closes the port and all connections.
    async fn stop(self) -> u16 {
        self.listening.abort();
        let _ = self.listening.await;
        self.port
    }

    async fn probe(&self, user: &str) -> DatabaseProbe {
        let options = "replicaSet=rs0&heartbeatFrequencyMS=500&serverSelectionTimeoutMS=1000";
        let url = format!("mongodb://{user}127.0.0.1:{}/?{options}", self.port);
        without_prelude::probe(&Client::with_uri_str(url).await.expect("a client"))
    }
}

/// Answers messages of the kind `OP_MSG`.
async fn serve(
    mut stream: TcpStream,
    port: u16,
    mut member: watch::Receiver<Member>,
    log: &Mutex<BTreeSet<String>>,
    idle_end: &Notify,
) -> io::Result<()> {
    let mut is_pooled = false;
    loop {
        let length = tokio::select! {
            length = stream.read_i32_le() => usize::try_from(length?).expect("a length"),
            () = idle_end.notified(), if is_pooled => return Ok(()),
        };
        let mut message = vec![0; length - 4];
        stream.read_exact(&mut message).await?;
        // After the identifier, that of the request, the kind, the flags and the kind of the section.
        let command = Document::from_reader(&message[17..]).expect("a document");
        let name = command.keys().next().expect("a command").clone();
        is_pooled |= name == "ping";
        let member = *member.wait_for(|member| *member != Member::Frozen).await.expect("a server");
        let mut document = Vec::new();
        answer_to(&name, port, member).to_writer(&mut document).expect("a document");
        log.lock().expect("a log").insert(name);
        let mut answer = i32::try_from(21 + document.len()).expect("a length").to_le_bytes().to_vec();
        answer.extend([1, 0, 0, 0]);
        answer.extend(&message[..4]);
        answer.extend(2_013_i32.to_le_bytes());
        answer.extend([0; 5]);
        answer.extend(document);
        // In one segment, which nothing delays.
        stream.write_all(&answer).await?;
    }
}

fn answer_to(command: &str, port: u16, member: Member) -> Document {
    let address = format!("127.0.0.1:{port}");
    match command {
        "hello" | "isMaster" | "ismaster" => doc! {
            "helloOk": true,
            "ismaster": member == Member::Primary,
            "isWritablePrimary": member == Member::Primary,
            "secondary": member == Member::Secondary,
            "setName": "rs0",
            "setVersion": 1,
            "hosts": [&address],
            "me": &address,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": DateTime::now(),
            "ok": 1.0,
        },
        "saslStart" => {
            doc! { "ok": 0.0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "Authentication failed." }
        }
        _ => doc! { "ok": 1.0 },
    }
}

#[tokio::test]
async fn states_of_a_stand_in_are_told_apart() {
    let server = Server::start(0).await;
    let probe = server.probe("").await;
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

    let denied = server.probe(&format!("app:{CANARY}@")).await;
    assert_facts(&denied, Status::Fail, "Authentication failed", OFFLINE).await;

    server.become_member(Member::Secondary);
    let replica = "it is a replica, and takes no writes";
    eventually(&probe, Status::Fail, replica).await;
    assert_facts(&probe, Status::Fail, replica, READ_ONLY).await;
    assert(&probe.clone().read_only_as(Status::Pass), Status::Pass, "").await;
    server.become_member(Member::Primary);
    eventually(&probe, Status::Pass, "").await;

    server.become_member(Member::Frozen);
    assert_facts(&probe, Status::Fail, "no answer came within 1.8s", OFFLINE).await;
    server.become_member(Member::Primary);
    eventually(&probe, Status::Pass, "").await;

    // The driver selects no such member.
    server.become_member(Member::Recovering);
    eventually(&probe, Status::Fail, "Server selection timeout").await;
    let port = server.stop().await;
    eventually(&probe, Status::Fail, "Connection refused").await;
    let _server = Server::start(port).await;
    eventually(&probe, Status::Pass, "").await;
}

#[tokio::test]
async fn connection_that_was_closed_while_idle_is_not_an_outage() {
    let server = Server::start(0).await;
    let probe = server.probe("").await;
    for _ in 0..5 {
        assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
        server.idle_end.notify_waiters();
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn many_runs_use_one_connection_and_list_nothing() {
    let server = Server::start(0).await;
    let probe = server.probe("").await;
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    sleep(Duration::from_millis(600)).await;
    let before = Arc::strong_count(&server.connections);
    for _ in 0..10_000 {
        let outcome = probe.observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    }
    assert_eq!(Arc::strong_count(&server.connections), before);
    let commands = server.commands.lock().expect("a log");
    let unexpected: Vec<_> =
        commands.iter().filter(|name| !["hello", "isMaster", "ping"].contains(&&***name)).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}
