//! Probe of a MySQL or MariaDB server.

use super::{DatabaseProbe, DatabaseState, database};
use crate::probes::ask::IntoAsk;

/// `super_read_only`, which MariaDB lacks, turns `read_only` on as well.
const STATEMENT: &str = "SELECT CAST(@@global.read_only AS CHAR)";

/// Checks that a MySQL or MariaDB server answers and takes writes.
///
/// Name `db`, level 1, data and statuses of [`probes::postgres`](super::postgres()), but without the lag of replicas. It is
/// asked through the program's own client, see [`ask!`](crate::ask!): one statement, which reads the global variable
/// `read_only` and writes nothing. It is on on replicas, and on a primary that a failover has demoted.
///
/// ```ignore
/// let db = probes::mysql(health_runtime::ask!(sqlx: pool)).readiness();
/// ```
///
/// A user with the privilege to write all the same (`SUPER`, `CONNECTION_ADMIN`, `READ_ONLY ADMIN`) sees `read_only` as well.
#[track_caller]
pub fn mysql(ask: impl IntoAsk) -> DatabaseProbe {
    let probe = database(ask, |db| async move { Ok(state_in(&db.ask(STATEMENT).await?)) });
    DatabaseProbe { measures_lag: false, ..probe }
}

fn state_in(read_only: &str) -> DatabaseState {
    match read_only {
        "0" | "OFF" => DatabaseState::Writeable,
        // Newer versions of MariaDB have more values than ON.
        value => DatabaseState::ReadOnly(format!("it is read-only (`read_only` is {value})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_off_is_read_only() {
        for (value, writeable) in [("0", true), ("OFF", true), ("1", false), ("ON", false), ("2", false), ("", false)] {
            assert_eq!(state_in(value).is_writeable(), Some(writeable), "{value}");
        }
    }
}
