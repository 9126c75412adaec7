//! Probe of a Redis or Valkey server.

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// Checks that a Redis or Valkey server answers, is a primary, and that its cluster is complete.
///
/// Name `redis`, level 2, data and statuses of [`probes::postgres`](super::postgres()), but without the lag of replicas. It is
/// asked through the program's own client, see [`ask!`](crate::ask!): `PING`, `ROLE` and `CLUSTER INFO`. A user that may not call
/// the latter two is enough: then it is not known whether the server takes writes (`is_db_writeable` is `null`).
///
/// ```ignore
/// let cache = probes::redis(health_runtime::ask!(redis: manager)).name("cache");
/// ```
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | a primary; in a cluster, `cluster_state:ok` | yes | yes | pass |
/// | a replica with its link to the primary | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | a replica without the link (`MASTERDOWN`), or a cluster that is not complete | yes | no | fail |
/// | loading its data (`LOADING`), a sentinel, no answer, no connection, wrong password | no | no | fail |
///
/// In a cluster the client chooses the node that is asked. A sentinel is asked for the primary by the client: each connection of
/// a pool of `deadpool_redis::sentinel` leads to the present primary, and the probe follows a failover as the program does.
///
/// Nothing is written, unless you ask for it by [`write_key`](DatabaseProbe::write_key). Tests run on both servers.
#[track_caller]
pub fn redis(ask: impl IntoAsk) -> DatabaseProbe {
    let probe = database(ask, examine).name("redis").level(crate::model::Level::L2);
    DatabaseProbe { kind: DatabaseKind::Redis, ..probe }
}

pub(super) async fn examine(redis: Asking) -> Result<DatabaseState, AskError> {
    match redis.ask("PING").await {
        Ok(_) => {}
        Err(error) if error.text().contains("MASTERDOWN") => return Ok(without_primary(error.text())),
        Err(error) if error.text().contains("LOADING") => return Err(error.with_step("it is loading its data")),
        Err(error) => return Err(error),
    }
    let state = match redis.ask("ROLE").await {
        Ok(role) => state_in(&role)?,
        Err(error) if is_refused(&error) => DatabaseState::Online,
        Err(error) => return Err(error),
    };
    match redis.ask("CLUSTER INFO").await {
        Ok(info) if info.contains("cluster_state:fail") => {
            Ok(DatabaseState::Unwriteable("its cluster is not complete (`cluster_state:fail`)".to_owned()))
        }
        Ok(_) => Ok(state),
        Err(error) if is_refused(&error) => Ok(state),
        Err(error) => Err(error),
    }
}

/// Returns whether the server answered that this user or this server has no such command.
fn is_refused(error: &AskError) -> bool {
    ["NOPERM", "unknown command", "cluster support disabled"].iter().any(|text| error.text().contains(text))
}

/// Returns the state in the answer to `ROLE`, one element per line.
fn state_in(role: &str) -> Result<DatabaseState, AskError> {
    let mut lines = role.lines();
    match lines.next().unwrap_or_default() {
        "master" => Ok(DatabaseState::Writeable),
        "slave" => Ok(match lines.nth(2) {
            Some("connected") => DatabaseState::Replica { lag: None },
            link => without_primary(&format!("its link is in state `{}`", link.unwrap_or_default())),
        }),
        "sentinel" => Err(AskError::new("it is a sentinel, which holds no data")),
        _ => Err(AskError::new(format!("it answered `{role}`, which Redis does not"))),
    }
}

fn without_primary(text: &str) -> DatabaseState {
    DatabaseState::Unwriteable(format!("it is a replica without its primary: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_become_states() {
        assert_eq!(state_in("master\n3129659\n"), Ok(DatabaseState::Writeable));
        let replica = state_in("slave\n127.0.0.1\n9000\nconnected\n3167038");
        assert_eq!(replica, Ok(DatabaseState::Replica { lag: None }));
        for link in ["connect", "connecting", "sync"] {
            let state = state_in(&format!("slave\n127.0.0.1\n9000\n{link}\n-1"));
            assert!(matches!(state, Ok(DatabaseState::Unwriteable(text)) if text.contains(link)), "{link}");
        }
        assert!(state_in("sentinel\nresque-master").is_err());
        assert!(state_in("").is_err());
    }
}
