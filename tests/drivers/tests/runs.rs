//! Ten thousand runs of each probe of a database. A process of its own, because its memory is measured.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use health_drivers::{CANARY, Server, assert_flat};
use health_runtime::{ask, probes};
use mysql_async::prelude::Queryable;

#[tokio::test]
#[ignore = "needs PostgreSQL, MariaDB, Redis and memcached: scripts/peers"]
async fn ten_thousand_runs_leave_nothing_behind() {
    let server = Server::postgres();
    let url = format!("postgres://app:{CANARY}@127.0.0.1:{}/postgres", server.port);
    // It opens a connection for each run that comes before the last one is back in the pool, up to its maximum.
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(2);
    let pool = options.connect(&url).await.expect("a pool");
    let statement = "SELECT concat_ws(' ', (SELECT count(*) FROM pg_class), \
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'))";
    let ask = async || sqlx::query_scalar::<_, String>(statement).fetch_one(&pool).await.expect("a text");
    assert_flat("PostgreSQL", &[server.port], &probes::postgres(ask!(sqlx: pool)), ask).await;

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
    assert_flat("MariaDB", &[server.port], &probes::mysql(ask!(mysql_async: pool)), ask).await;

    let cache = Server::redis(false);
    let client = redis::Client::open(format!("redis://default:{CANARY}@127.0.0.1:{}/", cache.port)).expect("a URL");
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
    assert_flat("Redis", &[cache.port], &probe, &ask).await;
    assert_flat("Redis with a write", &[cache.port], &probe.clone().write_key("health:probe"), &ask).await;

    let server = Server::memcached();
    let url = format!("memcache://127.0.0.1:{}?connect_timeout=1&timeout=1", server.port);
    let client = memcache::Client::connect(url).expect("a client");
    let ask = async || format!("{:?}", server.memcached_counts());
    let probe = probes::memcached(ask!(memcache: client));
    assert_flat("memcached", &[server.port], &probe, ask).await;
    assert_flat("memcached with a write", &[server.port], &probe.write_key("health:probe"), ask).await;

    for _ in 0..24 {
        if count("DBSIZE").await.expect("a number") == "int(0)" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    panic!("the key of Redis did not expire");
}
