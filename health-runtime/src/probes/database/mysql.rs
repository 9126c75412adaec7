//! Probe of a MySQL or MariaDB server.

use std::{iter, time::Duration};

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// MariaDB skips comments for MySQL 5.7; it lacks `super_read_only`.
const STATEMENT: &str = "SELECT CAST(CONCAT_WS(',', @@global.read_only, @@global.innodb_read_only \
    /*!50708 , @@global.super_read_only */) AS CHAR)";

/// The replication from all sources. MariaDB reads the first comment alone, and MySQL the second one, since 8.0.22.
const REPLICA_STATEMENT: &str = "SHOW /*M!100000 ALL SLAVES */ /*!50708 REPLICA */ STATUS";

/// The same for older servers of MySQL. Newer ones do not understand it any more.
const SLAVE_STATEMENT: &str = "SHOW SLAVE STATUS";

/// Checks that a MySQL or MariaDB server answers and takes writes.
///
/// Name `db`, level 1, data of [`probes::postgres`](super::postgres()). It is asked through the program's own client, see
/// [`ask!`](crate::ask!): a statement that reads the global variables `read_only`, `innodb_read_only` and, in MySQL,
/// `super_read_only`; if one of them is on or there is a [`max_lag`](DatabaseProbe::max_lag), also for the state of its replication.
/// Nothing is written.
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
/// `replica_lag_ms` is `Seconds_Behind_Source`, in whole seconds, and the largest one of several sources. It is not known while the
/// replica has no connection to a source, and if the client cannot name columns (`diesel_async`).
///
/// A user without privileges is enough. Replication is shown to users with `REPLICATION CLIENT` (MySQL) or `SLAVE MONITOR`
/// (MariaDB) alone; for others a replica is a read-only server, whose lag is not known, so that `max_lag` warns.
///
/// A replica whose variables are off takes writes, and passes like a primary unless there is a `max_lag`: then its lag is judged as
/// well, and one whose replication has failed warns. A primary that was a replica passes: both threads of its replication have
/// stopped. Channels of group replication tell no lag.
///
/// A user who may write all the same (`SUPER`, `CONNECTION_ADMIN`, `READ_ONLY ADMIN`) sees `read_only` as well. Tests run on
/// MariaDB alone.
#[track_caller]
pub fn mysql(ask: impl IntoAsk) -> DatabaseProbe {
    DatabaseProbe { kind: DatabaseKind::MySql, ..database(ask, examine) }
}

async fn examine(db: Asking) -> Result<DatabaseState, AskError> {
    match read_only_in(&db.ask(STATEMENT).await?)? {
        None => Ok(DatabaseState::Writeable),
        Some(text) => Ok(read_only_state(text, &channels(&db).await?)),
    }
}

/// Examines the replication of a server that takes writes as well.
pub(super) async fn examine_with_lag(db: Asking) -> Result<DatabaseState, AskError> {
    let read_only = read_only_in(&db.ask(STATEMENT).await?)?;
    let channels = channels(&db).await?;
    Ok(match read_only {
        None => writeable_state(&channels),
        Some(text) => read_only_state(text, &channels),
    })
}

async fn channels(db: &Asking) -> Result<Vec<Channel>, AskError> {
    let rows = match db.ask(REPLICA_STATEMENT).await {
        Err(error) if is_syntax_error(error.text()) => db.ask(SLAVE_STATEMENT).await,
        rows => rows,
    };
    match rows {
        Ok(rows) => Ok(rows.split("\n\n").filter_map(Channel::parse).collect()),
        Err(error) if error.is_exhausted() || error.is_late() => Err(error),
        // No privilege, no row.
        Err(_) => Ok(Vec::new()),
    }
}

/// Replication from one source.
#[derive(Debug, PartialEq, Eq)]
enum Channel {
    /// It runs, or tries to connect; with the lag, if it is known.
    Running(Option<Duration>),
    /// One of its threads has stopped, by an error.
    Failed(String),
    /// Both threads have stopped.
    Stopped(String),
}

impl Channel {
    /// Returns the channel that the row describes, if it does. MySQL and older servers name columns differently.
    fn parse(row: &str) -> Option<Self> {
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
        if io != "No" && sql != "No" {
            let lag = value(["Seconds_Behind_Source", "Seconds_Behind_Master"]).and_then(|lag| lag.parse().ok());
            return Some(Self::Running(lag.map(Duration::from_secs)));
        }
        let errors = ["Last_IO_Error", "Last_SQL_Error"].map(|name| value([name; 2]));
        let errors = errors.into_iter().flatten().filter(|error| !error.is_empty());
        let texts: Vec<_> = iter::once("it is a replica whose replication has stopped").chain(errors).collect();
        let text = texts.join(": ");
        Some(if io == sql { Self::Stopped(text) } else { Self::Failed(text) })
    }

