//! Probes of databases on clients of which the test knows each step, on a paused clock. `tests/drivers` has real ones.

use std::{
    fmt,
    future::pending,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    Outcome, ShowDetails, Status, checks,
    probes::{self, Ask, AskError, Asking, DatabaseProbe, DatabaseState, PoolState},
};
use health_tests::{ask, builder};
use serde_json::json;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

const TIMEOUT: Duration = Duration::from_secs(2);

/// A client that gives the same answer to every statement.
fn answering(answer: &'static str) -> DatabaseProbe {
    probes::postgres(move |_| async move { Ok::<_, AskError>(answer.to_owned()) }).timeout(TIMEOUT)
}

fn assert_is(outcome: &Outcome, status: Status, message: &str) {
    assert_eq!((outcome.status(), outcome.message().unwrap_or_default()), (status, message));
}

#[tokio::test]
async fn replica_is_judged_by_option_and_lag() {
    let text = "it is a replica, and takes no writes";
    assert_is(&answering("t,on,1500").observe().await, Status::Fail, text);
    let reading = answering("t,on,1500").read_only_as(Status::Pass);
    let outcome = reading.observe().await;
    assert_eq!(outcome.status(), Status::Pass);
    let data = json!({ "is_db_online": true, "is_db_writeable": false, "replica_lag_ms": 1_500 });
    assert_eq!(outcome.data(), Some(&data));

    let limited = |answer, lag| answering(answer).read_only_as(Status::Pass).max_lag(Duration::from_millis(lag));
    assert_eq!(limited("t,on,1500", 1_500).observe().await.status(), Status::Pass);
    let late = "it is a replica, and lags 1.5s behind, more than 1s";
    assert_is(&limited("t,on,1500", 1_000).observe().await, Status::Fail, late);
    let unknown = "it is a replica, and its lag is not known";
    assert_is(&limited("t,on", 1_000).observe().await, Status::Warn, unknown);
    // A primary has no lag.
    assert_eq!(limited("f,off", 1).observe().await.status(), Status::Pass);
}

#[tokio::test]
async fn replica_that_does_not_tell_its_lag_is_online() {
    for refusal in [
        "error returned from database: Function pg_last_wal_receive_lsn() is currently not supported for Aurora",
        "ERROR: Function pg_stat_get_wal_receiver() is currently not supported in Aurora",
        "unknown function: pg_last_wal_receive_lsn()",
    ] {
        let probe = probes::postgres(move |statement: &'static str| async move {
            if statement.contains("pg_last_") { Err(AskError::new(refusal)) } else { Ok("t,on".to_owned()) }
        });
        assert_is(&probe.clone().read_only_as(Status::Pass).observe().await, Status::Pass, "");
        let limited = probe.read_only_as(Status::Pass).max_lag(Duration::from_secs(1));
        assert_is(&limited.observe().await, Status::Warn, "it is a replica, and its lag is not known");
    }
}

#[tokio::test]
async fn other_answer_is_not_a_pass() {
    let text = "it answered `1`, which PostgreSQL does not";
    assert_is(&answering("1").observe().await, Status::Fail, text);
}

#[tokio::test(start_paused = true)]
async fn frozen_server_is_reported_before_the_timeout() {
    let frozen = probes::postgres(|_| pending::<Result<String, AskError>>()).timeout(TIMEOUT);
    let start = Instant::now();
    let outcome = frozen.observe().await;
    assert_eq!(start.elapsed().as_millis(), 1_800);
    assert_is(&outcome, Status::Fail, "no answer came within 1.8s");
    assert_eq!(outcome.data(), Some(&json!({ "is_db_online": false, "is_db_writeable": false })));
}

/// A pool of one connection to a server that answers, or to one that does not.
fn pooled(is_frozen: bool) -> (Arc<Semaphore>, DatabaseProbe) {
    let free = Arc::new(Semaphore::new(1));
    let (state, connections) = (Arc::clone(&free), Arc::clone(&free));
    let ask = Ask::pooled(
        move || PoolState::new(1, state.available_permits()).with_max(1).with_waiting(7),
        move |_, wait| {
            let connections = Arc::clone(&connections);
            async move {
                let _connection = wait.during(connections.acquire()).await?;
                if is_frozen {
                    pending::<()>().await;
                }
                Ok::<_, AskError>("f,off".to_owned())
            }
        },
    );
    (free, probes::postgres(ask).timeout(TIMEOUT))
}

