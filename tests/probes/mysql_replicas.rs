//! Replication of MySQL on clients of which the test knows each step. `tests/drivers` has a real one.

use std::time::Duration;

use health_runtime::{
    Status,
    probes::{self, AskError, DatabaseProbe},
};
use serde_json::json;

/// A server with these variables and these rows of its replication.
fn server(variables: &'static str, rows: &'static str) -> DatabaseProbe {
    probes::mysql(move |statement: &'static str| async move {
        match statement {
            "SHOW SLAVE STATUS" => Ok(rows.to_owned()),
            show if show.starts_with("SHOW ") => {
                Err(AskError::new("1064 (42000): You have an error in your SQL syntax"))
            }
            _ => Ok(variables.to_owned()),
        }
    })
}

const LATE: &str = "Slave_IO_Running: Yes\nSlave_SQL_Running: Yes\nSeconds_Behind_Master: 3";

const TWO_SOURCES: &str = "Slave_IO_Running: Yes\nSlave_SQL_Running: Yes\nSeconds_Behind_Master: 0\n\n\
    Slave_IO_Running: Yes\nSlave_SQL_Running: Yes\nSeconds_Behind_Master: 3";

const FAILED: &str = "Slave_IO_Running: Yes\nSlave_SQL_Running: No\nLast_SQL_Error: Duplicate entry";

const STOPPED: &str = "Slave_IO_Running: No\nSlave_SQL_Running: No\nSeconds_Behind_Master:";

#[tokio::test]
async fn lag_of_an_older_server_and_of_several_sources_is_reported() {
    for rows in [LATE, TWO_SOURCES] {
        let outcome = server("1,0,1", rows).read_only_as(Status::Pass).observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
        assert_eq!(outcome.data().map(|data| &data["replica_lag_ms"]), Some(&json!(3_000)), "{outcome:?}");
    }
}

#[tokio::test]
async fn replica_that_takes_writes_is_judged_by_its_lag() {
    let (late, unknown) = ("it is a replica, and lags 3s behind, more than 1s", "it is a replica, and its lag is not known");
    for (rows, status, text) in [
        (LATE, Status::Fail, late),
        (TWO_SOURCES, Status::Fail, late),
        (FAILED, Status::Warn, unknown),
        // A primary that was a replica, and one that never was.
        (STOPPED, Status::Pass, ""),
        ("", Status::Pass, ""),
    ] {
        let limited = server("0,0,0", rows).max_lag(Duration::from_secs(1)).observe().await;
        assert_eq!((limited.status(), limited.message().unwrap_or_default()), (status, text), "{rows}");
        assert_eq!(limited.data().map(|data| &data["is_db_writeable"]), Some(&json!(true)), "{rows}");
        // Without a limit, its replication is not asked for.
        let outcome = server("0,0,0", rows).observe().await;
        assert_eq!(outcome.data(), Some(&json!({ "is_db_online": true, "is_db_writeable": true })), "{rows}");
    }
    let patient = server("0,0,0", LATE).max_lag(Duration::from_secs(5)).observe().await;
    assert_eq!(patient.data().map(|data| &data["replica_lag_ms"]), Some(&json!(3_000)), "{patient:?}");
}
