//! `probes::mysql` through four clients on MariaDB.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use diesel_async::{
    AsyncMysqlConnection, RunQueryDsl,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool::Pool as DieselPool},
};
use health_drivers::{CANARY, Clients, Server, TIMEOUT, WRITEABLE, assert, assert_facts, eventually, observe};
use health_runtime::{Status, ask, probes};
use mysql_async::{OptsBuilder, PoolConstraints, PoolOpts};
use sea_orm::SqlxMySqlConnector;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};

fn url(user: &str, password: &str, port: u16) -> String {
    format!("mysql://{user}:{password}@127.0.0.1:{port}/information_schema")
}

fn pool(user: &str, password: &str, port: u16) -> MySqlPool {
    MySqlPoolOptions::new().max_connections(2).connect_lazy(&url(user, password, port)).expect("a pool")
}

fn mysql_async(password: &str, port: u16) -> mysql_async::Pool {
    let constraints = PoolConstraints::new(2, 2).expect("a pool of two connections");
    let options = OptsBuilder::default().ip_or_hostname("127.0.0.1").tcp_port(port).user(Some("app"));
    let options = options.pass(Some(password)).pool_opts(PoolOpts::default().with_constraints(constraints));
    mysql_async::Pool::new(options)
}

fn diesel(password: &str, port: u16) -> DieselPool<AsyncMysqlConnection> {
    let manager = AsyncDieselConnectionManager::new(url("app", password, port));
    DieselPool::builder(manager).max_size(2).build().expect("a pool")
}

fn clients(port: u16, password: &str) -> Clients {
    let orm = SqlxMySqlConnector::from_sqlx_mysql_pool(pool("app", password, port));
    Clients::new([
        ("sqlx", probes::mysql(ask!(sqlx: pool("app", password, port)))),
        ("sea-orm", probes::mysql(ask!(sea_orm: orm.get_mysql_connection_pool()))),
        ("mysql_async", probes::mysql(ask!(mysql_async: mysql_async(password, port)))),
        ("diesel", probes::mysql(ask!(diesel_async: diesel(password, port)))),
    ])
}

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::mariadb();
    clients(server.port, "wrong").assert("wrong password", Status::Fail, &["Access denied"]).await;
    let admin = pool("app", CANARY, server.port);
    let probes = clients(server.port, CANARY);
    sqlx::raw_sql("SET GLOBAL read_only = 1").execute(&admin).await.expect("a setting");
    probes.assert("read-only", Status::Fail, &["it is read-only (`read_only` is ON)"]).await;
    sqlx::raw_sql("SET GLOBAL read_only = 0").execute(&admin).await.expect("a setting");
    let frozen = ["no answer came within 1.8s", "no answer came to the pool's test of an idle connection within 1s"];
    let ended = ["no connection could be opened within 1s", "Connection refused", "Can't connect"];
    probes.assert_outages(&mut server, &frozen, &ended).await;
}

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn pool_in_use_is_exhausted() {
    let server = Server::mariadb();
    let text = "the pool is exhausted: its 2 connections are in use";
    macro_rules! assert_exhausted {
        ($driver:ident, $pool:expr, $get:ident) => {
            let pool = $pool;
            let probe = probes::mysql(ask!($driver: pool)).timeout(TIMEOUT);
            eventually(&probe, Status::Pass, "").await;
            let held = [pool.$get().await.expect("a connection"), pool.$get().await.expect("a connection")];
            assert(&probe, Status::Warn, text).await;
            assert!(observe(&probe).await.data().is_some_and(|data| data["is_db_online"].is_null()));
            drop(held);
            assert(&probe, Status::Pass, "").await;
        };
    }
    assert_exhausted!(sqlx, pool("app", CANARY, server.port), acquire);
    assert_exhausted!(mysql_async, mysql_async(CANARY, server.port), get_conn);
    assert_exhausted!(diesel_async, diesel(CANARY, server.port), get);
}

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn read_only_server_without_a_source_keeps_its_connections() {
    let server = Server::mariadb();
    let admin = pool("app", CANARY, server.port);
    sqlx::raw_sql("SET GLOBAL read_only = 1").execute(&admin).await.expect("a setting");
    let probed = pool("app", CANARY, server.port);
    let probe = probes::mysql(ask!(sqlx: probed)).timeout(TIMEOUT);
    assert(&probe, Status::Fail, "it is read-only").await;
    let opened = async || {
        let row = sqlx::query_as::<_, (String, u64)>(
            "SELECT VARIABLE_NAME, CAST(VARIABLE_VALUE AS UNSIGNED) FROM GLOBAL_STATUS \
            WHERE VARIABLE_NAME = 'CONNECTIONS'",
        );
        row.fetch_one(&admin).await.expect("a number").1
    };
    let before = opened().await;
    for _ in 0..10 {
        // A connection is tested on its way back to the pool.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert(&probe, Status::Fail, "it is read-only").await;
    }
    // One more if the pool had not got the first one back.
    assert!(opened().await <= before + 1, "{} connections were opened", opened().await - before);
}

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn late_answer_is_not_taken_for_that_of_the_program() {
    let server = Server::mariadb();
    let mut config = ManagerConfig::default();
    // Else the pool itself tests a connection that comes back.
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::new_with_config(url("app", CANARY, server.port), config);
    let pool: DieselPool<AsyncMysqlConnection> = DieselPool::builder(manager).max_size(1).build().expect("a pool");
    let probe = probes::mysql(ask!(diesel_async: pool)).timeout(TIMEOUT);
    eventually(&probe, Status::Pass, "").await;
    server.freeze();
    assert(&probe, Status::Fail, "no answer came within 1.8s").await;
    server.thaw();
    for expected in ["first", "second", "third"] {
        let mut connection = pool.get().await.expect("a connection");
        let statement = format!("'{expected}'");
        let select = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(&statement));
        let answer = select.get_result::<String>(&mut connection).await;
        assert_eq!(answer.as_deref(), Ok(expected));
    }
}