    const fn lag(&self) -> Option<Duration> {
        match self {
            Self::Running(lag) => *lag,
            Self::Failed(_) | Self::Stopped(_) => None,
        }
    }
}

fn read_only_state(text: String, channels: &[Channel]) -> DatabaseState {
    let stopped = channels.iter().find_map(|channel| match channel {
        Channel::Running(_) => None,
        Channel::Failed(text) | Channel::Stopped(text) => Some(text.clone()),
    });
    match stopped {
        Some(text) => DatabaseState::Unwriteable(text),
        None if channels.is_empty() => DatabaseState::ReadOnly(text),
        None => DatabaseState::Replica { lag: largest_lag(channels.iter()) },
    }
}

/// A failover stops the replication of the new primary, and may leave its settings.
fn writeable_state(channels: &[Channel]) -> DatabaseState {
    let mut active = channels.iter().filter(|channel| !matches!(channel, Channel::Stopped(_))).peekable();
    if active.peek().is_none() {
        return DatabaseState::Writeable;
    }
    DatabaseState::WriteableReplica { lag: largest_lag(active) }
}

/// Returns the largest lag, unless one is not known.
fn largest_lag<'a>(channels: impl Iterator<Item = &'a Channel>) -> Option<Duration> {
    channels.map(Channel::lag).try_fold(Duration::ZERO, |largest, lag| Some(largest.max(lag?)))
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
    fn rows_become_channels() {
        let row = |io, sql, lag| {
            format!("Slave_IO_State: \nSlave_IO_Running: {io}\nSlave_SQL_Running: {sql}\nSeconds_Behind_Master: {lag}")
        };
        let running = |lag| Some(Channel::Running(lag));
        assert_eq!(Channel::parse(&row("Yes", "Yes", "3")), running(Some(Duration::from_secs(3))));
        assert_eq!(Channel::parse(&row("Connecting", "Yes", "")), running(None));
        assert_eq!(
            Channel::parse(&row("Yes", "Yes", "0").replace("Slave", "Replica").replace("Master", "Source")),
            running(Some(Duration::ZERO))
        );
        let stopped = || "it is a replica whose replication has stopped: Duplicate entry: 1".to_owned();
        for (io, sql, channel) in [
            ("No", "No", Channel::Stopped(stopped())),
            ("Yes", "No", Channel::Failed(stopped())),
            ("No", "Yes", Channel::Failed(stopped())),
        ] {
            let row = format!("{}\nLast_SQL_Error: Duplicate entry: 1", row(io, sql, ""));
            assert_eq!(Channel::parse(&row), Some(channel), "{io} {sql}");
        }
        let group = format!("{}\nChannel_Name: group_replication_recovery", row("No", "No", ""));
        assert_eq!(Channel::parse(&group), None);
        // The first column alone.
        assert_eq!(Channel::parse("Waiting for master to send event"), None);
        assert_eq!(Channel::parse(""), None);
    }

    #[test]
    fn channels_become_states() {
        let lag = |seconds| Channel::Running(Some(Duration::from_secs(seconds)));
        let (failed, stopped) = (|| Channel::Failed("failed".to_owned()), || Channel::Stopped("stopped".to_owned()));
        let three = Some(Duration::from_secs(3));
        let read_only = || DatabaseState::ReadOnly("read-only".to_owned());
        let unwriteable = |text: &str| DatabaseState::Unwriteable(text.to_owned());
        for (channels, when_read_only, when_writeable) in [
            (vec![], read_only(), DatabaseState::Writeable),
            (
                vec![lag(3), lag(1)],
                DatabaseState::Replica { lag: three },
                DatabaseState::WriteableReplica { lag: three },
            ),
            (
                vec![lag(3), Channel::Running(None)],
                DatabaseState::Replica { lag: None },
                DatabaseState::WriteableReplica { lag: None },
            ),
            (vec![lag(3), failed()], unwriteable("failed"), DatabaseState::WriteableReplica { lag: None }),
            (vec![stopped()], unwriteable("stopped"), DatabaseState::Writeable),
            (vec![stopped(), lag(3)], unwriteable("stopped"), DatabaseState::WriteableReplica { lag: three }),
        ] {
            assert_eq!(read_only_state("read-only".to_owned(), &channels), when_read_only, "{channels:?}");
            assert_eq!(writeable_state(&channels), when_writeable, "{channels:?}");
        }
    }
}
