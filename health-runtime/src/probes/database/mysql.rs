//! Probe of a MySQL or MariaDB server.

use std::{iter, time::Duration};

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// MariaDB skips comments for MySQL 5.7; it lacks `super_read_only`.
const STATEMENT: &str = "SELECT CAST(CONCAT_WS(',', @@global.read_only, @@global.innodb_read_only \
    /*!50708 , @@global.super_read_only */) AS CHAR)";

/// Understood since MySQL 8.0.22 and MariaDB 10.5.
const REPLICA_STATEMENT: &str = "SHOW REPLICA STATUS";

/// The same for older servers. Newer ones of MySQL do not understand it any more.
const SLAVE_STATEMENT: &str = "SHOW SLAVE STATUS";

/// Checks that a MySQL or MariaDB server answers and takes writes.
///
/// Name `db`, level 1, data of [`probes::postgres`](super::postgres()). It is asked through the program's own client, see
/// [`ask!`](crate::ask!): a statement that reads the global variables `read_only`, `innodb_read_only` and, in MySQL,
/// `super_read_only`; if one of them is on, also `SHOW REPLICA STATUS`. Nothing is written.
///
/// ```ignore
/// let db = probes::mysql(health_runtime::ask!(sqlx: pool)).readiness();
/// ```
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | the variables are off | yes | yes | pass |
/// | one is on: a replica, a primary that a failover has demoted, a reader of Aurora | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | a replica, if the user may see that | yes | no | the same, and see [`max_lag`](DatabaseProbe::max_lag) |
/// | … whose replication has stopped, by an error or by `STOP REPLICA` | yes | no | fail |
/// | no answer, no connection, wrong password, too many connections | no | no | fail |
/// | the pool is exhausted | unknown | unknown | warn, see [`exhausted_as`](DatabaseProbe::exhausted_as) |
///
/// `replica_lag_ms` is `Seconds_Behind_Source`, in whole seconds. It is not known while the replica has no connection to its
/// source, and if the client cannot name columns (`diesel_async`).
///
/// A user without privileges is enough. Replication is shown to users with `REPLICATION CLIENT` (MySQL) or `SLAVE MONITOR`
/// (MariaDB) alone; for others a replica is a read-only server, whose lag is not known, so that `max_lag` warns.
///
/// A replica whose variables are off takes writes, and passes like a primary: its replication is not looked at, so that `max_lag`
/// has no effect. The first of several channels counts; those of group replication tell no lag.
///
/// A user who may write all the same (`SUPER`, `CONNECTION_ADMIN`, `READ_ONLY ADMIN`) sees `read_only` as well. Tests run on
/// MariaDB alone.
#[track_caller]
pub fn mysql(ask: impl IntoAsk) -> DatabaseProbe {
    DatabaseProbe { kind: DatabaseKind::MySql, ..database(ask, examine) }
}

async fn examine(db: Asking) -> Result<DatabaseState, AskError> {
    let variables = db.ask(STATEMENT).await?;
    let Some(text) = read_only_in(&variables)? else {
        return Ok(DatabaseState::Writeable);
    };
    let row = match db.ask(REPLICA_STATEMENT).await {
        Err(error) if is_syntax_error(error.text()) => db.ask(SLAVE_STATEMENT).await,
        row => row,
    };
    match row {
        Ok(row) => Ok(replica_in(&row).unwrap_or(DatabaseState::ReadOnly(text))),
        Err(error) if error.is_exhausted() || error.is_late() => Err(error),
        // No privilege, no row.
        Err(_) => Ok(DatabaseState::ReadOnly(text)),
    }
}

/// Returns whether the server does not know the statement. 1064 is the code, in each language.
fn is_syntax_error(error: &str) -> bool {
    ["1064", "SQL syntax"].iter().any(|text| error.contains(text))
}