#[tokio::test]
#[ignore = "needs MariaDB: scripts/peers"]
async fn replica_is_judged_by_its_lag() {
    let mut primary = Server::mariadb();
    let replica = Server::mariadb();
    let admin = pool("app", CANARY, replica.port);
    // A source with a name, as replicas of several sources have them.
    let run = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&admin).await.expect("a statement");
    };
    run(format!(
        "CHANGE MASTER 'main' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'app', MASTER_PASSWORD = '{CANARY}', \
         MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos",
        primary.port
    ))
    .await;
    run("SET GLOBAL read_only = 1".to_owned()).await;
    run("START SLAVE 'main'".to_owned()).await;

    let strict = || probes::mysql(ask!(sqlx: pool("app", CANARY, replica.port))).timeout(TIMEOUT);
    let reading = strict().read_only_as(Status::Pass).max_lag(Duration::from_secs(5));
    let hasty = reading.clone().max_lag(Duration::from_millis(500));
    eventually(&hasty, Status::Pass, "").await;
    assert(&strict(), Status::Fail, "it is a replica, and takes no writes").await;
    let other = probes::mysql(ask!(mysql_async: mysql_async(CANARY, replica.port))).timeout(TIMEOUT);
    for probe in [&reading, &other.read_only_as(Status::Pass).max_lag(Duration::from_secs(5))] {
        // It may still apply what the primary wrote at its start.
        for _ in 0..40 {
            let outcome = observe(probe).await;
            if outcome.data().is_some_and(|data| data["replica_lag_ms"] == 0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let outcome = observe(probe).await;
        assert_eq!(outcome.data().map(|data| &data["replica_lag_ms"]), Some(&0.into()), "{outcome:?}");
    }
    // A user without privileges, and a client that cannot name columns.
    let weak =
        probes::mysql(ask!(sqlx: pool("weak", CANARY, replica.port))).timeout(TIMEOUT).read_only_as(Status::Pass);
    assert(&weak, Status::Pass, "").await;
    assert(&weak.clone().read_only_as(Status::Warn), Status::Warn, "it is read-only (`read_only` is ON)").await;
    let unknown = "it is read-only (`read_only` is ON); its lag behind another server is not known";
    assert(&weak.clone().max_lag(Duration::from_secs(5)), Status::Warn, unknown).await;
    let nameless = probes::mysql(ask!(diesel_async: diesel(CANARY, replica.port))).timeout(TIMEOUT);
    assert(&nameless.read_only_as(Status::Pass).max_lag(Duration::from_secs(5)), Status::Warn, unknown).await;

    run("STOP SLAVE 'main'".to_owned()).await;
    assert(&reading, Status::Fail, "it is a replica whose replication has stopped").await;
    // A transaction that the replica may not apply yet.
    run("CHANGE MASTER 'main' TO MASTER_DELAY = 30".to_owned()).await;
    run("START SLAVE 'main'".to_owned()).await;
    let writing = pool("app", CANARY, primary.port);
    sqlx::raw_sql("CREATE DATABASE orders").execute(&writing).await.expect("a write");
    tokio::time::sleep(Duration::from_secs(2)).await;
    eventually(&hasty, Status::Fail, "behind, more than 500ms").await;

    run("STOP SLAVE 'main'; CHANGE MASTER 'main' TO MASTER_DELAY = 0; START SLAVE 'main'".to_owned()).await;
    eventually(&hasty, Status::Pass, "").await;
    primary.stop();
    eventually(&hasty, Status::Warn, "its lag is not known").await;
    assert(&strict().read_only_as(Status::Pass), Status::Pass, "").await;
    // It takes writes, and is judged by its lag all the same. A promoted one is not.
    run("SET GLOBAL read_only = 0".to_owned()).await;
    assert_facts(&hasty, Status::Warn, "its lag is not known", WRITEABLE).await;
    assert_facts(&strict(), Status::Pass, "", WRITEABLE).await;
    run("STOP SLAVE 'main'".to_owned()).await;
    assert_facts(&hasty, Status::Pass, "", WRITEABLE).await;
}
