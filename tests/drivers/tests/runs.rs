//! Ten thousand runs of each probe. A process of its own, because its memory is measured.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::fs;

use health_drivers::{CANARY, Server};
use health_runtime::{
    Status, ask,
    probes::{self, DatabaseProbe},
};
use mysql_async::prelude::Queryable;

const MAX_GROWTH_BYTES: u64 = 2 << 20;

/// Runs the probe, and asks the server before and after it what is there. Sockets and memory stay as they were.
async fn assert_flat(name: &str, port: u16, probe: DatabaseProbe, contents: impl AsyncFn() -> String) {
    let run = async |count: u32| {
        for _ in 0..count {
            let outcome = probe.observe().await;
            assert_eq!(outcome.status(), Status::Pass, "{name}: {outcome:?}");
        }
    };
    // Buffers and caches reach their size.
    run(1_000).await;
    let before = (contents().await, sockets(port));
    let memory = resident_bytes();
    run(10_000).await;
    assert_eq!((contents().await, sockets(port)), before, "{name}");
    let growth = resident_bytes().saturating_sub(memory);
    println!("{name}: {before:?}, {growth} bytes more");
    assert!(growth < MAX_GROWTH_BYTES, "{name}: {growth} bytes more");
}

/// Returns the number of open connections to the port.
fn sockets(port: u16) -> usize {
    let table = fs::read_to_string("/proc/self/net/tcp").expect("a table of sockets");
    let remote = format!(":{port:04X}");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next().is_some_and(|address| address.ends_with(&remote)) && fields.next() == Some("01")
    };
    table.lines().filter(is_open).count()
}

fn resident_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").expect("a number of pages");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number") * 4096
}

#[tokio::test]
#[ignore = "needs PostgreSQL, MariaDB and Redis: scripts/peers"]
async fn ten_thousand_runs_leave_nothing_behind() {
    let server = Server::postgres();
    let url = format!("postgres://app:{CANARY}@127.0.0.1:{}/postgres", server.port);
    // It opens a connection for each run that comes before the last one is back in the pool, up to its maximum.
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(2);
    let pool = options.connect(&url).await.expect("a pool");
    let statement = "SELECT concat_ws(' ', (SELECT count(*) FROM pg_class), \
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'))";
    let ask = async || sqlx::query_scalar::<_, String>(statement).fetch_one(&pool).await.expect("a text");
    assert_flat("PostgreSQL", server.port, probes::postgres(ask!(sqlx: pool)), ask).await;

    let server = Server::mariadb();
    let settings = "pool_min=2&pool_max=2&prefer_socket=false";
    let url = format!("mysql://app:{CANARY}@127.0.0.1:{}/mysql?{settings}", server.port);
    let pool = mysql_async::Pool::new(url.as_str());
    let statement = "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM information_schema.TABLES), \
        (SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'))";
    let ask = async || {
        let mut connection = pool.get_conn().await.expect("a connection");
        connection.query_first::<String, _>(statement).await.expect("a row").expect("a text")
    };
    assert_flat("MariaDB", server.port, probes::mysql(ask!(mysql_async: pool)), ask).await;

    let server = Server::redis(false);
    let client = redis::Client::open(format!("redis://default:{CANARY}@127.0.0.1:{}/", server.port)).expect("a URL");
    let manager = client.get_connection_manager().await.expect("a connection");
    let count = async |name: &str| {
        redis::cmd(name).query_async::<redis::Value>(&mut manager.clone()).await.map(|value| format!("{value:?}"))
    };
    let ask = async || {
        let clients = redis::cmd("CLIENT").arg("LIST").query_async::<String>(&mut manager.clone()).await;
        let keys = count("DBSIZE").await.expect("a number");
        format!("{} {keys}", clients.expect("a list").lines().count())
    };
    let probe = probes::redis(ask!(redis: manager));
    assert_flat("Redis", server.port, probe.clone(), &ask).await;
    assert_flat("Redis with a write", server.port, probe.write_key("health:probe"), &ask).await;
    for _ in 0..24 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        if count("DBSIZE").await.expect("a number") == "int(0)" {
            return;
        }
    }
    panic!("the key did not expire: {}", ask().await);
}