#[tokio::test(start_paused = true)]
async fn exhausted_pool_and_frozen_server_are_told_apart() {
    let (free, probe) = pooled(false);
    assert_eq!(probe.observe().await.status(), Status::Pass);
    let held = free.acquire().await.expect("a connection");
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert_eq!(start.elapsed().as_millis(), 1_000);
    let text = "the pool is exhausted: its 1 connections are in use, and none was free within 1s";
    assert_is(&outcome, Status::Warn, text);
    let data = outcome.data().expect("data");
    assert!(data["is_db_online"].is_null() && data["is_db_writeable"].is_null(), "{data}");
    assert_eq!((&data["pool_size"], &data["pool_idle"], &data["pool_max"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(data["pool_waiting"], 7);
    assert_is(&probe.clone().exhausted_as(Status::Pass).observe().await, Status::Pass, "");
    drop(held);
    assert_eq!(probe.observe().await.status(), Status::Pass);

    let (free, probe) = pooled(true);
    assert_is(&probe.observe().await, Status::Fail, "no answer came within 1.8s");
    // Queries that wait for that server use all connections.
    let _held = free.acquire().await.expect("a connection");
    let text = "the pool is exhausted: its 1 connections are in use, and none was free within 1s; it was offline before: \
                no answer came within 1.8s";
    assert_is(&probe.observe().await, Status::Fail, text);
}

#[tokio::test(start_paused = true)]
async fn connection_that_does_not_open_is_a_failure() {
    let ask = Ask::pooled(
        || PoolState::new(0, 0).with_max(8),
        |_, wait| async move {
            wait.during(pending::<()>()).await;
            Ok::<_, AskError>(String::new())
        },
    );
    let probe = probes::postgres(ask).acquire_timeout(Duration::from_millis(300));
    assert_is(&probe.observe().await, Status::Fail, "no connection could be opened within 300ms");
}

/// An error whose text and cause contain a connection string, as those of some drivers do.
#[derive(Debug)]
struct Failure(io::Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect to postgres://app:canary@db/orders")
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn causes_are_shown_without_passwords() {
    let failing = |_| async { Err::<String, _>(Failure(io::Error::other("refused; password=canary"))) };
    let endpoint = builder(checks![probes::postgres(failing), probes::mysql(failing).name("other")]);
    let endpoint = endpoint.details(ShowDetails::Always).build().expect("a good endpoint");
    let body = ask(endpoint.router(), "/health", &[]).await.body;
    assert!(body.contains("postgres://***@db/orders: refused"), "{body}");
    assert!(!body.contains("canary"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn own_database_has_the_same_bounds_and_settings() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let client = move |statement: &'static str| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, io::Error>(statement.to_owned()) }
    };
    let own = probes::database(client.clone(), |db: Asking| async move {
        Ok(DatabaseState::ReadOnly(db.ask("SELECT mode").await? + &db.ask("!").await?))
    });
    assert_is(&own.observe().await, Status::Fail, "SELECT mode!");
    assert_eq!(own.read_only_as(Status::Warn).observe().await.status(), Status::Warn);
    assert_eq!(asked.load(Ordering::Relaxed), 4);

    let endless = probes::database(client, |_| pending::<Result<_, AskError>>()).timeout(TIMEOUT);
    assert_is(&endless.observe().await, Status::Fail, "no answer came within 1.8s");
}

/// A Redis server with an answer, or an error, for each command that it is asked in turn.
fn redis(answers: Vec<Result<&'static str, &'static str>>) -> DatabaseProbe {
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    probes::redis(move |_| {
        let answer = answers.lock().expect("answers").next().expect("another answer");
        async move { answer.map(str::to_owned).map_err(AskError::new) }
    })
}

#[tokio::test]
async fn answers_of_redis_are_judged() {
    let (alone, denied) = (Err("ERR: This instance has cluster support disabled"), Err("NOPERM: no permissions"));
    let (pong, primary) = (Ok("PONG"), Ok("master\n42\n"));
    let complete = Ok("cluster_state:ok\r\ncluster_slots_assigned:16384");
    for (answers, status, online, writeable, text) in [
        (vec![pong, primary, alone], Status::Pass, true, json!(true), ""),
        (vec![pong, primary, complete], Status::Pass, true, json!(true), ""),
        (vec![pong, denied, denied], Status::Pass, true, json!(null), ""),
        (vec![pong, primary, Ok("cluster_state:fail")], Status::Fail, true, json!(false), "cluster_state:fail"),
        (vec![pong, Ok("slave\nhost\n6379\nconnected\n7"), alone], Status::Fail, true, json!(false), "is a replica"),
        (vec![pong, Ok("slave\nhost\n6379\nconnect\n-1"), alone], Status::Fail, true, json!(false), "`connect`"),
        (vec![Err("MASTERDOWN: Link is down")], Status::Fail, true, json!(false), "without its primary"),
        (vec![Err("LOADING: Redis is loading")], Status::Fail, false, json!(false), "it is loading its data"),
        (vec![Err("NOAUTH: required")], Status::Fail, false, json!(false), "NOAUTH"),
        (vec![pong, Ok("sentinel\nnames")], Status::Fail, false, json!(false), "it is a sentinel"),
    ] {
        let outcome = redis(answers.clone()).observe().await;
        assert_eq!(outcome.status(), status, "{answers:?}");
        let data = json!({ "is_db_online": online, "is_db_writeable": writeable });
        assert_eq!(outcome.data(), Some(&data), "{answers:?}");
        assert!(outcome.message().unwrap_or_default().contains(text), "{outcome:?}");
    }
}

/// A pool of one connection, to a server that takes this long for each answer. Like sqlx, it takes its connection back in a task.
fn slow(answer_time: Duration, acquire_time: Duration) -> Ask {
    let free = Arc::new(Semaphore::new(1));
    let state = Arc::clone(&free);
    Ask::pooled(
        move || PoolState::new(1, state.available_permits()).with_max(1),
        move |_, wait| {
            let free = Arc::clone(&free);
            async move {
                let connection = wait
                    .during(async {
                        let connection = free.acquire_owned().await;
                        sleep(acquire_time).await;
                        connection
                    })
                    .await?;
                sleep(answer_time).await;
                tokio::spawn(async move {
                    tokio::task::yield_now().await;
                    drop(connection);
                });
                Ok::<_, AskError>("answer".to_owned())
            }
        },
    )
}

#[tokio::test(start_paused = true)]
async fn each_statement_has_the_whole_time_for_a_connection() {
    let examine = async |db: Asking| {
        db.ask("first").await?;
        db.ask("second").await?;
        Ok(DatabaseState::Writeable)
    };
    let probe = probes::database(slow(Duration::from_millis(1_100), Duration::from_millis(1)), examine);
    let probe = probe.timeout(Duration::from_secs(4));
    assert_is(&probe.observe().await, Status::Pass, "");
}

#[tokio::test(start_paused = true)]
async fn broken_connection_is_asked_once_more() {
    for (second, status, text) in [
        (Some("f,off"), Status::Pass, ""),
        // The client waits for a server that has ended.
        (None, Status::Fail, "broken pipe"),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let probe = probes::postgres(move |_| {
            let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                match second {
                    _ if is_first => Err(AskError::new("broken pipe").disconnected()),
                    Some(answer) => Ok(answer.to_owned()),
                    None => pending().await,
                }
            }
        });
        assert_is(&probe.timeout(TIMEOUT).observe().await, status, text);
    }
    let broken = probes::postgres(|_| async { Err::<String, _>(AskError::new("broken pipe").disconnected()) });
    assert_is(&broken.observe().await, Status::Fail, "broken pipe");
}

#[tokio::test]
async fn failure_that_is_remembered_does_not_show_its_password() {
    let probe = probes::postgres(|_| async { Err::<String, _>(Failure(io::Error::other("password=canary"))) });
    assert_eq!(probe.observe().await.status(), Status::Fail);
    assert!(!format!("{probe:?}").contains("canary"), "{probe:?}");
}

#[tokio::test]
async fn huge_answer_is_not_shown_as_a_whole() {
    let huge = || format!("{}€ postgres://app:canary@db", "x".repeat(1_022)).repeat(100);
    let answer = move |_| async move { Ok::<_, AskError>(huge()) };
    let error = move |_| async move { Err::<String, _>(AskError::new(huge())) };
    let own = |_| async move { Ok(DatabaseState::ReadOnly("y".repeat(100_000))) };
    for probe in [
        probes::postgres(answer),
        probes::mysql(answer),
        probes::sqlite(answer),
        probes::redis(answer),
        probes::mongodb(answer),
        probes::postgres(error),
        probes::redis(error),
        probes::memcached(error),
        probes::database(answer, own),
    ] {
        let outcome = probe.observe().await;
        let message = outcome.message().expect("a message");
        assert!(message.len() < 1_100 && message.ends_with('…'), "{} bytes: {message}", message.len());
        assert!(!message.contains("canary"), "{message}");
        assert!(format!("{probe:?}").len() < 5_000, "{probe:?}");
    }
}

#[tokio::test]
async fn pool_without_a_known_maximum_is_exhausted_while_the_probe_waits() {
    for (waiting, status, text) in [
        (1, Status::Warn, "the pool is exhausted: its 3 connections are in use, and none was free within 10ms"),
        (0, Status::Fail, "no connection could be opened within 10ms"),
    ] {
        let state = move || PoolState::new(3, 0).with_waiting(waiting);
        let ask = Ask::pooled(state, |_, wait| async move { wait.during(pending::<Result<String, AskError>>()).await });
        let probe = probes::mysql(ask).acquire_timeout(Duration::from_millis(10));
        assert_is(&probe.observe().await, status, text);
    }
}

#[tokio::test]
async fn pool_whose_connections_wait_for_the_server_is_not_exhausted() {
    // One is in use, and the server leaves the reset of the other one without an answer.
    let state = || PoolState::new(2, 0).with_waiting(1).with_in_use(1);
    let ask = Ask::pooled(state, |_, wait| async move { wait.during(pending::<Result<String, AskError>>()).await });
    let probe = probes::mysql(ask).acquire_timeout(Duration::from_millis(10));
    assert_is(&probe.observe().await, Status::Fail, "no connection could be opened within 10ms");
}

#[tokio::test]
async fn pool_that_tests_a_connection_in_vain_says_so() {
    let state = || PoolState::new(1, 1).with_max(1);
    let ask = Ask::pooled(state, |_, wait| async move { wait.during(pending::<Result<String, AskError>>()).await });
    let probe = probes::mysql(ask).acquire_timeout(Duration::from_millis(10));
    let text = "no answer came to the pool's test of an idle connection within 10ms";
    assert_is(&probe.observe().await, Status::Fail, text);
}

#[tokio::test(start_paused = true)]
async fn older_and_silent_servers_of_mongodb_are_told_apart() {
    let older = probes::mongodb(|command: &'static str| async move {
        match command {
            "hello" => Err(AskError::new("Error code 59 (CommandNotFound): no such command: 'hello'")),
            "isMaster" => Ok("{ \"ismaster\": false, \"secondary\": true }".to_owned()),
            _ => Ok("{ \"ok\": 1 }".to_owned()),
        }
    });
    assert_is(&older.observe().await, Status::Fail, "it is a replica, and takes no writes");
    let silent = probes::mongodb(|_| pending::<Result<String, AskError>>()).timeout(TIMEOUT);
    let text = "no answer came within 1.8s: the server is frozen, or the client finds none; a `serverSelectionTimeoutMS` below the \
                check's timeout tells why";
    assert_is(&silent.observe().await, Status::Fail, text);
}
