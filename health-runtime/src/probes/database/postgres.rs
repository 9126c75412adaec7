//! Probe of a PostgreSQL server.

use std::time::Duration;

use super::{DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// Its functions of replicas are called on a replica alone, because some services have none. A replica that has replayed all that
/// it received lags only if it receives nothing.
const STATEMENT: &str = "SELECT concat_ws(',', pg_is_in_recovery(), current_setting('transaction_read_only'), \
    CASE WHEN NOT pg_is_in_recovery() THEN NULL \
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 \
    ELSE floor(1000 * extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())) END)";

/// The same without the functions of replicas, which the readers of Aurora refuse and compatible servers lack.
const STATEMENT_WITHOUT_LAG: &str =
    "SELECT concat_ws(',', pg_is_in_recovery(), current_setting('transaction_read_only'))";

/// Checks that a PostgreSQL server answers and takes writes.
///
/// Name `db`, level 1. It is asked through the program's own client, see [`ask!`](crate::ask!): one statement, which reads
/// settings and writes nothing. A client that has no pool and is closed stays offline, which the program suffers as well.
///
/// ```ignore
/// let db = probes::postgres(health_runtime::ask!(sqlx: pool)).readiness();
/// ```
///
/// | data | |
/// |---|---|
/// | `is_db_online` | it answered; `null` if the pool was exhausted |
/// | `is_db_writeable` | it is a primary whose transactions may write |
/// | `replica_lag_ms` | on a replica: age of the newest replayed transaction in milliseconds, 0 if all is replayed that was received |
/// | `pool_size`, `pool_idle`, `pool_max` | connections of the client's pool: all, unused, allowed |
/// | `pool_waiting` | tasks that wait for one, if the client counts them |
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | a primary | yes | yes | pass |
/// | `default_transaction_read_only` is on | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | a replica | yes | no | the same, and see [`max_lag`](DatabaseProbe::max_lag) |
/// | no answer, no connection, wrong password, starting up, too many clients | no | no | fail |
/// | the pool is exhausted | unknown | unknown | warn, see [`exhausted_as`](DatabaseProbe::exhausted_as) |
///
/// Each run ends by itself after nine tenths of the check's timeout; the message tells a server that does not answer from one
/// to which no connection opens, and from a pool without a free connection. It needs no privileges.
///
/// A replica that reads an archive alone has no connection to its primary: its lag is the age of the newest replayed transaction,
/// which also grows while the primary writes nothing. Give it a [`max_lag`](DatabaseProbe::max_lag) above `archive_timeout`.
///
/// Readers of Aurora, and servers that are compatible with PostgreSQL, may refuse to tell the lag. They are asked again without
/// it; their lag is not known, so that `max_lag` warns.
#[track_caller]
pub fn postgres(ask: impl IntoAsk) -> DatabaseProbe {
    database(ask, examine)
}

async fn examine(db: Asking) -> Result<DatabaseState, AskError> {
    match db.ask(STATEMENT).await {
        Err(error) if lacks_lag(error.text()) => state_in(&db.ask(STATEMENT_WITHOUT_LAG).await?),
        answer => state_in(&answer?),
    }
}

/// Returns whether the error is about one of the functions that tell the lag. It names the function, in each language.
fn lacks_lag(error: &str) -> bool {
    ["pg_last_", "wal_receiver"].iter().any(|name| error.contains(name))
}

fn state_in(answer: &str) -> Result<DatabaseState, AskError> {
    let unknown = || AskError::new(format!("it answered `{answer}`, which PostgreSQL does not"));
    let mut parts = answer.split(',');
    match (parts.next(), parts.next()) {
        (Some("t"), Some(_)) => {
            let lag = parts.next().map(str::parse::<i64>).transpose().map_err(|_| unknown())?;
            // Below zero if the clock of the primary is ahead.
            let lag = lag.map(|lag| Duration::from_millis(u64::try_from(lag).unwrap_or(0)));
            Ok(DatabaseState::Replica { lag })
        }
        (Some("f"), Some("off")) => Ok(DatabaseState::Writeable),
        (Some("f"), Some("on")) => {
            Ok(DatabaseState::ReadOnly("its transactions are read-only (`default_transaction_read_only`)".to_owned()))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_states() {
        let replica = |lag| Some(DatabaseState::Replica { lag });
        for (answer, state) in [
            ("f,off", Some(DatabaseState::Writeable)),
            ("t,on", replica(None)),
            ("t,on,0", replica(Some(Duration::ZERO))),
            ("t,on,1500", replica(Some(Duration::from_millis(1_500)))),
            ("t,on,-1", replica(Some(Duration::ZERO))),
            ("t,on,1.5", None),
            ("t", None),
            ("f,maybe", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(state_in(answer).ok(), state, "{answer}");
        }
        assert!(matches!(state_in("f,on"), Ok(DatabaseState::ReadOnly(_))));
    }
}