/// Returns a text if one of the variables is on.
fn read_only_in(variables: &str) -> Result<Option<String>, AskError> {
    let mut values = variables.split(',');
    let named = ["read_only", "innodb_read_only", "super_read_only"].map(|name| (name, values.next()));
    if !matches!(named, [(_, Some(_)), (_, Some(_)), _]) {
        return Err(AskError::new(format!("it answered `{variables}`, which MySQL does not")));
    }
    // Newer versions of MariaDB have more values than ON.
    let on = named.into_iter().filter_map(|(name, value)| {
        value.filter(|value| !matches!(*value, "0" | "OFF")).map(|value| format!("`{name}` is {value}"))
    });
    let on: Vec<_> = on.collect();
    Ok((!on.is_empty()).then(|| format!("it is read-only ({})", on.join(", "))))
}

/// Returns the state of a replica, if the row describes one. MySQL and older servers name columns differently.
fn replica_in(row: &str) -> Option<DatabaseState> {
    let value = |names: [&str; 2]| {
        row.lines().find_map(|line| {
            let (name, value) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|name| (name, "")))?;
            names.contains(&name).then_some(value)
        })
    };
    // Channels of group replication stand still while the group replicates.
    if value(["Channel_Name"; 2]).is_some_and(|channel| channel.starts_with("group_replication_")) {
        return None;
    }
    let io = value(["Replica_IO_Running", "Slave_IO_Running"])?;
    let sql = value(["Replica_SQL_Running", "Slave_SQL_Running"])?;
    if io == "No" || sql == "No" {
        let errors = ["Last_IO_Error", "Last_SQL_Error"].map(|name| value([name; 2]));
        let errors = errors.into_iter().flatten().filter(|error| !error.is_empty());
        let texts: Vec<_> = iter::once("it is a replica whose replication has stopped").chain(errors).collect();
        return Some(DatabaseState::Unwriteable(texts.join(": ")));
    }
    let lag = value(["Seconds_Behind_Source", "Seconds_Behind_Master"]).and_then(|lag| lag.parse().ok());
    Some(DatabaseState::Replica { lag: lag.map(Duration::from_secs) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_off_is_read_only() {
        for (variables, text) in [
            ("0,0", Some("")),
            ("0,0,0", Some("")),
            ("OFF,OFF,OFF", Some("")),
            ("1,0", Some("it is read-only (`read_only` is 1)")),
            ("NO_LOCK,0", Some("it is read-only (`read_only` is NO_LOCK)")),
            ("0,1", Some("it is read-only (`innodb_read_only` is 1)")),
            ("1,0,1", Some("it is read-only (`read_only` is 1, `super_read_only` is 1)")),
            ("0", None),
            ("", None),
        ] {
            let found = read_only_in(variables).ok().map(Option::unwrap_or_default);
            assert_eq!(found.as_deref(), text, "{variables}");
        }
    }

    #[test]
    fn rows_become_states() {
        let replica = |lag| Some(DatabaseState::Replica { lag });
        let row = |io, sql, lag| {
            format!("Slave_IO_State: \nSlave_IO_Running: {io}\nSlave_SQL_Running: {sql}\nSeconds_Behind_Master: {lag}")
        };
        assert_eq!(replica_in(&row("Yes", "Yes", "3")), replica(Some(Duration::from_secs(3))));
        assert_eq!(replica_in(&row("Connecting", "Yes", "")), replica(None));
        assert_eq!(
            replica_in(&row("Yes", "Yes", "0").replace("Slave", "Replica").replace("Master", "Source")),
            replica(Some(Duration::ZERO))
        );
        for (io, sql) in [("No", "No"), ("Yes", "No"), ("No", "Yes")] {
            let row = format!("{}\nLast_SQL_Error: Duplicate entry: 1", row(io, sql, ""));
            let stopped = "it is a replica whose replication has stopped: Duplicate entry: 1".to_owned();
            assert_eq!(replica_in(&row), Some(DatabaseState::Unwriteable(stopped)), "{io} {sql}");
        }
        let group = format!("{}\nChannel_Name: group_replication_recovery", row("No", "No", ""));
        assert_eq!(replica_in(&group), None);
        // The first column alone.
        assert_eq!(replica_in("Waiting for master to send event"), None);
        assert_eq!(replica_in(""), None);
    }
}
